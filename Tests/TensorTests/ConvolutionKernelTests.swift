import ReferenceSupport
import Tensor
import Testing

/// One shape of the table.
private struct Case: CustomTestStringConvertible {
    var batch = 2, inputs = 1, outputs = 1, groups = 1, kernel = 1, stride = 1, padding = 0, dilation = 1, length = 1
    var slope: Float = 1

    var testDescription: String {
        "B\(batch) \(inputs)→\(outputs) g\(groups) K\(kernel) s\(stride) p\(padding) d\(dilation) T\(length) slope \(slope)"
    }

    func geometry(instructionSet: Int = Int.max) -> ConvolutionGeometry {
        ConvolutionGeometry(
            batch: batch, inputs: inputs, outputs: outputs, groups: groups, kernel: kernel, stride: stride,
            padding: padding, dilation: dilation, longLength: length,
            shortLength: (length + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1,
            instructionSet: instructionSet)
    }

    /// Long signal, short signal, weights, bias of the outputs, bias of the inputs.
    func tensors() -> [Tensor] {
        StoragePool.shared.isPoisoned = true
        let geometry = geometry()
        return [geometry.longShape, geometry.shortShape, geometry.weightShape, [outputs], [inputs]].enumerated().map {
            RandomStream(seed: 11, name: "convolution \($0.offset)").normal($0.element)
        }
    }
}

private let cases = [
    Case(), Case(inputs: 3, outputs: 5, length: 7), Case(inputs: 96, outputs: 192, kernel: 1, length: 37),
    Case(inputs: 8, outputs: 8, kernel: 7, padding: 9, dilation: 3, length: 2200, slope: 0.1),
    Case(inputs: 16, outputs: 16, kernel: 11, padding: 25, dilation: 5, length: 129, slope: 0.1),
    Case(inputs: 18, outputs: 17, kernel: 3, padding: 1, length: 51),
    Case(inputs: 5, outputs: 9, kernel: 4, padding: 2, length: 33),
    Case(batch: 3, inputs: 7, outputs: 12, kernel: 5, padding: 2, length: 1),
    Case(batch: 37, inputs: 10, outputs: 11, kernel: 5, padding: 2, length: 13),
    Case(batch: 176, inputs: 12, outputs: 8, kernel: 5, stride: 3, padding: 2, length: 35),
    Case(inputs: 1, outputs: 8, kernel: 5, stride: 3, padding: 2, length: 931),
    Case(inputs: 8, outputs: 1, kernel: 7, padding: 3, length: 2500, slope: 0.01),
    Case(batch: 1, inputs: 300, outputs: 3, kernel: 3, padding: 1, length: 500),
    Case(batch: 4, inputs: 16, outputs: 64, groups: 16, kernel: 41, stride: 4, padding: 20, length: 333),
    Case(batch: 1, inputs: 8, outputs: 16, groups: 4, kernel: 41, stride: 4, padding: 20, length: 4099),
    Case(inputs: 64, outputs: 32, kernel: 11, stride: 5, padding: 3, length: 323),
    Case(inputs: 6, outputs: 4, groups: 2, kernel: 3, stride: 2, padding: 5, dilation: 2, length: 40, slope: 0.2),
    Case(inputs: 4, outputs: 4, kernel: 3, stride: 3, padding: 0, dilation: 4, length: 50),
    Case(inputs: 2, outputs: 3, kernel: 2, stride: 5, padding: 1, length: 64),
    Case(inputs: 130, outputs: 70, kernel: 3, stride: 2, padding: 1, length: 40),
    Case(batch: 1, inputs: 100, outputs: 140, kernel: 3, padding: 1, length: 530),
    Case(inputs: 160, outputs: 100, kernel: 5, padding: 2, length: 61, slope: 0.1),
    Case(batch: 1, inputs: 192, outputs: 130, kernel: 5, stride: 3, padding: 2, length: 1501),
    Case(batch: 3, inputs: 96, outputs: 64, kernel: 16, stride: 10, padding: 3, length: 326),
    Case(batch: 2, inputs: 128, outputs: 1024, groups: 2, kernel: 3, padding: 3, dilation: 3, length: 20),
    Case(batch: 5, inputs: 3, outputs: 2, kernel: 6, stride: 4, padding: 1, length: 5000, slope: 0.1),
    // Few positions and many weights, as products: with and without zeros behind the positions, ends that no tap reaches.
    Case(batch: 1, inputs: 100, outputs: 170, length: 47, slope: 0.1),
    Case(inputs: 70, outputs: 90, kernel: 16, stride: 8, padding: 4, length: 259),
    Case(batch: 1, inputs: 128, outputs: 64, kernel: 8, stride: 2, padding: 3, length: 64),
    Case(batch: 1, inputs: 60, outputs: 50, kernel: 24, stride: 5, padding: 0, length: 103, slope: 0.1),
    Case(inputs: 65, outputs: 130, kernel: 8, stride: 9, padding: 0, length: 163),
    Case(batch: 1, inputs: 400, outputs: 530, kernel: 5, stride: 3, padding: 2, length: 52, slope: 0.1),
    // Large enough for fewer multiplications: with the signal packed for all or by each item, one sum or several, lines
    // that end inside a tile.
    Case(batch: 7, inputs: 256, outputs: 320, kernel: 5, padding: 2, length: 23),
    Case(batch: 1, inputs: 160, outputs: 96, kernel: 5, padding: 1, length: 2501, slope: 0.1),
    Case(batch: 2, inputs: 128, outputs: 136, kernel: 3, padding: 1, length: 67, slope: 0.1),
    Case(batch: 2, inputs: 64, outputs: 64, kernel: 11, padding: 5, length: 1601, slope: 0.1),
    Case(batch: 3, inputs: 72, outputs: 64, kernel: 7, padding: 9, dilation: 3, length: 701, slope: 0.1),
    Case(batch: 1, inputs: 104, outputs: 96, kernel: 7, padding: 3, length: 130),
    Case(batch: 2, inputs: 24, outputs: 40, kernel: 3, padding: 2, dilation: 2, length: 61, slope: 0.1),
    // So many weights that items transform their own: in one sum or several, in phases, for more than one tile.
    Case(batch: 2, inputs: 520, outputs: 528, kernel: 5, padding: 2, length: 43, slope: 0.1),
    Case(batch: 3, inputs: 376, outputs: 392, kernel: 5, stride: 3, padding: 2, length: 107),
    Case(batch: 1, inputs: 328, outputs: 336, kernel: 11, padding: 5, length: 161, slope: 0.1),
    Case(batch: 1, inputs: 392, outputs: 400, kernel: 7, padding: 9, dilation: 3, length: 121),
    Case(batch: 4, inputs: 2048, outputs: 176, kernel: 3, padding: 1, length: 97),
    Case(batch: 1, inputs: 192, outputs: 64, kernel: 1, length: 60),
    Case(batch: 3, inputs: 150, outputs: 104, kernel: 1, length: 1, slope: 0.1),
    // Few columns, whose weights are read where they stand; and some more, cut by channels all the same.
    Case(batch: 1, inputs: 99, outputs: 107, kernel: 1, length: 61, slope: 0.1),
    Case(batch: 2, inputs: 120, outputs: 92, groups: 2, kernel: 1, length: 29),
    Case(batch: 2, inputs: 45, outputs: 101, kernel: 4, padding: 2, length: 20, slope: 0.1),
    Case(batch: 1, inputs: 90, outputs: 70, groups: 2, kernel: 3, stride: 2, padding: 1, length: 401),
    // Signals of one tap, read where they stand in one tile or several; of less than a vector, of rows that a cache would
    // not hold side by side, and through a gate they are not.
    Case(batch: 3, inputs: 200, outputs: 24, kernel: 1, length: 150),
    Case(batch: 2, inputs: 300, outputs: 420, kernel: 1, length: 1003),
    Case(batch: 1, inputs: 30, outputs: 20, kernel: 1, length: 15),
    Case(batch: 1, inputs: 150, outputs: 40, kernel: 1, length: 256),
    Case(batch: 3, inputs: 200, outputs: 24, kernel: 1, length: 150, slope: 0.1),
    // Phases dealt and stored in whole vectors, and fewer than eight of them.
    Case(batch: 3, inputs: 24, outputs: 30, kernel: 16, stride: 8, padding: 4, length: 700, slope: 0.1),
    Case(batch: 5, inputs: 24, outputs: 30, kernel: 16, stride: 8, padding: 4, length: 41),
    Case(batch: 2, inputs: 20, outputs: 18, kernel: 8, stride: 2, padding: 3, length: 333, slope: 0.1),
    Case(batch: 1, inputs: 256, outputs: 256, groups: 64, kernel: 41, stride: 4, padding: 20, length: 320),
    // One channel of many, over lines that strips of vectors fill or do not.
    Case(batch: 3, inputs: 70, outputs: 1, kernel: 3, padding: 1, length: 23, slope: 0.1),
    Case(batch: 2, inputs: 64, outputs: 1, kernel: 3, padding: 2, dilation: 2, length: 53),
    Case(batch: 2, inputs: 65, outputs: 1, kernel: 2, padding: 1, length: 12, slope: 0.1),
    Case(batch: 2, inputs: 80, outputs: 1, kernel: 1, length: 5),
    Case(batch: 7, inputs: 64, outputs: 96, kernel: 5, stride: 3, padding: 2, length: 107),
    Case(batch: 40, inputs: 56, outputs: 96, kernel: 5, stride: 3, padding: 2, length: 107, slope: 0.1),
    Case(batch: 1, inputs: 72, outputs: 128, kernel: 5, stride: 3, padding: 1, length: 1901, slope: 0.1),
]

/// The fast kernels against the obvious loops.
@Suite struct ConvolutionKernelTests {
    @Test(arguments: cases)
    fileprivate func fastKernelsAgreeWithThePlainLoops(_ shape: Case) {
        let inputs = shape.tensors()
        let (long, short, weight, outputBias, inputBias) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
        for instructionSet in 0...ConvolutionGeometry.bestInstructionSet {
            let geometry = shape.geometry(instructionSet: instructionSet)
            #expect(
                relativeDifference(
                    geometry.gather(
                        GatedSignal(leakyRelu: long, slope: shape.slope), weight: weight, bias: outputBias),
                    PlainConvolution.gather(geometry, long, slope: shape.slope, weight: weight, bias: outputBias))
                    < 1e-4)
            #expect(
                relativeDifference(
                    geometry.spread(GatedSignal(short), weight: weight, bias: inputBias),
                    PlainConvolution.spread(geometry, short, weight: weight, bias: inputBias)) < 1e-4)
            let gate = Tensor(long.values.map { $0 >= 0 ? 1 : shape.slope }, shape: long.shape)
            #expect(
                relativeDifference(
                    geometry.spread(
                        GatedSignal(short), weight: weight, bias: nil, finish: .gated(long, slope: shape.slope)),
                    PlainConvolution.spread(geometry, short, weight: weight, bias: nil) * gate) < 1e-4)
            #expect(
                relativeDifference(
                    geometry.weightGradient(GatedSignal(leakyRelu: long, slope: shape.slope), GatedSignal(short)),
                    PlainConvolution.weightGradient(geometry, long, slope: shape.slope, short)) < 1e-4)
        }
    }

    @Test func bytesAreTheSameAtAnyThreadCount() {
        let threads = Threads.count
        defer { Threads.use(threads) }
        for shape in cases {
            let inputs = shape.tensors()
            let geometry = shape.geometry()
            func results(_ threads: Int) -> [[UInt32]] {
                Threads.use(threads)
                return [
                    geometry.gather(
                        GatedSignal(leakyRelu: inputs[0], slope: shape.slope), weight: inputs[2], bias: inputs[3]),
                    geometry.spread(GatedSignal(inputs[1]), weight: inputs[2], bias: inputs[4]),
                    geometry.weightGradient(
                        GatedSignal(leakyRelu: inputs[0], slope: shape.slope), GatedSignal(inputs[1])),
                ].map { $0.values.map(\.bitPattern) }
            }
            #expect(results(1) == results(2), "\(shape.testDescription)")
        }
    }
}
