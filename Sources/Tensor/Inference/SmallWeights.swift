import CKernels

/// How inference keeps a matrix. Smaller weights decode faster, as memory sets the pace, and agree less.
package enum WeightFormat: String, Sendable, CaseIterable {
    /// The trained numbers themselves.
    case float32
    /// Their upper halves, rounded to nearest even.
    case bfloat16
    /// Integers from −127 to 127 with a scale for each row; a product's input gets one scale of its own.
    case int8

    var code: ck_weight_format {
        switch self {
        case .float32: CK_FLOAT32
        case .bfloat16: CK_BFLOAT16
        case .int8: CK_INT8
        }
    }
}

/// A matrix [O, I] and its bias, for products with one row at a time.
///
/// In float32 it reads the tensors as they are, and later changes of them show; the small formats hold a packed copy of
/// the matrix. Biases stay float32.
package final class SmallWeights {
    package let format: WeightFormat
    let description: ck_weights
    /// Keeps alive what `description` points to.
    private let weight: Tensor?, bias: Tensor?, packed: PackedMatrix?

    /// The best instruction set of this machine: 0 portable, 1 AVX2, 2 AVX-512, 3 AVX-512 with VNNI.
    package static var bestInstructionSet: Int { Int(ck_weights_isa_level()) }

    /// `instructionSet` limits the kernels; the machine's best by default.
    package convenience init(
        _ weight: Tensor, bias: Tensor? = nil, format: WeightFormat, instructionSet: Int = Int.max
    ) {
        precondition(weight.rank == 2, "a matrix is needed, this has a shape of \(weight.shape)")
        if format == .float32 {
            self.init(weight: weight, bias: bias, instructionSet: instructionSet)
        } else {
            self.init(PackedMatrix(weight, format: format), bias: bias, instructionSet: instructionSet)
        }
    }

    private init(weight: Tensor, bias: Tensor?, instructionSet: Int) {
        (self.weight, self.bias, packed, format) = (weight, bias, nil, .float32)
        description = Self.description(
            .float32, rows: weight.shape[0], columns: weight.shape[1], stride: weight.shape[1],
            UnsafeRawPointer(weight.pointer), bias: bias, instructionSet: instructionSet)
    }

    /// A matrix that is packed already.
    package init(_ packed: PackedMatrix, bias: Tensor? = nil, instructionSet: Int = Int.max) {
        (weight, self.bias, self.packed, format) = (nil, bias, packed, packed.format)
        var description = Self.description(
            packed.format, rows: packed.rows, columns: packed.columns, stride: packed.stride,
            UnsafeRawPointer(packed.memory.pointer), bias: bias, instructionSet: instructionSet)
        description.scales = UnsafePointer(packed.scaleStorage.pointer)
        description.sums = UnsafePointer(packed.sumPointer)
        self.description = description
    }

    private static func description(
        _ format: WeightFormat, rows: Int, columns: Int, stride: Int, _ weights: UnsafeRawPointer, bias: Tensor?,
        instructionSet: Int
    ) -> ck_weights {
        precondition(
            bias?.count ?? rows == rows, "a bias of \(bias?.shape ?? []) does not fit \(rows) rows of weights")
        return ck_weights(
            format: format.code, rows: Int64(rows), columns: Int64(columns), stride: Int64(stride), weights: weights,
            scales: nil, sums: nil, bias: bias.map { UnsafePointer($0.pointer) },
            isa: Int64(min(instructionSet, bestInstructionSet)))
    }

    package var rows: Int { Int(description.rows) }
    package var columns: Int { Int(description.columns) }
    /// Bytes read for one product, scales and bias aside.
    package var byteCount: Int {
        rows * Int(description.stride) * PackedMatrix.width(format)
    }

    /// y = x Wᵀ + b, [inputs, I] -> [inputs, O]; a row has the same bits at any thread count and beside any other rows.
    /// `scratch` holds `scratchCount` floats for each input.
    package func apply(
        _ x: UnsafePointer<Float>, inputs: Int = 1, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: description) { ck_weights_apply($0, x, Int64(inputs), y, scratch) }
    }

    package var scratchCount: Int { Int(ck_weights_input_bytes(format.code, description.columns) + 3) / 4 }

    /// x Wᵀ + b by the fast kernels, or by the plain loops that are their oracle: [..., I] -> [..., O].
    package func product(_ x: Tensor, plain: Bool = false) -> Tensor {
        precondition(x.shape.last == columns, "an input of \(x.shape) does not fit \(columns) columns")
        let inputs = x.count / columns
        let y = Tensor(uninitialized: x.shape.dropLast() + [rows]), scratch = Storage(count: inputs * scratchCount)
        if plain {
            for i in 0..<inputs {
                ck_weights_prepare(format.code, description.columns, x.pointer + i * columns, scratch.pointer)
                withUnsafePointer(to: description) {
                    ck_weights_product_plain($0, scratch.pointer, 0, description.rows, y.pointer + i * rows)
                }
            }
        } else {
            apply(x.pointer, inputs: inputs, into: y.pointer, scratch: scratch.pointer)
        }
        return y
    }
}
