import CKernels

/// A matrix in one of the small formats: rows of bfloat16, or of integers from −127 to 127 with a scale for each row.
///
/// Its rows lie a whole number of cache lines apart with zeros behind them, as the products of `SmallWeights` read them.
/// Written by whoever makes it and only read afterwards.
package final class PackedMatrix {
    package let format: WeightFormat
    package let rows, columns: Int
    let stride: Int
    let memory, scaleStorage, sumStorage: Storage

    /// Bytes of one number.
    package static func width(_ format: WeightFormat) -> Int {
        switch format {
        case .float32: 4
        case .bfloat16: 2
        case .int8: 1
        }
    }

    private init(rows: Int, columns: Int, format: WeightFormat) {
        precondition(format != .float32, "float32 is not packed")
        self.format = format
        self.rows = rows
        self.columns = columns
        stride = Int(ck_weights_stride(format.code, Int64(columns)))
        memory = Storage(count: (rows * stride * Self.width(format) + 3) / 4)
        (scaleStorage, sumStorage) = (Storage(count: rows), Storage(count: rows))
    }

    /// A packed copy of a weight; what stands behind the first axis makes a row.
    package convenience init(_ weight: Tensor, format: WeightFormat) {
        let rows = weight.shape.first ?? 1, columns = weight.count / max(1, rows)
        self.init(rows: rows, columns: columns, format: format)
        let from = weight.pointer
        parallelFor(rows) { row in
            ck_weights_pack_row(
                format.code, Int64(columns), from + row * columns, self.row(row), scaleStorage.pointer + row,
                sumPointer + row)
        }
    }

    /// The matrix that `bytes` and `scales` of another one describe; bfloat16 needs no scales.
    package convenience init(
        rows: Int, columns: Int, format: WeightFormat, bytes: UnsafeRawBufferPointer, scales: [Float]
    ) {
        self.init(rows: rows, columns: columns, format: format)
        let length = columns * Self.width(format)
        precondition(
            bytes.count == rows * length && (format != .int8 || scales.count == rows),
            "\(bytes.count) bytes and \(scales.count) scales do not make \(rows) rows of \(columns)")
        for r in 0..<rows {
            let row = UnsafeMutableRawBufferPointer(start: self.row(r), count: stride * Self.width(format))
            row.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[r * length..<(r + 1) * length]))
            for index in length..<row.count { row[index] = 0 }
            guard format == .int8 else { continue }
            scaleStorage.pointer[r] = scales[r]
            sumPointer[r] = row.bindMemory(to: Int8.self).reduce(0) { $0 + Int32($1) }
        }
    }

    var sumPointer: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(sumStorage.pointer).assumingMemoryBound(to: Int32.self)
    }

    private func row(_ index: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(memory.pointer) + index * stride * Self.width(format)
    }

    /// The rows without what stands behind them, little-endian.
    package var bytes: [UInt8] {
        let length = columns * Self.width(format)
        return (0..<rows).flatMap { UnsafeRawBufferPointer(start: row($0), count: length) }
    }

    /// One a row; empty for bfloat16.
    package var scales: [Float] {
        format == .int8 ? Array(UnsafeBufferPointer(start: scaleStorage.pointer, count: rows)) : []
    }

    /// Writes the numbers that this stands for into a tensor of as many.
    package func unpack(into tensor: Tensor) {
        precondition(tensor.count == rows * columns, "\(rows) × \(columns) do not fill a shape of \(tensor.shape)")
        let target = tensor.pointer
        parallelFor(rows) { r in
            let to = target + r * columns
            if format == .int8 {
                let from = row(r).assumingMemoryBound(to: Int8.self), scale = scaleStorage.pointer[r]
                for c in 0..<columns { to[c] = Float(from[c]) * scale }
            } else {
                let from = row(r).assumingMemoryBound(to: UInt16.self)
                for c in 0..<columns { to[c] = Float(bitPattern: UInt32(from[c]) << 16) }
            }
        }
    }
}
