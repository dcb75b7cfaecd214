import Foundation
import Synchronization

/// The checkpoints of one voice: `checkpoints/<branch>/g_0023000`, with `HEAD` naming where training stands.
///
/// A checkpoint appears whole or not at all, and nothing in it is changed afterwards. One process opens a store for
/// writing (see `StoreLock`); any number may read it meanwhile. Calls block on the disk; those that write take turns.
package final class CheckpointStore: Sendable {
    package enum Access: Sendable {
        /// Makes the folder when it is missing and removes what a crash left half written.
        case write
        /// Changes nothing.
        case readOnly
    }

    package let directory: URL
    package let access: Access
    let fileSystem: FileSystem
    /// `directory` as a path.
    let path: String
    /// Held by everything that writes.
    let writing = NSLock()
    /// Size of the reserve file to keep, 0 for none.
    let reserveBytes = Mutex(0)
    /// Of the newest save: the next one is compared with it.
    let lastManifest = Mutex<Manifest?>(nil)
    private let outlines = Mutex<[CheckpointID: (status: FileStatus, outline: ManifestOutline)]>([:])

    /// Opens `VOICE/checkpoints`. With `write`, the voice's folder must exist and be locked by the caller.
    package init(directory: URL, access: Access = .write, fileSystem: FileSystem = FileSystem()) throws {
        self.directory = directory
        self.access = access
        self.fileSystem = fileSystem
        path = directory.standardizedFileURL.path
        guard access == .write else { return }
        if try fileSystem.status(of: path) == nil {
            try fileSystem.makeFolder(path)
            try fileSystem.syncFolder((path as NSString).deletingLastPathComponent)
        }
        try clearUp()
    }

    // MARK: Places

    func folder(_ branch: String) -> String { "\(path)/\(branch)" }
    func folder(_ id: CheckpointID) -> String { "\(path)/\(id.branch)/\(id.folder)" }
    func place(_ id: CheckpointID, _ file: String) -> String { "\(folder(id))/\(file)" }

    /// A name in a folder that a writer removes when it opens the store.
    func temporary(_ name: String, in folder: String) -> String {
        "\(folder)/\(FileSystem.temporaryPrefix)\(name)-\(getpid())"
    }

    static let deletingPrefix = ".deleting-"

    /// Files beside those of the manifest that a checkpoint's folder may hold.
    static let ownNames: Set<String> = [Manifest.fileName, pinName, labelName]

    /// Clears up after a process that was killed: half-written checkpoints and files and half-finished deletions go, marks it
    /// made stay.
    private func clearUp() throws {
        var folders = [path]
        for branch in try branchNames() {
            folders.append(folder(branch))
            folders += try ids(branch: branch).map { folder($0) }
        }
        for folder in folders {
            let names = try fileSystem.names(in: folder)
            for name in names where name.hasPrefix(FileSystem.temporaryPrefix) || name.hasPrefix(Self.deletingPrefix) {
                try fileSystem.discard("\(folder)/\(name)")
            }
            // A pin or a label that is shown from now on is relied on, also where the process that made it was killed before
            // it was durable. On a disk that takes nothing now it is no worse than it was.
            if names.contains(Self.pinName) || names.contains(Self.labelName) { try? fileSystem.syncFolder(folder) }
        }
    }

    // MARK: Changing

    /// Runs one change of the store, alone; puts what the disk says into words that tell what is needed.
    func change<Outcome>(needing bytes: Int = 64 << 10, _ body: () throws -> Outcome) throws -> Outcome {
        guard access == .write else { throw CheckpointError.readOnlyStore(directory: path) }
        return try writing.withLock { try withReserve(bytes, body).outcome }
    }

    // MARK: Listing

    /// The branches' folders, sorted.
    package func branchNames() throws -> [String] {
        try fileSystem.names(in: path).filter {
            try CheckpointID.isValidBranch($0) && (try fileSystem.isFolder(folder($0)))
        }
    }

    /// The IDs of a branch's checkpoints by step, sound or not.
    package func ids(branch: String) throws -> [CheckpointID] {
        try fileSystem.names(in: folder(branch)).compactMap { name in
            CheckpointID.step(folder: name).map { CheckpointID(branch: branch, step: $0) }
        }.sorted()
    }

    /// All checkpoints, the oldest save first. Reads manifests only, and those once; one whose manifest cannot be
    /// believed comes first, with its defect.
    package func list() throws -> [CheckpointListing] {
        let head = try? readHead()
        var listings: [CheckpointListing] = []
        for branch in try branchNames() {
            for id in try ids(branch: branch) {
                var listing = CheckpointListing(
                    id: id, header: nil, defect: nil, isPinned: isPinned(id), isHead: head?.checkpoint == id, tags: [],
                    note: nil)
                do {
                    listing.header = try outline(id).header
                } catch CheckpointError.notFound {
                    continue  // pruned while this was looking
                } catch {
                    listing.defect = Self.sentence(error, about: id)
                }
                do {
                    let label = try label(of: id)
                    (listing.tags, listing.note) = (label.tags, label.note)
                } catch {
                    listing.hasLostLabel = true
                }
                listings.append(listing)
            }
        }
        return listings.sorted { ($0.header?.sequence ?? 0, $0.id) < ($1.header?.sequence ?? 0, $1.id) }
    }

    /// The manifest's header, checked against its own checksum; the files are not read.
    package func header(_ id: CheckpointID) throws -> ManifestHeader { try outline(id).header }

    /// The whole manifest, checked against its own checksum; the files are not read.
    package func manifest(_ id: CheckpointID) throws -> Manifest {
        try readManifest(Manifest.self, id) { ($0.header, $0.files.map { ($0.name, $0.bytes) }) }
    }

    func outline(_ id: CheckpointID) throws -> ManifestOutline {
        let status = try fileSystem.status(of: place(id, Manifest.fileName))
        if let status, let known = outlines.withLock({ $0[id] }), known.status == status { return known.outline }
        let outline = try readManifest(ManifestOutline.self, id) { ($0.header, $0.files.map { ($0.name, $0.bytes) }) }
        if let status { outlines.withLock { $0[id] = (status, outline) } }
        return outline
    }

    private func readManifest<Part: Decodable>(
        _ type: Part.Type, _ id: CheckpointID, figures: (Part) -> (ManifestHeader, [(name: String, bytes: Int)])
    ) throws -> Part {
        let folder = folder(id)
        do {
            let bytes = try fileSystem.contents(of: "\(folder)/\(Manifest.fileName)", limit: Manifest.lengthLimit)
            let part = try Manifest.decode(type, from: bytes)
            let (header, files) = figures(part)
            guard header.id == id else { throw SealDefect(reason: "\(Manifest.fileName) is that of \(header.id)") }
            try Manifest.check(header, files: files)
            return part
        } catch let defect as SealDefect {
            throw CheckpointError.damaged(id: id, defects: [defect.reason])
        } catch let error as FileSystemError where error.isNotFound {
            if try fileSystem.status(of: folder) == nil { throw CheckpointError.notFound(id: id) }
            throw CheckpointError.damaged(id: id, defects: ["\(Manifest.fileName) is missing"])
        } catch let error as FileSystemError where error.code == EIO {
            throw CheckpointError.damaged(
                id: id, defects: ["\(Manifest.fileName) cannot be read: the disk reports an error"])
        } catch let error as FileSystemError where error.code == EFBIG {
            throw CheckpointError.damaged(id: id, defects: ["\(Manifest.fileName) is longer than any manifest"])
        }
    }

    /// What an error says of a checkpoint, without repeating its name.
    static func sentence(_ error: any Error, about id: CheckpointID) -> String {
        if case CheckpointError.damaged(id, let defects) = error { return defects.joined(separator: "; ") }
        return "\(error)"
    }
}

/// One line of a history.
package struct CheckpointListing: Sendable, Equatable {
    package var id: CheckpointID
    /// nil when the manifest cannot be believed; `defect` then says why.
    package var header: ManifestHeader?
    package var defect: String?
    package var isPinned: Bool
    package var isHead: Bool
    package var tags: [String]
    package var note: String?
    /// True when its tags and note cannot be read; it is then kept as if it had some.
    package var hasLostLabel = false
}
