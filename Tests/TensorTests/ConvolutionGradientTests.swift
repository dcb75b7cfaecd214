import ReferenceSupport
import Tensor
import Testing

/// What a user of the operators relies on: values by the definition and gradients by finite differences.
@Suite struct ConvolutionGradientTests {
    private func random(_ shape: [Int], _ seed: UInt64) -> Tensor {
        RandomStream(seed: seed, name: "convolution").normal(shape)
    }

    @Test func knownValues() {
        let x = Tensor([1, -2, 3, 4], shape: [1, 1, 4]), w = Tensor([1, 10], shape: [1, 1, 2])
        #expect(x.convolution1d(weight: w).values == [-19, 28, 43])
        let bias = Tensor([0.5], shape: [1])
        #expect(x.convolution1d(weight: w, bias: bias, stride: 2, padding: 1).values == [10.5, 28.5, 4.5])
        #expect(x.convolution1d(weight: w, dilation: 3).values == [41])
        #expect(x.convolution1d(weight: w, inputLeakyReluSlope: 0.5).values == [-9, 29, 43])
        #expect(
            x.transposedConvolution1d(weight: w, bias: nil, stride: 2, padding: 0).values
                == [1, 10, -2, -20, 3, 30, 4, 40])
        #expect(
            x.transposedConvolution1d(weight: w, bias: Tensor([1], shape: [1]), stride: 1, padding: 1).values
                == [9, -16, 35])
    }

    @Test func gradientsAgreeWithFiniteDifferences() {
        let x = random([2, 4, 11], 1), w = random([6, 4, 3], 2), b = random([6], 3)
        #expect(gradientError(of: [x, w, b]) { $0[0].convolution1d(weight: $0[1], bias: $0[2], padding: 1) } < 1e-2)
        #expect(
            gradientError(of: [x, w, b]) {
                $0[0].convolution1d(weight: $0[1], bias: $0[2], stride: 2, padding: 3, dilation: 2)
            } < 1e-2)
        let grouped = random([6, 2, 3], 4)
        #expect(
            gradientError(of: [x, grouped, b]) {
                $0[0].convolution1d(weight: $0[1], bias: $0[2], stride: 3, padding: 2, groups: 2)
            } < 1e-2)
        // Away from the kink, where a difference quotient means something.
        let away = Tensor(x.values.map { $0 < 0 ? $0 - 0.1 : $0 + 0.1 }, shape: x.shape)
        #expect(
            gradientError(of: [away, w, b]) {
                $0[0].convolution1d(weight: $0[1], bias: $0[2], padding: 1, inputLeakyReluSlope: 0.1)
            } < 1e-2)
        let transposed = random([4, 3, 5], 5), b3 = random([3], 6)
        #expect(
            gradientError(of: [x, transposed, b3]) {
                $0[0].transposedConvolution1d(weight: $0[1], bias: $0[2], stride: 3, padding: 1)
            } < 1e-2)
    }

    @Test func onlyWantedGradientsAreComputed() {
        let x = random([1, 2, 5], 1), w = random([3, 2, 3], 2), b = random([3], 3)
        b.requiresGradient = true
        x.convolution1d(weight: w, bias: b).sum().backward()
        #expect(x.gradient == nil && w.gradient == nil)
        #expect(b.gradient?.values == [3, 3, 3])
    }
}
