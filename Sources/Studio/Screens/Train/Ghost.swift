import Training

/// Another branch's curves, drawn behind those of the one in training: what it has of its own.
package struct Ghost: Sendable, Equatable {
    package var name: String
    package var steps: ClosedRange<Int>
    package var curves = Curves(capacity: 512)

    /// At most so many, the youngest branches first.
    static let limit = 4

    /// The branches that are not on the line in training, and on its ancestors the steps after the line left them.
    static func wanted(_ branches: [BranchSummary], inTraining name: String) -> [Ghost] {
        var ends: [String: Int] = [name: Int.max]
        var next: String? = name
        while let child = next, let place = place(branches.first { $0.name == child }?.parent),
            ends[place.branch] == nil
        {
            ends[place.branch] = place.step
            next = place.branch
        }
        let others = branches.filter { $0.name != name }.sorted {
            ($0.date ?? .distantPast, $0.name) > ($1.date ?? .distantPast, $1.name)
        }
        return others.prefix(limit).compactMap { branch in
            let start = max(place(branch.parent)?.step ?? 0, ends[branch.name] ?? 0)
            return start == Int.max ? nil : Ghost(name: branch.name, steps: start + 1...Int.max)
        }
    }

    /// Branch and step of a checkpoint's ID.
    static func place(_ id: String?) -> (branch: String, step: Int)? {
        guard let id, let slash = id.lastIndex(of: "/"), let step = Int(id[slash...].dropFirst(3)) else { return nil }
        return (String(id[..<slash]), step)
    }
}

extension StudioState {
    /// Asks for the curves of branches that came, or whose part changed.
    mutating func requestGhosts() -> [StudioEffect] {
        guard let snapshot else { return [] }
        let wanted = Ghost.wanted(snapshot.branches, inTraining: snapshot.branch)
        guard wanted.map(\.name) != train.ghosts.map(\.name) || wanted.map(\.steps) != train.ghosts.map(\.steps) else {
            return []
        }
        let known = train.ghosts
        train.ghosts = wanted.map { ghost in known.first { $0.name == ghost.name && $0.steps == ghost.steps } ?? ghost }
        return train.ghosts.filter { ghost in !known.contains { $0.name == ghost.name && $0.steps == ghost.steps } }
            .map { .loadCurves(CurveRequest(.ghost($0.name), steps: $0.steps)) }
    }
}
