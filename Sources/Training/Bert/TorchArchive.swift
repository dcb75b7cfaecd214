import Checkpoint
import Foundation

/// Weights that PyTorch saved with `torch.save`: a dictionary of names and tensors, in its zip form (1.6 and later) or
/// the form before it. Read as data; no code in it is run.
struct TorchArchive {
    /// Throws one sentence that names the file and what is wrong.
    static func read(_ url: URL) throws -> [TensorImage] {
        do {
            let data = try Data(contentsOf: url, options: .alwaysMapped)
            return data.starts(with: [0x50, 0x4B, 0x03, 0x04])
                ? try zipped(data) : try plain(data)
        } catch let defect as PickleReader.Defect {
            throw CheckpointError.unreadableFile(path: url.path, reason: defect.reason)
        }
    }

    // MARK: Forms

    /// One pickle of the dictionary, and one entry of raw numbers for each storage.
    private static func zipped(_ data: Data) throws -> [TensorImage] {
        let entries = try StoredZip(data).entries
        guard let (name, range) = entries.first(where: { $0.key.hasSuffix("/data.pkl") }) else {
            throw PickleReader.Defect(reason: "it is a zip file without data.pkl, so not PyTorch's")
        }
        let folder = name.dropLast("data.pkl".count)
        var reader = PickleReader(data[range])
        return try tensors(of: try reader.next()) { key in
            guard let range = entries[folder + "data/" + key] else {
                throw PickleReader.Defect(reason: "it lacks the numbers \(key)")
            }
            return data[range]
        }
    }

    /// Four pickles (magic number, protocol, machine, dictionary), the keys of the storages in one more, and then each
    /// storage's count and numbers.
    private static func plain(_ data: Data) throws -> [TensorImage] {
        var reader = PickleReader(data)
        guard case .bytes(let magic) = try reader.next(),
            magic == [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        else { throw PickleReader.Defect(reason: "it is not a file of PyTorch's") }
        _ = try reader.next()
        _ = try reader.next()
        let contents = try reader.next()
        guard case .list(let keys) = try reader.next() else {
            throw PickleReader.Defect(reason: "its list of storages is missing")
        }
        var widths: [String: Int] = [:]
        for storage in storages(in: contents) { widths[storage.key] = storage.type.width }
        var storages: [String: Data] = [:]
        var position = reader.position
        for case .text(let key) in keys {
            guard data.count - position >= 8 else { throw PickleReader.Defect(reason: "it ends too early") }
            let start = data.startIndex + position
            let count = data[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            position += 8
            guard let width = widths[key], count <= UInt64((data.count - position) / width) else {
                throw PickleReader.Defect(reason: "it ends inside the numbers \(key)")
            }
            storages[key] = data[data.startIndex + position..<data.startIndex + position + Int(count) * width]
            position += Int(count) * width
        }
        return try tensors(of: contents) { key in
            guard let found = storages[key] else { throw PickleReader.Defect(reason: "it lacks the numbers \(key)") }
            return found
        }
    }

    // MARK: Tensors

    private struct StorageReference {
        var type: ScalarType
        var key: String
    }

    private static func storage(_ value: PickleValue) -> StorageReference? {
        guard case .persistent(.tuple(let parts)) = value, parts.count >= 3, case .global(let name) = parts[1],
            case .text(let key) = parts[2]
        else { return nil }
        let types: [String: ScalarType] = [
            "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
            "torch.BFloat16Storage": .bfloat16, "torch.IntStorage": .int32, "torch.LongStorage": .int64,
            "torch.ByteStorage": .uint8, "torch.BoolStorage": .uint8,
        ]
        return types[name].map { StorageReference(type: $0, key: key) }
    }

    private static func storages(in value: PickleValue) -> [StorageReference] {
        switch value {
        case .persistent: storage(value).map { [$0] } ?? []
        case .tuple(let values), .list(let values), .reduced(_, let values): values.flatMap { storages(in: $0) }
        case .dictionary(let entries): entries.flatMap { storages(in: $0.value) }
        default: []
        }
    }

    private static func tensors(of value: PickleValue, numbers: (String) throws -> Data) throws -> [TensorImage] {
        guard case .dictionary(let entries) = value else {
            throw PickleReader.Defect(reason: "it holds no dictionary of weights")
        }
        return try entries.compactMap { entry in
            guard case .text(let name) = entry.key else { return nil }
            return try tensor(name, entry.value, numbers)
        }
    }

    /// nil for what is no tensor.
    private static func tensor(
        _ name: String, _ value: PickleValue, _ numbers: (String) throws -> Data
    ) throws -> TensorImage? {
        guard case .reduced(let function, let arguments) = value else { return nil }
        if function == "torch._utils._rebuild_parameter", let first = arguments.first {
            return try tensor(name, first, numbers)
        }
        guard function == "torch._utils._rebuild_tensor_v2", arguments.count >= 4,
            let storage = storage(arguments[0]), case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count
        else { return nil }
        let data = try numbers(storage.key)
        let available = data.count / storage.type.width
        var count = 1
        var last = offset
        for (length, stride) in zip(shape, strides) {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            let (reach, tooFar) = stride.multipliedReportingOverflow(by: max(0, length - 1))
            guard length >= 0, stride >= 0, !overflow, !tooFar, reach <= available else {
                throw PickleReader.Defect(reason: "\(name) has an impossible shape")
            }
            count = product
            last += reach
        }
        guard offset >= 0, count <= available, count == 0 || last < available else {
            throw PickleReader.Defect(reason: "\(name) reaches beyond its numbers")
        }
        let width = storage.type.width
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * width)
        // Rows of the last axis that stand together are copied at once.
        let contiguous = strides.last ?? 1 == 1
        let run = contiguous ? (shape.last ?? 1) : 1
        for row in 0..<(run > 0 ? count / run : 0) {
            var rest = row
            var place = offset
            for axis in (0..<(contiguous ? max(0, shape.count - 1) : shape.count)).reversed() {
                place += rest % shape[axis] * strides[axis]
                rest /= shape[axis]
            }
            let start = data.startIndex + place * width
            bytes.append(contentsOf: data[start..<start + run * width])
        }
        return TensorImage(name: name, type: storage.type, shape: shape, bytes: bytes)
    }

    private static func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let values) = value else { return nil }
        var result: [Int] = []
        for case .integer(let number) in values { result.append(number) }
        return result.count == values.count ? result : nil
    }
}
