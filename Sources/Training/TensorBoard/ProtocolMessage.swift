import Foundation

/// A protocol buffer message being written, field by field (protobuf.dev, "Encoding").
///
/// The library for Swift brings its compiler along, some 600 files of C++ that every first build would wait minutes for;
/// what five messages need of it is here.
struct ProtocolMessage {
    private(set) var bytes = Data()

    private enum WireType: UInt64 {
        case variable = 0
        case eightBytes = 1
        case counted = 2
        case fourBytes = 5
    }

    mutating func add(_ field: Int, _ number: Int) {
        begin(field, .variable)
        append(UInt64(bitPattern: Int64(number)))
    }

    mutating func add(_ field: Int, _ number: Double) {
        begin(field, .eightBytes)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: Int, _ number: Float) {
        begin(field, .fourBytes)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: Int, _ data: Data) {
        begin(field, .counted)
        append(UInt64(data.count))
        bytes.append(data)
    }

    mutating func add(_ field: Int, _ text: String) { add(field, Data(text.utf8)) }

    mutating func add(_ field: Int, _ message: ProtocolMessage) { add(field, message.bytes) }

    mutating func add(_ field: Int, _ fill: (inout ProtocolMessage) -> Void) {
        var message = ProtocolMessage()
        fill(&message)
        add(field, message)
    }

    private mutating func begin(_ field: Int, _ type: WireType) { append(UInt64(field) << 3 | type.rawValue) }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
