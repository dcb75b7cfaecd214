import Foundation
import Neural
import ReferenceSupport
import Tensor
import Testing

@Suite struct OptimizerTests {
    private let settings = AdamW.Settings(beta1: 0.8, beta2: 0.99, epsilon: 1e-9, weightDecay: 0.01)

    private func leaf(_ values: [Float]) -> Tensor {
        Tensor(values, shape: [values.count]).marked()
    }

    private func optimizer(_ parameters: [Tensor], rateFactor: (String) -> Float = { _ in 1 }) -> AdamW {
        AdamW(Leaves(parameters).parameters, settings: settings, rateFactor: rateFactor)
    }

    @Test func followsThePublicTrajectory() throws {
        let golden = try Golden("adamw")
        let parameter = golden["input/start"].copied().marked()
        let adamw = optimizer([parameter])
        let gradients = golden["input/gradients"]
        let trajectory = golden["output/trajectory"]
        var rate: Float = 0.01
        for step in 0..<8 {
            parameter.gradient = gradients.sliced(axis: 0, step..<step + 1).reshaped([40])
            adamw.update(learningRate: rate)
            if step % 2 == 1 { rate *= 0.9 }
            let expected = trajectory.sliced(axis: 0, step..<step + 1)
            #expect(relativeDifference(parameter, expected) < 2e-6, "after step \(step + 1)")
        }
        #expect(adamw.updates == 8)
    }

    @Test func savedMomentsGoOnWhereTheyWere() {
        func gradient(_ step: Int) -> Tensor { RandomStream(seed: 1, name: "gradient", step: step).normal([5]) }
        func run(_ adamw: AdamW, _ steps: Range<Int>) {
            for step in steps {
                adamw.slots[0].parameter.gradient = gradient(step)
                adamw.update(learningRate: 0.01)
            }
        }
        let straight = optimizer([leaf([1, 2, 3, 4, 5])])
        run(straight, 0..<6)
        let before = optimizer([leaf([1, 2, 3, 4, 5])])
        run(before, 0..<2)
        let after = optimizer([before.slots[0].parameter.copied().marked()])
        after.slots[0].first.overwrite(before.slots[0].first)
        after.slots[0].second.overwrite(before.slots[0].second)
        after.updates = before.updates
        run(after, 2..<6)
        #expect(after.slots[0].parameter.values == straight.slots[0].parameter.values)
    }

    @Test func aParameterWithoutGradientRests() {
        let moved = leaf([1])
        let resting = leaf([1])
        let adamw = optimizer([moved, resting])
        moved.gradient = Tensor([1], shape: [1])
        adamw.update(learningRate: 0.1)
        #expect(moved.item < 0.95 && resting.item == 1)
        // Used up: another update without a backward pass moves nothing.
        let value = moved.item
        #expect(moved.gradient == nil)
        adamw.update(learningRate: 0.1)
        #expect(moved.item == value)
    }

    @Test func ratesDifferByName() {
        let fast = leaf([0])
        let slow = leaf([0])
        let adamw = optimizer([fast, slow]) { $0 == "p1" ? 0.4 : 1 }
        for parameter in [fast, slow] { parameter.gradient = Tensor([1], shape: [1]) }
        adamw.update(learningRate: 0.1)
        #expect(abs(fast.item + 0.1) < 1e-6 && abs(slow.item + 0.04) < 1e-6)
    }

    @Test func clippingBoundsTheNormOfAllGradients() {
        let a = leaf([0, 0])
        let b = leaf([0])
        a.gradient = Tensor([1, 2], shape: [2])
        b.gradient = Tensor([2], shape: [1])
        let adamw = optimizer([a, b])
        #expect(adamw.gradientNorm() == 3)
        #expect(abs(clippingScale(norm: 3, limit: 1) - 1 / 3) < 1e-6)
        #expect(clippingScale(norm: 0.5, limit: 1) == 1)
        adamw.update(learningRate: 0, gradientScale: 0.5)
        // First moments show what was read: (1 − β1) · g / 2.
        #expect(relativeDifference(adamw.slots[0].first, Tensor([0.1, 0.2], shape: [2])) < 1e-6)
    }
}

@Suite struct LearningRateScheduleTests {
    private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

    @Test func exponentialFallsByEpoch() {
        let schedule = LearningRateSchedule.exponential(rate: 2e-4, decay: 0.999875)
        #expect(schedule.rate(updates: 500, epoch: 0) == 2e-4)
        #expect(close(schedule.rate(updates: 0, epoch: 2), 2e-4 * 0.999875 * 0.999875))
    }

    @Test func warmsUpThenFallsToATenth() {
        let schedule = LearningRateSchedule.warmupCosine(rate: 3e-4, warmup: 200, total: 1200)
        func rate(_ updates: Int) -> Double { schedule.rate(updates: updates, epoch: 0) }
        #expect(close(rate(0), 3e-4 / 200) && close(rate(99), 1.5e-4))
        #expect(close(rate(199), 3e-4) && close(rate(200), 3e-4))
        #expect(close(rate(700), 3e-4 * 0.55))
        #expect(close(rate(1200), 3e-5) && close(rate(99_999), 3e-5))
        #expect((0..<199).allSatisfy { rate($0) < rate($0 + 1) })
        #expect((200..<1200).allSatisfy { rate($0) > rate($0 + 1) })
    }

    @Test func aShortRunDoesNotDivideByNothing() {
        let schedule = LearningRateSchedule.warmupCosine(rate: 1, warmup: 10, total: 5)
        #expect(schedule.rate(updates: 10, epoch: 0).isFinite)
        #expect(LearningRateSchedule.warmupCosine(rate: 1, warmup: 0, total: 10).rate(updates: 0, epoch: 0) == 1)
    }
}

/// Bare tensors as a module, named p0, p1, ...
private final class Leaves: Module {
    private let leaves: [Tensor]

    init(_ leaves: [Tensor]) { self.leaves = leaves }

    func collect(_ state: StateCollector) {
        for (index, leaf) in leaves.enumerated() { state.parameter("p\(index)", leaf, .constant(0)) }
    }
}

extension Tensor {
    /// The same leaf, wanting a gradient.
    func marked() -> Tensor {
        requiresGradient = true
        return self
    }
}
