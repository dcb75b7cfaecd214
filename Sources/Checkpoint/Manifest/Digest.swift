import CXXHash

/// An XXH3-128 hash, written as 32 hexadecimal digits.
package struct Digest: Sendable, Hashable, Codable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    init(_ hash: XXH128_hash_t) {
        high = hash.high64
        low = hash.low64
    }

    package init(of bytes: UnsafeRawBufferPointer) {
        self.init(reprise_xxh3_128bits(bytes.baseAddress, bytes.count))
    }

    package init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Digest(of: $0) }
    }

    package init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    package init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8
        guard digits.count == 32, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.high = high
        self.low = low
    }

    package var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hexadecimal: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a checksum has 32 hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Hashes bytes that arrive in pieces.
final class DigestStream {
    private let state: OpaquePointer

    init() throws {
        guard let state = XXH3_createState() else {
            throw CheckpointError.outOfMemory(bytes: 576, purpose: "a checksum")
        }
        self.state = state
        reset()
    }

    /// Begins anew.
    func reset() { XXH3_128bits_reset(state) }

    deinit {
        XXH3_freeState(state)
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        reprise_xxh3_128bits_update(state, bytes.baseAddress, bytes.count)
    }

    var digest: Digest { Digest(XXH3_128bits_digest(state)) }
}
