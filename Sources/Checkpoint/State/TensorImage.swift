import Foundation
import Tensor

/// The number types a checkpoint may hold; raw values are the names in safetensors.
package enum ScalarType: String, Sendable, Codable, CaseIterable {
    case float32 = "F32"
    case float64 = "F64"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case int64 = "I64"
    case uint8 = "U8"
    case int8 = "I8"

    /// Bytes of one number.
    package var width: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16: 2
        case .uint8, .int8: 1
        }
    }
}

/// A Swift number type that has a `ScalarType`. Values are little-endian in memory and on disk.
package protocol TensorScalar: BitwiseCopyable, Sendable {
    static var scalarType: ScalarType { get }
}
extension Float: TensorScalar { package static var scalarType: ScalarType { .float32 } }
extension Double: TensorScalar { package static var scalarType: ScalarType { .float64 } }
extension Int32: TensorScalar { package static var scalarType: ScalarType { .int32 } }
extension Int64: TensorScalar { package static var scalarType: ScalarType { .int64 } }
extension UInt8: TensorScalar { package static var scalarType: ScalarType { .uint8 } }
extension Int8: TensorScalar { package static var scalarType: ScalarType { .int8 } }

/// A named array of numbers, copied out of whatever it came from: safe to hand to another thread.
package struct TensorImage: Sendable, Equatable {
    package let name: String
    package let type: ScalarType
    package let shape: [Int]
    /// Row-major, little-endian; `shape` product × `type.width` of them.
    package let bytes: [UInt8]

    /// For readers, which have checked that the bytes fill the shape.
    package init(name: String, type: ScalarType, shape: [Int], bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    /// A copy of a tensor's numbers.
    package init(name: String, _ tensor: Tensor) {
        self.init(
            name: name, type: .float32, shape: tensor.shape,
            bytes: Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4)))
    }

    /// Numbers in row-major order; `shape` nil makes one axis of them.
    package init<Scalar: TensorScalar>(name: String, _ values: [Scalar], shape: [Int]? = nil) {
        let shape = shape ?? [values.count]
        precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill a shape of \(shape)")
        self.init(
            name: name, type: Scalar.scalarType, shape: shape, bytes: values.withUnsafeBytes { Array($0) })
    }

    package var count: Int { shape.reduce(1, *) }

    /// The numbers in row-major order; throws when they are of another type.
    package func values<Scalar: TensorScalar>(as scalar: Scalar.Type = Scalar.self) throws -> [Scalar] {
        guard type == Scalar.scalarType else {
            throw CheckpointError.unexpectedTensor(
                name: name, found: "\(type.rawValue)", wanted: "\(Scalar.scalarType.rawValue)")
        }
        return [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            filled = count
        }
    }

    /// A new tensor with these numbers; throws when they are not float32.
    package func tensor() throws -> Tensor {
        let tensor = Tensor(uninitialized: shape)
        try copy(into: tensor)
        return tensor
    }

    /// The numbers of any floating-point type as float32, for weights that others saved; throws for integers.
    package func floats() throws -> [Float] {
        switch type {
        case .float32: return try values(as: Float.self)
        case .float64: return try values(as: Double.self).map(Float.init)
        case .float16, .bfloat16:
            let isBrain = type == .bfloat16
            return (0..<count).map { index in
                let bits = UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8
                return isBrain ? Float(bitPattern: UInt32(bits) << 16) : Float(Float16(bitPattern: bits))
            }
        case .int32, .int64, .uint8, .int8:
            throw CheckpointError.unexpectedTensor(name: name, found: type.rawValue, wanted: "floating-point numbers")
        }
    }

    /// Overwrites a tensor of the same shape; throws when shape or type differ.
    package func copy(into tensor: Tensor) throws {
        guard type == .float32, shape == tensor.shape else {
            throw CheckpointError.unexpectedTensor(
                name: name, found: "\(type.rawValue) \(shape)", wanted: "F32 \(tensor.shape)")
        }
        UnsafeMutableRawBufferPointer(start: tensor.pointer, count: bytes.count).copyBytes(from: bytes)
    }
}
