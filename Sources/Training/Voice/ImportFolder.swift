import Foundation

/// The folder an import works in: beside its destination, renamed at the end, gone without a trace on failure.
final class ImportFolder {
    let url: URL
    private let destination: URL
    /// Parents made for it, outermost first.
    private var madeParents: [String] = []
    private var isFinished = false

    /// - Throws: `VoiceError.destinationExists`, `.cannotWrite`.
    init(for destination: URL) throws {
        self.destination = destination
        guard !Self.exists(destination.path) else { throw VoiceError.destinationExists(destination.path) }
        let parent = destination.deletingLastPathComponent()
        url = parent.appendingPathComponent(
            ".\(destination.lastPathComponent).import-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
        do {
            try makeParents(parent.path)
            try Self.makeFolder(url.path)
            for name in Self.folders { try Self.makeFolder(url.appendingPathComponent(name).path) }
        } catch {
            discard()
            throw error
        }
    }

    /// Of which `finish` removes those that stayed empty.
    private static let folders = ["clips", "features"]

    /// Writes a text file that survives a power cut.
    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    /// Copies a file so that it survives a power cut.
    func copy(_ source: URL, to name: String) throws {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: source))
        } catch {
            throw VoiceError.unreadable(file: source.path, reason: TranscriptFile.reason(of: error))
        }
        try write(bytes, to: name)
    }

    private func write(_ contents: [UInt8], to name: String) throws {
        let path = url.appendingPathComponent(name).path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        var bytes = contents[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            bytes = bytes.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    }

    /// Gives the folder its name.
    /// - Throws: `VoiceError.destinationExists`, `.cannotWrite`.
    func finish() throws {
        for name in Self.folders {
            let path = url.appendingPathComponent(name).path
            if rmdir(path) != 0 { try Self.sync(path) }
        }
        try Self.sync(url.path)
        guard !Self.exists(destination.path) else { throw VoiceError.destinationExists(destination.path) }
        guard rename(url.path, destination.path) == 0 else { throw Self.failure(destination.path) }
        isFinished = true
        try Self.sync(destination.deletingLastPathComponent().path)
    }

    /// Removes everything unless `finish` succeeded.
    func discard() {
        guard !isFinished else { return }
        try? FileManager.default.removeItem(at: url)
        // Only folders made here, and only while they are empty.
        for path in madeParents.reversed() { rmdir(path) }
        madeParents = []
    }

    private func makeParents(_ path: String) throws {
        guard !path.isEmpty, !Self.exists(path) else { return }
        try makeParents((path as NSString).deletingLastPathComponent)
        try Self.makeFolder(path)
        madeParents.append(path)
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 else { throw failure(path) }
    }

    private static func exists(_ path: String) -> Bool {
        var information = stat()
        // A dangling link is something too.
        return lstat(path, &information) == 0
    }

    private static func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    private static func failure(_ path: String) -> VoiceError {
        let reason = String(cString: strerror(errno))
        return .cannotWrite(path: path, reason: reason.prefix(1).lowercased() + reason.dropFirst())
    }
}
