import Foundation

/// Numbers that a seed alone decides (SplitMix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Works out what a power loss may leave of a disk: what was synced, and of the rest any part.
///
/// Of a file's unsynced writes each sector (512 or 4096 bytes) is kept or lost by itself, and the length may have run
/// ahead with zeros. Of a folder's unsynced changes each is kept or lost by itself, so later ones may stand without
/// earlier ones; a rename inside a folder is one change, between two folders it is two. Syncing a file does not sync its
/// name; syncing a folder does not sync the files.
struct PowerLoss {
    private var durable: [Int: DiskModel.Node]
    private var pending: [Int: [DiskModel.Change]] = [:]

    /// Begins with a disk that was shut down properly.
    init(start: [Int: DiskModel.Node]) {
        durable = start
    }

    /// Lets the disk see one more change.
    mutating func apply(_ change: DiskModel.Change) {
        switch change {
        case .make(let node, let isFolder): durable[node] = DiskModel.Node(isFolder: isFolder)
        case .write(let node, _, _), .truncate(let node, _), .names(let node, _):
            pending[node, default: []].append(change)
        case .sync(let node, _):
            for change in pending[node] ?? [] { Self.keep(change, of: node, in: &durable) }
            pending[node] = nil
        }
    }

    /// What is left when nothing but what was synced is kept.
    var worst: [Int: DiskModel.Node] { Self.reachable(durable) }

    /// What other processes see while the power is on.
    var everything: [Int: DiskModel.Node] {
        var nodes = durable
        for (node, changes) in pending {
            for change in changes { Self.keep(change, of: node, in: &nodes) }
        }
        return Self.reachable(nodes)
    }

    /// One state that the disk may be in if the power fails now.
    func state(_ generator: inout SeededGenerator) -> [Int: DiskModel.Node] {
        var nodes = durable
        // Often most things are kept, or most are lost: both ends are where mistakes hide.
        let keeping = [0.0, 0.1, 0.5, 0.9, 1.0].randomElement(using: &generator) ?? 0.5
        func isKept(_ generator: inout SeededGenerator) -> Bool {
            Double.random(in: 0..<1, using: &generator) < keeping
        }
        for (node, changes) in pending.sorted(by: { $0.key < $1.key }) {
            let sector = Bool.random(using: &generator) ? 512 : 4096
            for change in changes {
                switch change {
                case .names: if isKept(&generator) { Self.keep(change, of: node, in: &nodes) }
                case .truncate: if isKept(&generator) { Self.keep(change, of: node, in: &nodes) }
                case .write(_, let offset, let bytes):
                    if isKept(&generator) { nodes[node]?.put([], at: offset + bytes.count) }  // the length alone
                    var start = offset
                    while start < offset + bytes.count {
                        let end = min(offset + bytes.count, (start / sector + 1) * sector)
                        if isKept(&generator) {
                            nodes[node]?.put(Array(bytes[(start - offset)..<(end - offset)]), at: start)
                        }
                        start = end
                    }
                case .make, .sync: break
                }
            }
        }
        return Self.reachable(nodes)
    }

    private static func keep(_ change: DiskModel.Change, of node: Int, in nodes: inout [Int: DiskModel.Node]) {
        switch change {
        case .write(_, let offset, let bytes): nodes[node]?.put(bytes, at: offset)
        case .truncate(_, let length):
            let bytes = nodes[node]?.bytes ?? []
            nodes[node]?.bytes =
                Array(bytes.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - bytes.count))
        case .names(_, let names):
            for (name, target) in names { nodes[node]?.entries[name] = target }
        case .make, .sync: break
        }
    }

    /// As the file system's check leaves it: what has no name is gone, and names are counted anew.
    private static func reachable(_ nodes: [Int: DiskModel.Node]) -> [Int: DiskModel.Node] {
        var found: [Int: DiskModel.Node] = [:]
        func visit(_ node: Int) {
            guard var copy = nodes[node] else { return }
            if found[node] != nil {
                found[node]?.links += 1
                return
            }
            copy.links = 1
            copy.entries = copy.entries.filter { nodes[$0.value] != nil }
            found[node] = copy
            for child in copy.entries.values.sorted() { visit(child) }
        }
        visit(0)
        return found
    }
}
