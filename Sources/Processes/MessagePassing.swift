import CMPI
import Foundation
import Tensor

/// The processes that one mpirun started.
package final class MessagePassing: ProcessGroup {
    package let rank: Int
    package let count: Int
    /// How many of them run on this host.
    package let countHere: Int

    /// nil where mpirun did not start this, or started it alone.
    ///
    /// - Throws: `MessagePassingError` when MPI cannot be used.
    package static func joined(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws
        -> MessagePassing?
    {
        guard isLaunched(environment) else { return nil }
        var problem = [CChar](repeating: 0, count: 256)
        guard cmpi_start(&problem, Int32(problem.count)) == 0 else {
            let bytes = problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw MessagePassingError.unusable(String(decoding: bytes, as: UTF8.self))
        }
        return MessagePassing(countHere: Int(environment["OMPI_COMM_WORLD_LOCAL_SIZE"] ?? "") ?? 1)
    }

    /// Whether mpirun started this as one of several.
    package static func isLaunched(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        environment["OMPI_COMM_WORLD_SIZE"].map { $0 != "1" } ?? false
    }

    private init(countHere: Int) {
        (rank, count, self.countHere) = (Int(cmpi_rank()), Int(cmpi_count()), max(1, countHere))
    }

    package func gather(
        _ mine: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, sizes: [Int],
        on channel: ProcessChannel
    ) {
        let failed = cmpi_gather(
            Int32(channel.rawValue), mine.baseAddress, Int32(mine.count), all.baseAddress, sizes.map(Int32.init),
            Self.places(sizes))
        if failed != 0 { abort() }
    }

    package func exchange(
        _ mine: UnsafeRawBufferPointer, sent: [Int], into all: UnsafeMutableRawBufferPointer, received: [Int],
        on channel: ProcessChannel
    ) {
        let failed = cmpi_exchange(
            Int32(channel.rawValue), mine.baseAddress, sent.map(Int32.init), Self.places(sent), all.baseAddress,
            received.map(Int32.init), Self.places(received))
        if failed != 0 { abort() }
    }

    package func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        if cmpi_broadcast(bytes.baseAddress, Int32(bytes.count)) != 0 { abort() }
    }

    package func abort() -> Never {
        cmpi_abort(1)
        exit(1)
    }

    /// Waits until all have come this far; nothing may be sent afterwards.
    package func finish() { cmpi_finish() }

    private static func places(_ sizes: [Int]) -> [Int32] {
        var place = 0
        return sizes.map { size in
            defer { place += size }
            return Int32(place)
        }
    }
}

/// Why several processes cannot work together.
package enum MessagePassingError: Error, Sendable, CustomStringConvertible, LocalizedError {
    case unusable(String)

    package var description: String {
        switch self {
        case .unusable(let problem):
            "mpirun started this, but MPI cannot be used (\(problem)): install the Debian package openmpi-bin on every host."
        }
    }
    package var errorDescription: String? { description }
}
