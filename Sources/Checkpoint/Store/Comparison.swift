/// What sets one checkpoint apart from another.
package struct Comparison: Sendable, Equatable {
    /// One side, as its manifest tells it.
    package struct Side: Sendable, Equatable {
        package var header: ManifestHeader
        /// Bytes of each file.
        package var files: [String: Int]
    }

    /// A text that differs, e.g. `voice.toml` or `position.json`, line by line.
    package struct TextDifference: Sendable, Equatable {
        package var name: String
        package var removed: [String]
        package var added: [String]
        /// Further lines that differ and are not told one by one.
        package var more: Int
    }

    package struct TensorDifference: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// Only the second, or only the first, has it.
            case added, removed
            case shape(first: [Int], second: [Int])
            case type(first: ScalarType, second: ScalarType)
            /// The largest |second − first|; infinite when one of the two is not a number.
            case values(maximum: Double)
        }
        package var file: String
        package var name: String
        package var kind: Kind
    }

    package var first: Side
    package var second: Side
    package var texts: [TextDifference]
    package var tensors: [TensorDifference]
    /// Tensors that are the same, bit for bit.
    package var equalTensors: Int

    package var isEqual: Bool { texts.isEmpty && tensors.isEmpty }
    /// Steps from the first to the second.
    package var steps: Int { second.header.step - first.header.step }
    package var bytes: Int { second.header.bytes - first.header.bytes }
}

extension Comparison.TextDifference {
    /// Lines that are told of one text at most.
    private static let limit = 200

    /// nil for equal texts. Texts of records, one a line, are told by their number alone.
    init?(name: String, _ first: String, _ second: String) {
        guard first != second else { return nil }
        self.name = name
        let old = first.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let new = second.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // The line difference takes time that grows with the square of what differs.
        guard max(old.count, new.count) <= 5_000, !name.hasSuffix(".jsonl") else {
            (removed, added) = ([], [])
            more = max(1, abs(new.count - old.count))
            return
        }
        var removed: [String] = []
        var added: [String] = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(_, let line, _): removed.insert(line, at: 0)  // they come from the end
            case .insert(_, let line, _): added.append(line)
            }
        }
        self.removed = Array(removed.prefix(Self.limit))
        self.added = Array(added.prefix(Self.limit))
        more = removed.count + added.count - self.removed.count - self.added.count
    }
}

extension Comparison.TensorDifference.Kind {
    /// How a tensor differs; nil when it does not.
    init?(_ first: TensorImage, _ second: TensorImage) {
        if first.shape != second.shape {
            self = .shape(first: first.shape, second: second.shape)
        } else if first.type != second.type {
            self = .type(first: first.type, second: second.type)
        } else if first.bytes != second.bytes {
            self = .values(maximum: Self.maximum(first, second))
        } else {
            return nil
        }
    }

    private static func maximum(_ first: TensorImage, _ second: TensorImage) -> Double {
        switch first.type {
        case .float32: maximum(first, second, Float.self) { Double($0) }
        case .float64: maximum(first, second, Double.self) { $0 }
        case .float16: maximum(first, second, UInt16.self) { Double(Float16(bitPattern: $0)) }
        case .bfloat16: maximum(first, second, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
        case .int32: maximum(first, second, Int32.self) { Double($0) }
        case .int64: maximum(first, second, Int64.self) { Double($0) }
        case .uint8: maximum(first, second, UInt8.self) { Double($0) }
        case .int8: maximum(first, second, Int8.self) { Double($0) }
        }
    }

    private static func maximum<Scalar: BitwiseCopyable>(
        _ first: TensorImage, _ second: TensorImage, _ scalar: Scalar.Type, _ number: (Scalar) -> Double
    ) -> Double {
        let width = MemoryLayout<Scalar>.size
        var result = 0.0
        first.bytes.withUnsafeBytes { a in
            second.bytes.withUnsafeBytes { b in
                for index in 0..<min(a.count, b.count) / width {
                    let old = number(a.loadUnaligned(fromByteOffset: index * width, as: Scalar.self))
                    let new = number(b.loadUnaligned(fromByteOffset: index * width, as: Scalar.self))
                    let difference = old == new || (old.isNaN && new.isNaN) ? 0 : abs(new - old)
                    result = difference.isNaN ? .infinity : max(result, difference)
                }
            }
        }
        return result
    }
}
