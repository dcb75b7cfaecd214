import TerminalKit
import Training

/// The checkpoints as a tree of lines, in the order they are listed: the newest of a line first, and the lines that were
/// left above the checkpoint they left from. The way to the present is the leftmost line.
///
/// It is computed when the checkpoints change, never for a picture.
package struct CheckpointTree: Sendable, Equatable {
    /// Where a checkpoint stands in the tree.
    package struct Place: Sendable, Equatable {
        /// Lines to its left that pass by it.
        package var depth: Int
        /// True for the oldest checkpoint of a line that left another one.
        package var leaves: Bool
        /// The one it grew from, and the next one on its way; by number in `checkpoints`.
        package var older: Int?
        package var newer: Int?
    }

    /// In the order of the list.
    package private(set) var checkpoints: [CheckpointSummary] = []
    /// One for each checkpoint.
    package private(set) var places: [Place] = []
    /// The checkpoint that the present grew from.
    package private(set) var head: Int?
    /// The one with the lowest held-out mel distance, where at least two were measured.
    package private(set) var best: Int?
    package private(set) var branchCount = 0
    package private(set) var deepest = 0
    /// Columns of the longest step.
    package private(set) var stepDigits = 1
    /// Columns of the longest branch's name.
    package private(set) var branchColumns = 0
    /// Losses that some checkpoint has.
    package private(set) var measured: Set<Metric> = []
    /// Figures to choose by that some checkpoint has.
    package private(set) var figures: Set<CheckpointFigure> = []
    /// The branches that begin at a checkpoint.
    package private(set) var beginnings: [String: [String]] = [:]
    private var numbers: [String: Int] = [:]
    private var source: [CheckpointSummary] = []
    private var branches: [BranchSummary] = []
    private var present = ""

    package init() {}

    package func number(of id: String) -> Int? { numbers[id] }

    /// From the newest checkpoint of a branch back to the first of all.
    package func line(of branch: String) -> [Int] {
        var line: [Int] = []
        var next = checkpoints.indices.filter { checkpoints[$0].branch == branch }
            .max { checkpoints[$0].step < checkpoints[$1].step }
        while let number = next {
            line.append(number)
            next = places[number].older
        }
        return line
    }

    /// True when it was made from this already; quick while the trainer sends the same list again.
    func shows(_ source: [CheckpointSummary], _ branches: [BranchSummary], present: String) -> Bool {
        self.present == present && self.source == source && self.branches == branches
    }

    /// - Parameter present: the branch that is being trained.
    package init(_ source: [CheckpointSummary], branches: [BranchSummary], present: String) {
        self.source = source
        self.branches = branches
        self.present = present
        var family = Family(source, branches)
        let head = family.newest(onLineOf: present, through: .max)
        family.bindWay(to: head)
        checkpoints.reserveCapacity(source.count)
        places.reserveCapacity(source.count)
        var order: [Int] = []
        order.reserveCapacity(source.count)
        for root in family.roots { list(root, in: family, depth: 0, into: &order) }
        var number = [Int](repeating: 0, count: source.count)
        for (place, node) in order.enumerated() {
            number[node] = place
            checkpoints.append(source[node])
            numbers[source[node].id] = place
        }
        for (place, node) in order.enumerated() {
            places[place].older = family.parent[node].map { number[$0] }
            places[place].newer = family.next[node].map { number[$0] }
        }
        self.head = head.map { number[$0] }
        branchCount = Set(source.map(\.branch)).union(branches.map(\.name)).count
        deepest = places.map(\.depth).max() ?? 0
        branchColumns = Set(source.map(\.branch)).map { CharacterWidth.columns(of: $0) }.max() ?? 0
        for checkpoint in source { measured.formUnion(checkpoint.losses.keys) }
        figures = Set(CheckpointFigure.allCases.filter { figure in source.contains { $0.figure(figure) != nil } })
        stepDigits = source.map { String($0.step).count }.max() ?? 1
        for branch in branches { if let parent = branch.parent { beginnings[parent, default: []].append(branch.name) } }
        let heldOut = checkpoints.indices.filter { checkpoints[$0].figure(.mel)?.isFinite == true }
        if heldOut.count > 1 {
            best = heldOut.min { CheckpointSummary.isBetter(checkpoints[$0], checkpoints[$1], by: .mel) }
        }
    }

    /// A line from its newest checkpoint to `start`, each after the lines that left there.
    private mutating func list(_ start: Int, in family: Family, depth: Int, into order: inout [Int]) {
        var line = [start]
        while let last = line.last, let next = family.next[last] { line.append(next) }
        for node in line.reversed() {
            for side in family.sides(of: node) { list(side, in: family, depth: depth + 1, into: &order) }
            order.append(node)
            places.append(Place(depth: depth, leaves: node == start && depth > 0))
        }
    }
}

