/// An n-dimensional array of float32 in row-major order and, when a gradient is wanted, its place on the tape.
///
/// Operators never write into their inputs; reshaping shares storage. Axis letters used throughout:
/// B batch, C channels, T frames, S tokens, N samples, L symbols, H heads, D width of a head.
package final class Tensor {
    package let shape: [Int]
    package internal(set) var storage: Storage
    /// Where this begins in its storage, which it may share with others.
    @usableFromInline let offset: Int
    /// True for a trainable leaf and for every result that depends on one.
    package var requiresGradient: Bool
    /// d loss / d self after `backward`, for leaves only; nil when nothing has flowed here.
    package var gradient: Tensor?
    /// How this was computed; nil for leaves and where no input wants a gradient.
    var node: GradientNode?

    package init(shape: [Int], storage: Storage, offset: Int = 0, requiresGradient: Bool = false) {
        assert(offset + shape.reduce(1, *) <= storage.count)
        self.shape = shape
        self.storage = storage
        self.offset = offset
        self.requiresGradient = requiresGradient
    }

    /// Uninitialised memory of a shape: for operators that write all of it.
    package convenience init(uninitialized shape: [Int]) {
        self.init(shape: shape, storage: Storage(count: shape.reduce(1, *)))
    }

    package convenience init(_ values: [Float], shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill a shape of \(shape)")
        self.init(uninitialized: shape)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: values.count) }
        }
    }

    package convenience init(repeating value: Float, shape: [Int]) {
        self.init(uninitialized: shape)
        let start = pointer
        parallelPieces(of: count) { (start + $0).update(repeating: value, count: $1) }
    }

    package static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }
    package static func scalar(_ value: Float) -> Tensor { Tensor([value], shape: []) }

    package var count: Int { shape.reduce(1, *) }
    package var rank: Int { shape.count }
    @inlinable package var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

    /// A copy of the numbers, in row-major order.
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// The only number of a one-element tensor.
    package var item: Float {
        precondition(count == 1, "item needs one element, this has a shape of \(shape)")
        return pointer[0]
    }

    /// The same memory under another shape of as many elements, cut off from the tape.
    func viewed(as shape: [Int]) -> Tensor { Tensor(shape: shape, storage: storage, offset: offset) }

    /// Items `range` of the first axis, in the same memory and cut off from the tape.
    package func items(_ range: Range<Int>) -> Tensor {
        precondition(rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "no items \(range) in \(shape)")
        let item = shape.dropFirst().reduce(1, *)
        return Tensor(
            shape: [range.count] + shape.dropFirst(), storage: storage, offset: offset + range.lowerBound * item)
    }

    /// The same numbers, cut off from the tape.
    package func detached() -> Tensor { viewed(as: shape) }

    /// A leaf with its own memory.
    package func copied() -> Tensor {
        let copy = Tensor(uninitialized: shape)
        copy.pointer.update(from: pointer, count: count)
        return copy
    }
}
