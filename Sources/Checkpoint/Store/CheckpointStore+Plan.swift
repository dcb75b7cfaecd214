/// What a save would take, known before anything is written.
package struct SavePlan: Sendable, Equatable {
    /// True when the step is saved already: nothing would be written.
    package var isAlreadySaved: Bool
    package var writtenFiles: [String]
    /// Unchanged since the parent, and in two physical copies already.
    package var linkedFiles: [String]
    /// Bytes of the written files, the manifest among them.
    package var bytes: Int
    /// Bytes that other files share instead of being written.
    package var linkedBytes: Int
    /// What the disk must give, in whole blocks and with room for `HEAD`.
    package var bytesOnDisk: Int
    /// Free on the disk now; nil when the system does not say.
    package var free: Int?
    /// Bytes that the reserve would give in need.
    package var reserved: Int

    /// True when the save can succeed, with the reserve if need be.
    package var fits: Bool { free.map { $0 + reserved >= bytesOnDisk } ?? true }
    package var needsReserve: Bool { free.map { $0 < bytesOnDisk } ?? false }
}

extension CheckpointStore {
    /// Free on the store's disk; nil when the system does not say.
    package func freeBytes() -> Int? { fileSystem.freeBytes(at: path) }

    /// Disk use of a save before it is spent. Reads the files it would link to; writes nothing.
    package func plan(for image: StateImage, as request: SaveRequest) throws -> SavePlan {
        let files = try prepare(image)
        guard try fileSystem.status(of: folder(request.id)) == nil else {
            return SavePlan(
                isAlreadySaved: true, writtenFiles: [], linkedFiles: files.map(\.name), bytes: 0,
                linkedBytes: files.reduce(0) { $0 + $1.bytes }, bytesOnDisk: 0,
                free: fileSystem.freeBytes(at: path), reserved: reservedBytes())
        }
        return try plan(for: files, as: request, linking: linkSources(for: files, parent: request.parent))
    }

    func plan(
        for files: [PreparedFile], as request: SaveRequest, linking sources: [String: String]
    ) throws -> SavePlan {
        let written = files.filter { sources[$0.name] == nil }
        let linked = files.filter { sources[$0.name] != nil }
        // The row is not known before the journal is synced, but it is this step's.
        let manifest = try manifest(of: files.map(\.draft), as: request, journalLastRow: request.id.step).encoded()
            .count
        let sizes = written.map(\.bytes) + [manifest]
        return SavePlan(
            isAlreadySaved: false, writtenFiles: written.map(\.name), linkedFiles: linked.map(\.name),
            bytes: sizes.reduce(0, +), linkedBytes: linked.reduce(0) { $0 + $1.bytes },
            bytesOnDisk: sizes.reduce(Self.margin) { $0 + ($1 + Self.block - 1) / Self.block * Self.block },
            free: fileSystem.freeBytes(at: path), reserved: reservedBytes())
    }

    /// The usual block of a file system.
    private static let block = 4096
    /// Folders, `HEAD`, and what a file system keeps to itself.
    private static let margin = 64 << 10
}
