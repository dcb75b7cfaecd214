import Foundation

/// JSON that carries the checksum of its own canonical bytes.
///
/// A sealed file is `{"checksum":"<32 digits>",` followed by the canonical JSON (sorted keys, no spaces, a line end)
/// without its first brace; the checksum is that of the canonical JSON. Any JSON tool reads it.
enum SealedJSON {
    private static let prefix = Array("{\"checksum\":\"".utf8)
    private static let infix = Array("\",".utf8)

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let canonical = Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        return prefix + Array(Digest(of: canonical).description.utf8) + infix + canonical.dropFirst()
    }

    /// Checks the checksum before anything else is believed; `name` is the file's, for the error.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], name: String) throws(SealDefect)
        -> Value
    {
        let start = prefix.count + 32 + infix.count
        guard bytes.count > start, bytes.starts(with: prefix), bytes[(prefix.count + 32)..<start].elementsEqual(infix),
            let digest = Digest(hexadecimal: String(decoding: bytes[prefix.count..<(prefix.count + 32)], as: UTF8.self))
        else { throw SealDefect(reason: "\(name) does not begin with its checksum") }
        let canonical = [UInt8(ascii: "{")] + bytes[start...]
        guard Digest(of: canonical) == digest else { throw SealDefect(reason: "\(name) does not match its checksum") }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(type, from: Data(canonical))
        } catch {
            throw SealDefect(reason: "\(name) cannot be read (\(StateImage.reason(error)))")
        }
    }
}

/// Why a sealed file may not be believed; reads on after the checkpoint's name.
struct SealDefect: Error, Equatable {
    var reason: String
}
