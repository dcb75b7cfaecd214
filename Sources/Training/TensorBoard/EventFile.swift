import Checkpoint
import Foundation

/// A file of TensorBoard's: records of one event each, framed as TensorFlow's record files are (length, its checksum,
/// data, its checksum; CRC-32C, rotated and offset).
///
/// Events are appended and never changed, so a file that a power cut ends inside a record loses that record only.
final class EventFile {
    private let handle: FileHandle
    let url: URL

    /// Begins a new file in a folder, which is made.
    ///
    /// - Parameter restart: the step that follows. TensorBoard leaves out what earlier files of the folder have from there
    ///   on: steps that were done after the last save and lost with it.
    init(in folder: URL, restart: Int?, date: Date = Date()) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // TensorBoard takes files whose names hold "tfevents", in the order of their names.
        let seconds = String(format: "%010d", Int(date.timeIntervalSince1970))
        var number = 0
        var url: URL
        repeat {
            url = folder.appendingPathComponent(
                "events.out.tfevents.\(seconds).\(String(format: "%04d", number)).reprise")
            number += 1
        } while FileManager.default.fileExists(atPath: url.path)
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
            throw CheckpointError.unreadableFile(path: url.path, reason: "it cannot be made")
        }
        self.url = url
        handle = try FileHandle(forWritingTo: url)
        try append(BoardEvent(date: date, content: .version))
        if let restart { try append(BoardEvent(date: date, step: restart, content: .restart)) }
    }

    /// Adds one event.
    func append(_ event: BoardEvent) throws {
        let data = event.message.bytes
        var length = Data(count: 8)
        for byte in 0..<8 { length[byte] = UInt8(truncatingIfNeeded: data.count >> (8 * byte)) }
        try handle.write(contentsOf: length + Self.masked(length) + data + Self.masked(data))
    }

    func close() throws { try handle.close() }

    private static func masked(_ data: Data) -> Data {
        let checksum = CyclicChecksum.castagnoli.value(of: data)
        let masked = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        return Data((0..<4).map { UInt8(truncatingIfNeeded: masked >> (8 * $0)) })
    }
}

/// A reflected 32-bit cyclic redundancy check.
struct CyclicChecksum: Sendable {
    /// iSCSI's, RFC 3720.
    static let castagnoli = CyclicChecksum(polynomial: 0x82F6_3B78)
    /// Ethernet's, zip's and PNG's, RFC 1952.
    static let ethernet = CyclicChecksum(polynomial: 0xEDB8_8320)

    private let table: [UInt32]

    init(polynomial: UInt32) {
        table = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        }
    }

    func value(of data: some Sequence<UInt8>) -> UInt32 {
        ~data.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
