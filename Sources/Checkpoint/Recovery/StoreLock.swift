import Foundation
import Synchronization

/// Says that this process, and no other, trains a voice.
///
/// The kernel holds the lock (`flock`) and drops it with the process, however that ends; the file only tells others who
/// holds it. Released when this value goes, or by `release`.
package final class StoreLock: Sendable {
    /// Who holds or held a lock.
    package struct Owner: Sendable, Codable, Equatable {
        package var process: Int32
        package var host: String
        package var date: Date
        /// When the process began, in clock ticks since the machine did: another one may get its number later.
        package var started: Int?

        package var description: String { "process \(process) on \(host), since \(date.formatted(.iso8601))" }
    }

    package let url: URL
    /// Set when the last owner ended without letting go: one sentence to show.
    package let takenOver: String?
    private let descriptor: Int32
    private let fileSystem: FileSystem
    private let isReleased = Atomic(false)

    /// Takes the lock at a path, e.g. `VOICE/.lock`; throws `.locked` with its owner when another process holds it.
    package init(url: URL, fileSystem: FileSystem = FileSystem()) throws {
        let path = url.path
        let descriptor = try fileSystem.open(path, O_RDWR | O_CREAT)
        do {
            try fileSystem.check("lock", path) { flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : -Int(errno) }
        } catch let error as FileSystemError where error.code == EWOULDBLOCK {
            fileSystem.close(descriptor)
            let owner = Self.owner(url, fileSystem)?.description ?? "its owner did not leave a name"
            throw CheckpointError.locked(path: path, owner: owner)
        } catch {
            fileSystem.close(descriptor)
            throw error
        }
        self.url = url
        self.descriptor = descriptor
        self.fileSystem = fileSystem
        takenOver = Self.owner(url, fileSystem).map {
            "the lock of \($0.description) was taken over: that reprise ended without closing the voice"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.dateEncodingStrategy = .iso8601
        let owner = Owner(
            process: getpid(), host: ProcessInfo.processInfo.hostName, date: Date(), started: Self.started(getpid()))
        let bytes = Array(try encoder.encode(owner)) + [UInt8(ascii: "\n")]
        try fileSystem.check("truncate", path) { fileSystem.calls.ftruncate(descriptor, 0) }
        let writer = FileWriter(fileSystem: fileSystem, descriptor: descriptor, path: path)
        try bytes.withUnsafeBytes { try writer.append($0) }
        try writer.flush()
    }

    deinit { release() }

    /// Lets go before the value does: a program that ends does not destroy its values.
    package func release() {
        guard isReleased.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        // An empty file says that nobody was surprised. It is not removed: another process may be about to lock it.
        _ = fileSystem.calls.ftruncate(descriptor, 0)
        // Said, not left to closing: a program that is being started holds copies of all descriptors until it runs.
        flock(descriptor, LOCK_UN)
        fileSystem.close(descriptor)
    }

    /// Who holds the lock at a path; nil when nobody does. It only looks: trying the lock here could make a writer that
    /// tries it at this moment believe that it is taken.
    package static func holder(of url: URL, fileSystem: FileSystem = FileSystem()) -> Owner? {
        guard let owner = owner(url, fileSystem) else { return nil }
        guard owner.host == ProcessInfo.processInfo.hostName else { return owner }
        guard kill(owner.process, 0) == 0 || errno == EPERM else { return nil }
        guard let then = owner.started, let now = started(owner.process) else { return owner }
        return then == now ? owner : nil
    }

    /// The start time of a process, nil when there is none or the system does not tell.
    private static func started(_ process: Int32) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // "PID (name, which may hold anything) state …": the 22nd field, the 20th after the name.
        let fields = status?.split(separator: ")").last?.split(separator: " ")
        return fields.flatMap { $0.count > 19 ? Int($0[19]) : nil }
    }

    private static func owner(_ url: URL, _ fileSystem: FileSystem) -> Owner? {
        guard let bytes = try? fileSystem.contents(of: url.path, limit: 4096) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try? decoder.decode(Owner.self, from: Data(bytes))
    }
}
