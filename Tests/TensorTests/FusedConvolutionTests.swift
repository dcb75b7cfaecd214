import ReferenceSupport
import Tensor
import Testing

/// A shape of the table; each is run with weight norm, both leaky ReLUs and a residual at once.
private struct FusedCase: CustomTestStringConvertible {
    var batch: Int, inputs: Int, outputs: Int, kernel: Int, stride = 1, length: Int
    var testDescription: String { "B\(batch) \(inputs)→\(outputs) K\(kernel) s\(stride) T\(length)" }
}

/// What the convolutions take on beside their sums, against the plain operators one after the other.
@Suite struct FusedConvolutionTests {
    private func leaf(_ shape: [Int], _ name: String) -> Tensor {
        let tensor = RandomStream(seed: 5, name: name).normal(shape)
        tensor.requiresGradient = true
        return tensor
    }

    /// The largest relative difference of results and of all leaves' gradients.
    private func difference(_ leaves: [Tensor], _ fused: () -> Tensor, _ plain: () -> Tensor) -> Float {
        func run(_ body: () -> Tensor) -> [Tensor] {
            for leaf in leaves { leaf.gradient = nil }
            let y = body()
            let probe = RandomStream(seed: 6, name: "probe").normal(y.shape)
            (y * probe).sum().backward()
            return [y.detached()] + leaves.compactMap(\.gradient)
        }
        let (a, b) = (run(fused), run(plain))
        #expect(a.count == b.count && a.count == leaves.count + 1)
        return zip(a, b).map { relativeDifference($0, $1) }.max() ?? .infinity
    }

    @Test(arguments: [
        FusedCase(batch: 2, inputs: 3, outputs: 5, kernel: 3, length: 41),
        FusedCase(batch: 40, inputs: 4, outputs: 9, kernel: 5, stride: 3, length: 23),
        FusedCase(batch: 3, inputs: 160, outputs: 96, kernel: 5, stride: 3, length: 70),
        FusedCase(batch: 1, inputs: 130, outputs: 128, kernel: 5, length: 300),
        FusedCase(batch: 3, inputs: 128, outputs: 160, kernel: 5, length: 61),
        FusedCase(batch: 2, inputs: 70, outputs: 33, kernel: 1, length: 1),
        FusedCase(batch: 2, inputs: 64, outputs: 64, kernel: 11, length: 901),
    ])
    fileprivate func convolutionsDoWhatTheirPartsDo(_ c: FusedCase) {
        let x = leaf([c.batch, c.inputs, c.length], "x"), v = leaf([c.outputs, c.inputs, c.kernel], "v")
        let g = leaf([c.outputs, 1, 1], "g"), bias = leaf([c.outputs], "bias")
        let padding = c.kernel / 2
        let residual = leaf([c.batch, c.outputs, (c.length + 2 * padding - c.kernel) / c.stride + 1], "residual")
        let error = difference([x, v, g, bias, residual]) {
            x.convolution1d(
                weight: v, magnitude: g, bias: bias, stride: c.stride, padding: padding, inputLeakyReluSlope: 0.1,
                outputLeakyReluSlope: 0.2, residual: residual)
        } _: {
            let folded = v.weightNormed(magnitude: g)
            let sums = x.leakyRelu(0.1).convolution1d(weight: folded, bias: bias, stride: c.stride, padding: padding)
            return (sums + residual).leakyRelu(0.2)
        }
        #expect(error < 1e-4)
    }

    @Test(arguments: [
        FusedCase(batch: 2, inputs: 6, outputs: 3, kernel: 4, stride: 2, length: 30),
        FusedCase(batch: 1, inputs: 128, outputs: 64, kernel: 16, stride: 10, length: 32),
    ])
    fileprivate func transposedConvolutionsDoWhatTheirPartsDo(_ c: FusedCase) {
        let x = leaf([c.batch, c.inputs, c.length], "x"), v = leaf([c.inputs, c.outputs, c.kernel], "v")
        let g = leaf([c.inputs, 1, 1], "g"), bias = leaf([c.outputs], "bias")
        let padding = (c.kernel - c.stride) / 2
        let error = difference([x, v, g, bias]) {
            x.transposedConvolution1d(
                weight: v, magnitude: g, bias: bias, stride: c.stride, padding: padding, inputLeakyReluSlope: 0.1)
        } _: {
            x.leakyRelu(0.1).transposedConvolution1d(
                weight: v.weightNormed(magnitude: g), bias: bias, stride: c.stride, padding: padding)
        }
        #expect(error < 1e-4)
    }
}
