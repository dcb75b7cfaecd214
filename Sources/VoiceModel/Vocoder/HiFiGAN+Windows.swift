import Tensor

/// How far HiFi-GAN's parts reach in time: what a stretch of the waveform is made of.
struct HiFiGANReach: Sendable {
    private let rates, kernels: [Int]
    /// Rows to either side that a stage's residual blocks hear.
    private let residual: Int
    /// The same for the first and the last convolution, kernel 7.
    private let ends = 3

    init(rates: [Int], kernels: [Int], residualKernels: [Int], dilations: [Int]) {
        self.rates = rates
        self.kernels = kernels
        // Each pair is a dilated convolution and a plain one.
        residual = residualKernels.map { kernel in dilations.reduce(0) { $0 + (kernel - 1) / 2 * ($1 + 1) } }.max() ?? 0
    }

    /// The rows that each part must see and give so that the wanted frames come out as in the whole.
    struct Plan {
        /// Of z.
        var latents: Range<Int>
        /// A stage's input, what its residual blocks take of the upsampled, and what they give.
        var stages: [(input: Range<Int>, upsampled: Range<Int>, output: Range<Int>)]
        /// Samples.
        var samples: Range<Int>
    }

    /// For `frames` of a z of `length` frames.
    func plan(frames: Range<Int>, of length: Int) -> Plan {
        let hop = rates.reduce(1, *), samples = frames.lowerBound * hop..<frames.upperBound * hop
        var rows = length * hop, range = widened(samples, by: ends, rows)
        var stages = [(input: Range<Int>, upsampled: Range<Int>, output: Range<Int>)]()
        for (rate, kernel) in zip(rates, kernels).reversed() {
            let upsampled = widened(range, by: residual, rows), padding = (kernel - rate) / 2
            rows /= rate
            // Input i spreads over rows i · rate − padding ..< i · rate − padding + kernel.
            let first = max(0, (upsampled.lowerBound + padding - kernel + rate) / rate)
            let last = min(rows - 1, (upsampled.upperBound - 1 + padding) / rate)
            stages.append((first..<last + 1, upsampled, range))
            range = first..<last + 1
        }
        return Plan(latents: widened(range, by: ends, length), stages: stages.reversed(), samples: samples)
    }

    private func widened(_ range: Range<Int>, by count: Int, _ limit: Int) -> Range<Int> {
        max(0, range.lowerBound - count)..<min(limit, range.upperBound + count)
    }
}

extension HiFiGAN {
    /// Every part works on the rows that the wanted samples hear and passes on those that the next one hears, so that
    /// what its padding spoils at a cut never arrives.
    package func callAsFunction(_ z: Tensor, speaker: Tensor, frames: Range<Int>) -> Tensor {
        let plan = reach.plan(frames: frames, of: z.shape[2])
        var x = pre(z.sliced(axis: 2, plan.latents)) + condition(speaker)
        var start = plan.latents.lowerBound
        func keep(_ range: Range<Int>) {
            if x.shape[2] != range.count {
                x = x.sliced(axis: 2, range.lowerBound - start..<range.upperBound - start)
            }
            start = range.lowerBound
        }
        for (index, stage) in plan.stages.enumerated() {
            keep(stage.input)
            x = upsampled(index, x)
            start *= x.shape[2] / stage.input.count
            keep(stage.upsampled)
            x = residual(index, x)
            keep(stage.output)
        }
        x = output(x)
        keep(plan.samples)
        return x
    }
}
