import Foundation

/// Where each tensor of a safetensors file lies.
///
/// The format (huggingface/safetensors): eight bytes with the header's length, little-endian; the header, JSON padded
/// with spaces; then the tensors without gaps. The file can hold numbers and strings only, nothing that runs.
struct SafetensorsHeader: Equatable {
    struct Entry: Equatable {
        var name: String
        var type: ScalarType
        var shape: [Int]
        /// Bytes after the header.
        var range: Range<Int>
    }

    /// In the order of their bytes.
    var entries: [Entry]
    var metadata: [String: String]

    /// Longer headers are refused before a byte of them is read; the largest preset needs a hundredth of it.
    static let lengthLimit = 32 << 20

    /// No tensor here has half as many axes.
    private static let axisLimit = 16

    var bodyLength: Int { entries.last?.range.upperBound ?? 0 }

    /// Lays the tensors of a file out one after another.
    init(of file: StateFile) {
        var offset = 0
        entries = file.tensors.map { tensor in
            defer { offset += tensor.bytes.count }
            return Entry(
                name: tensor.name, type: tensor.type, shape: tensor.shape, range: offset..<(offset + tensor.bytes.count)
            )
        }
        metadata = file.metadata
    }

    /// Length prefix and JSON, padded so that the tensors begin at a multiple of eight bytes. Equal headers are equal bytes.
    func encoded() -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        for entry in entries {
            let shape = entry.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(Self.quoted(entry.name)):{\"dtype\":\"\(entry.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)]}")
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }

    /// Reads the JSON of a header, and checks that its tensors fill `bodyLength` bytes without gap or overlap.
    init(json: [UInt8], bodyLength: Int) throws(SafetensorsDefect) {
        let members: Members
        do {
            members = try JSONDecoder().decode(Members.self, from: Data(json))
        } catch let defect as SafetensorsDefect {
            throw defect
        } catch {
            throw SafetensorsDefect(reason: "its header cannot be read (\(StateImage.reason(error)))")
        }
        metadata = members.metadata
        var entries: [Entry] = []
        for (name, raw) in members.tensors {
            entries.append(try Self.entry(name: name, raw))
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        var offset = 0
        for entry in entries {
            guard entry.range.lowerBound == offset else {
                throw SafetensorsDefect(reason: "tensor \(entry.name) does not begin where the one before it ends")
            }
            offset = entry.range.upperBound
        }
        guard offset == bodyLength else {
            throw SafetensorsDefect(
                reason: "its tensors need \(offset) bytes and the file holds \(bodyLength) after the header")
        }
        self.entries = entries
    }

    private static func entry(name: String, _ raw: RawEntry) throws(SafetensorsDefect) -> Entry {
        guard let type = ScalarType(rawValue: raw.dtype) else {
            throw SafetensorsDefect(
                reason: "tensor \(name) has the type \(raw.dtype), which is not one of "
                    + ScalarType.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard raw.offsets.count == 2, raw.offsets[0] >= 0, raw.offsets[1] >= raw.offsets[0] else {
            throw SafetensorsDefect(reason: "tensor \(name) has impossible offsets")
        }
        guard raw.shape.count <= axisLimit else {
            throw SafetensorsDefect(reason: "tensor \(name) has \(raw.shape.count) axes")
        }
        var bytes = type.width
        for extent in raw.shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw SafetensorsDefect(reason: "tensor \(name) has an impossible shape")
            }
            bytes = product
        }
        guard bytes == raw.offsets[1] - raw.offsets[0] else {
            throw SafetensorsDefect(
                reason:
                    "tensor \(name) needs \(bytes) bytes and \(raw.offsets[1] - raw.offsets[0]) are set aside for it")
        }
        return Entry(name: name, type: type, shape: raw.shape, range: raw.offsets[0]..<raw.offsets[1])
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private struct RawEntry: Decodable {
        var dtype: String
        var shape: [Int]
        var offsets: [Int]
        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    /// The header's object: tensors under any name, and strings under `__metadata__`.
    private struct Members: Decodable {
        var metadata: [String: String] = [:]
        var tensors: [(String, RawEntry)] = []

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    tensors.append((key.stringValue, try container.decode(RawEntry.self, forKey: key)))
                }
            }
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// Why bytes are not a safetensors file; reads on after the file's name.
struct SafetensorsDefect: Error, Equatable {
    var reason: String
}
