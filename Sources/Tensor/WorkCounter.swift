import Foundation
import Synchronization

/// One operator call as it was executed: what was computed, in which direction, at which shape.
package struct WorkItem: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case convolution, transposedConvolution, product, attention, layerNorm, batchNorm, channelLayerNorm, adamw
    }

    package enum Pass: String, Sendable, CaseIterable {
        case forward, dataGradient, weightGradient, backward, update
    }

    /// A convolution in the form short = conv(long), also where it was run transposed.
    package struct Convolution: Hashable, Sendable {
        package var batch, inputs, outputs, groups, kernel, stride, padding, dilation, longLength, shortLength: Int

        package init(
            batch: Int, inputs: Int, outputs: Int, groups: Int, kernel: Int, stride: Int, padding: Int, dilation: Int,
            longLength: Int, shortLength: Int
        ) {
            (self.batch, self.inputs, self.outputs, self.groups) = (batch, inputs, outputs, groups)
            (self.kernel, self.stride, self.padding, self.dilation) = (kernel, stride, padding, dilation)
            (self.longLength, self.shortLength) = (longLength, shortLength)
        }
    }

    package enum Shape: Hashable, Sendable {
        case convolution(Convolution)
        /// [rows, inputs] · [outputs, inputs]ᵀ
        case product(rows: Int, inputs: Int, outputs: Int)
        /// `window`: of relative positions, 0 for none; `prefix`: rows before the causal ones, nil where all see all.
        case attention(batch: Int, heads: Int, queries: Int, keys: Int, width: Int, window: Int, prefix: Int?)
        /// Rows that are normalised one by one.
        case rows(rows: Int, width: Int)
        case signal(batch: Int, channels: Int, frames: Int)
        case parameters(count: Int)
    }

    package let kind: Kind
    package let pass: Pass
    package let shape: Shape

    package init(_ kind: Kind, _ pass: Pass, _ shape: Shape) {
        (self.kind, self.pass, self.shape) = (kind, pass, shape)
    }

    /// Floating-point operations of the convolutions and products of one call: 2 for each multiply-add, padding included;
    /// 0 for what is bound by memory.
    package var operations: Double {
        switch shape {
        case .convolution(let c):
            // The same for all three passes: they run over the same pairs of samples and taps.
            return 2 * Double(c.batch * c.outputs) * Double(c.inputs / c.groups * c.kernel) * Double(c.shortLength)
        case .product(let rows, let inputs, let outputs): return 2 * Double(rows * inputs) * Double(outputs)
        case .attention(let batch, let heads, let queries, let keys, let width, let window, _):
            // Scores and mixing forward; gradients of weights, values, queries and keys backward.
            let near = window == 0 ? 0 : 2 * window + 1
            return (pass == .forward ? 4 : 8) * Double(batch * heads * queries) * Double((keys + near) * width)
        case .rows, .signal, .parameters: return 0
        }
    }

    /// Bytes that a call must at least move between memory and the processor.
    package var traffic: Double {
        switch shape {
        case .convolution(let c):
            let long = c.batch * c.inputs * c.longLength, short = c.batch * c.outputs * c.shortLength
            return 4 * Double(long + short + c.outputs * (c.inputs / c.groups) * c.kernel)
        case .product(let rows, let inputs, let outputs):
            return 4 * Double(rows * inputs + inputs * outputs + rows * outputs)
        case .attention(let batch, let heads, let queries, let keys, let width, _, _):
            return (pass == .forward ? 8 : 16) * Double(batch * heads * (queries + keys) * width)
        // Read and write forward; read input and gradient and write a gradient backward.
        case .rows(let rows, let width): return (pass == .forward ? 8 : 12) * Double(rows * width)
        case .signal(let batch, let channels, let frames):
            return (pass == .forward ? 8 : 12) * Double(batch * channels * frames)
        // Weight and both moments are read and written, the gradient is read.
        case .parameters(let count): return 28 * Double(count)
        }
    }
}

/// Counts the operators that a thread runs, for benchmarks: `WorkCounter.recording { … }`.
///
/// Operators report themselves by `record` on the thread that calls them, before they go parallel. Without a recording
/// that costs one relaxed load.
package enum WorkCounter {
    /// How many recordings are going on in the process.
    private static let active = Atomic<Int>(0)
    private static let recordings = Mutex<[UInt: [WorkItem: Int]]>([:])
    private static var thread: UInt { UInt(bitPattern: ObjectIdentifier(Thread.current)) }

    /// Told by an operator that it now runs.
    @inline(__always)
    package static func record(
        _ kind: WorkItem.Kind, _ pass: WorkItem.Pass, _ shape: @autoclosure () -> WorkItem.Shape
    ) {
        if active.load(ordering: .relaxed) > 0 { add(WorkItem(kind, pass, shape())) }
    }

    @inline(never)
    private static func add(_ item: WorkItem) {
        let thread = thread
        recordings.withLock { $0[thread]?[item, default: 0] += 1 }
    }

    /// Runs `body` and returns how often this thread ran each operator in it. Recordings do not nest.
    package static func recording(_ body: () throws -> Void) rethrows -> [WorkItem: Int] {
        let thread = thread
        recordings.withLock { $0[thread] = [:] }
        active.add(1, ordering: .relaxed)
        defer {
            active.subtract(1, ordering: .relaxed)
            recordings.withLock { $0[thread] = nil }
        }
        try body()
        return recordings.withLock { $0[thread] ?? [:] }
    }

    /// Floating-point operations of this thread's recording so far, or 0 without one.
    package static var operationsSoFar: Double {
        guard active.load(ordering: .relaxed) > 0 else { return 0 }
        let thread = thread
        return recordings.withLock { $0[thread]?.totalOperations } ?? 0
    }
}

extension [WorkItem: Int] {
    /// Floating-point operations of all calls together.
    package var totalOperations: Double { reduce(0) { $0 + $1.key.operations * Double($1.value) } }
}
