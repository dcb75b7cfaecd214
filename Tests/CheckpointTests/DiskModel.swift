import Checkpoint
import Foundation
import Synchronization

/// A file system in memory behind `SystemCalls`, which records every change, so that what a power loss may leave of it
/// can be worked out. Paths are absolute; there are no symbolic links.
final class DiskModel: Sendable {
    struct Node: Hashable {
        var isFolder = false
        var bytes: [UInt8] = []
        var entries: [String: Int] = [:]
        var links = 0
        /// Bytes taken though nothing was written to them.
        var allocated = 0

        var size: Int { isFolder ? 0 : max(bytes.count, allocated) }
        var blocks: Int { (size + 4095) / 4096 * 4096 + (isFolder ? 4096 : 0) }
    }

    /// One change, in the order in which they were made.
    enum Change {
        case write(node: Int, offset: Int, bytes: [UInt8])
        case truncate(node: Int, length: Int)
        /// Names of a folder that change together; nil for one that goes.
        case names(folder: Int, [String: Int?])
        case make(node: Int, isFolder: Bool)
        /// Everything of a node, or all names of a folder, became durable.
        case sync(node: Int, path: String)
    }

    struct State {
        var nodes: [Int: Node] = [0: Node(isFolder: true)]
        var nextNode = 1
        var log: [Change] = []
        var calls = 0
        var descriptors: [Int32: (node: Int, offset: Int, path: String)] = [:]
        var nextDescriptor: Int32 = 1000
        var capacity: Int?

        var used: Int { nodes.values.reduce(0) { $0 + $1.blocks } }
    }

    let state: Mutex<State>

    /// A disk with one empty folder, or as a power loss left it.
    init(nodes: [Int: Node]? = nil, capacity: Int? = nil) {
        var start = State()
        if let nodes {
            start.nodes = nodes
            start.nextNode = (nodes.keys.max() ?? 0) + 100_000  // never one that a power loss may bring back
        }
        start.capacity = capacity
        state = Mutex(start)
    }

    var nodes: [Int: Node] { state.withLock { $0.nodes } }
    var log: [Change] { state.withLock { $0.log } }
    var logCount: Int { state.withLock { $0.log.count } }

    func setCapacity(_ bytes: Int?) { state.withLock { $0.capacity = bytes } }

    /// Everything by path.
    func contents() -> [String: [UInt8]] {
        let nodes = nodes
        var contents: [String: [UInt8]] = [:]
        func visit(_ node: Int, _ path: String) {
            for (name, child) in nodes[node]?.entries ?? [:] {
                if nodes[child]?.isFolder == true {
                    visit(child, "\(path)/\(name)")
                } else {
                    contents["\(path)/\(name)"] = nodes[child]?.bytes
                }
            }
        }
        visit(0, "")
        return contents
    }

    /// Changes a file in place, unrecorded: what a bad disk does.
    func damage(_ path: String, _ body: (inout [UInt8]) -> Void) {
        state.withLock { state in
            guard let node = state.find(path) else { return }
            body(&state.nodes[node, default: Node()].bytes)
        }
    }
}

extension DiskModel.State {
    func find(_ path: String) -> Int? {
        var node = 0
        for name in path.split(separator: "/") {
            guard let next = nodes[node]?.entries[String(name)] else { return nil }
            node = next
        }
        return node
    }

    /// The folder of a path and the last name in it.
    func place(_ path: String) -> (folder: Int, name: String)? {
        let parts = path.split(separator: "/")
        guard let name = parts.last, let folder = find(parts.dropLast().joined(separator: "/")),
            nodes[folder]?.isFolder == true
        else { return nil }
        return (folder, String(name))
    }

    mutating func setName(_ folder: Int, _ names: [String: Int?]) {
        for (name, node) in names {
            if let old = nodes[folder]?.entries[name] { drop(old) }
            if let node {
                nodes[folder]?.entries[name] = node
                nodes[node]?.links += 1
            } else {
                nodes[folder]?.entries[name] = nil
            }
        }
        log.append(.names(folder: folder, names))
    }

    /// A node without a name gives its room back (its number is never used again).
    private mutating func drop(_ node: Int) {
        nodes[node]?.links -= 1
        if nodes[node]?.links == 0, !descriptors.values.contains(where: { $0.node == node }) { nodes[node] = nil }
    }

    func hasRoom(_ bytes: Int) -> Bool { capacity.map { used + bytes <= $0 } ?? true }

    func status(_ node: Int) -> Result<FileStatus, ErrorNumber> {
        guard let found = nodes[node] else { return .failure(ErrorNumber(code: ENOENT)) }
        return .success(
            FileStatus(
                identity: FileStatus.Identity(device: 1, inode: UInt64(node)), bytes: found.size,
                allocated: found.blocks, links: found.isFolder ? 2 : found.links, isFolder: found.isFolder,
                isPlain: !found.isFolder))
    }
}
