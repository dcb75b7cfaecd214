import Foundation
import Tensor
import Testing

/// Our own exp, tanh and log against libm in double.
@Suite struct VectorMathTests {
    /// The largest error relative to the true value.
    private func error(
        _ inputs: [Float], _ operation: (Tensor) -> Tensor, _ truth: (Double) -> Double
    ) -> Double {
        let results = operation(Tensor(inputs, shape: [inputs.count])).values
        return zip(inputs, results).reduce(0) { worst, pair in
            let exact = truth(Double(pair.0))
            return max(worst, abs(Double(pair.1) - exact) / max(abs(exact), 1e-37))
        }
    }

    private func grid(_ range: ClosedRange<Float>, _ count: Int = 20_001) -> [Float] {
        (0..<count).map {
            range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(count - 1)
        }
    }

    @Test func exponentialIsAccurate() {
        #expect(error(grid(-87...88), { $0.exponential() }, exp) < 2.4e-7)
        #expect(error(grid(-1...1), { $0.exponential() }, exp) < 2.4e-7)
    }

    @Test func hyperbolicTangentIsAccurate() {
        #expect(error(grid(-10...10), { $0.hyperbolicTangent() }, tanh) < 3.6e-7)
        #expect(error(grid(-0.7...0.7), { $0.hyperbolicTangent() }, tanh) < 3.6e-7)
        #expect(error(grid(1e-6...1e-3), { $0.hyperbolicTangent() }, tanh) < 2.4e-7)
    }

    @Test func logarithmIsAccurate() {
        #expect(error(grid(1e-5...0.9), { $0.logarithm() }, log) < 2.4e-7)
        #expect(error(grid(1.1...1000), { $0.logarithm() }, log) < 2.4e-7)
        // Beside 1, where it goes through 0.
        #expect(error(grid(0.9...1.1).filter { $0 != 1 }, { $0.logarithm() }, log) < 3.6e-7)
        #expect(error([1e-30, 1e30, 1.2e-38, 3e38], { $0.logarithm() }, log) < 2.4e-7)
    }

    @Test func sigmoidIsAccurate() {
        #expect(error(grid(-80...80), { $0.sigmoid() }, { 1 / (1 + exp(-$0)) }) < 4.8e-7)
    }

    @Test func endsAreExact() {
        let ends = Tensor([0, -200, 200, .infinity, -.infinity], shape: [5])
        #expect(ends.exponential().values == [1, 0, .infinity, .infinity, 0])
        #expect(ends.hyperbolicTangent().values == [0, -1, 1, 1, -1])
        #expect(Tensor([0, 1], shape: [2]).logarithm().values == [-.infinity, 0])
        let nan = Tensor([.nan], shape: [1])
        for result in [nan.exponential(), nan.hyperbolicTangent(), nan.sigmoid(), nan.logarithm()] {
            #expect(result.item.isNaN)
        }
        #expect(Tensor([-1], shape: [1]).logarithm().item.isNaN)
    }
}