/// Who grew from whom; checkpoints by their number in the trainer's list.
private struct Family {
    private(set) var parent: [Int?]
    /// The one that goes on the same line in the list.
    private(set) var next: [Int?]
    private var children: [[Int]]
    /// Of the newest that grew from it.
    private var latest: [Double]
    private let nodes: [CheckpointSummary]
    private var byBranch: [String: [Int]]
    private let parents: [String: String]

    init(_ nodes: [CheckpointSummary], _ branches: [BranchSummary]) {
        self.nodes = nodes
        byBranch = Dictionary(grouping: nodes.indices) { nodes[$0].branch }
        for name in byBranch.keys { byBranch[name]?.sort { nodes[$0].step < nodes[$1].step } }
        var parents: [String: String] = [:]
        for branch in branches { parents[branch.name] = branch.parent }
        self.parents = parents
        parent = Array(repeating: nil, count: nodes.count)
        next = parent
        children = Array(repeating: [], count: nodes.count)
        latest = nodes.map(\.date.timeIntervalSince1970)
        for line in byBranch.values {
            for (older, newer) in zip(line, line.dropFirst()) { parent[newer] = older }
            if let first = line.first { parent[first] = origin(ofBranch: nodes[first].branch, first: first) }
        }
        // A store may say anything: whoever is not reached from a beginning begins a line.
        var order: [Int] = []
        var isReached = Array(repeating: false, count: nodes.count)
        for index in nodes.indices { if let older = parent[index] { children[older].append(index) } }
        func reach(_ start: Int) {
            var open = [start]
            while let node = open.popLast() {
                if isReached[node] { continue }
                isReached[node] = true
                order.append(node)
                open += children[node]
            }
        }
        for index in nodes.indices where parent[index] == nil { reach(index) }
        for index in nodes.indices where !isReached[index] {
            if let older = parent[index] { children[older].removeAll { $0 == index } }
            parent[index] = nil
            reach(index)
        }
        for index in order.reversed() {
            next[index] =
                children[index].first { nodes[$0].branch == nodes[index].branch }
                ?? children[index].max { latest[$0] < latest[$1] }
            if let older = parent[index] { latest[older] = max(latest[older], latest[index]) }
        }
    }

    /// Beginnings, the one that leads to the present first.
    var roots: [Int] { nodes.indices.filter { parent[$0] == nil }.sorted { rank($0) > rank($1) } }

    private func rank(_ root: Int) -> Double { root == wayRoot ? .infinity : latest[root] }
    private var wayRoot: Int?

    /// Lines that left at a node, the one with the newest checkpoint first.
    func sides(of node: Int) -> [Int] {
        children[node].filter { $0 != next[node] }.sorted { latest[$0] > latest[$1] }
    }

    /// Makes the way to the present one line that ends there.
    mutating func bindWay(to head: Int?) {
        guard var node = head else { return }
        next[node] = nil
        while let older = parent[node] {
            next[older] = node
            node = older
        }
        wayRoot = node
    }

    /// The newest checkpoint of a line up to a step; nil when there is none any more.
    func newest(onLineOf branch: String, through limit: Int) -> Int? {
        var (name, limit) = (branch, limit)
        var seen: Set<String> = []
        while seen.insert(name).inserted {
            if let found = byBranch[name]?.last(where: { nodes[$0].step <= limit }) { return found }
            guard let origin = parents[name].flatMap(Self.split) else { return nil }
            (name, limit) = (origin.branch, min(limit, origin.step))
        }
        return nil
    }

    /// What a branch's first checkpoint grew from: where the branch begins, or the nearest before it that is still there.
    private func origin(ofBranch name: String, first: Int) -> Int? {
        guard let origin = (parents[name] ?? nodes[first].parent).flatMap(Self.split), origin.branch != name else {
            return nil
        }
        return newest(onLineOf: origin.branch, through: origin.step)
    }

    /// `branch/g_0000120` in its two parts.
    private static func split(_ id: String) -> (branch: String, step: Int)? {
        guard let slash = id.lastIndex(of: "/"), let step = Int(id[id.index(after: slash)...].dropFirst(2)) else {
            return nil
        }
        return (String(id[..<slash]), step)
    }
}
