import ReferenceSupport
import Tensor
import Testing

@Suite struct OperatorGradientTests {
    @Test(arguments: OperatorCase.all)
    func agreesWithFiniteDifferences(_ operation: OperatorCase) {
        #expect(gradientError(of: operation.inputs, operation.evaluate) < operation.tolerance)
    }

    /// Each input alone wants a gradient: what comes back is the same, and the others stay without.
    @Test(arguments: OperatorCase.all)
    func givesGradientsOnlyWhereTheyAreWanted(_ operation: OperatorCase) throws {
        func gradients(wanted: Set<Int>) -> [Tensor?] {
            let inputs = operation.inputs
            for index in wanted { inputs[index].requiresGradient = true }
            operation.evaluate(inputs).squared().sum().backward()
            return inputs.map(\.gradient)
        }
        let all = gradients(wanted: Set(operation.shapes.indices))
        for index in operation.shapes.indices {
            let alone = gradients(wanted: [index])
            for (other, gradient) in alone.enumerated() where other != index { #expect(gradient == nil) }
            let expected = try #require(all[index])
            #expect(alone[index]?.shape == operation.shapes[index])
            #expect(alone[index]?.values == expected.values)
        }
    }

    @Test func gradientsAddUpOverBackwardCalls() {
        let x = Tensor([1, 2], shape: [2])
        x.requiresGradient = true
        (x * 3).sum().backward()
        x.squared().sum().backward()
        #expect(x.gradient?.values == [5, 7])
    }

    @Test func aGradientIsNobodyElses() {
        // Addition hands the same buffer to both; scaling one in place must not scale the other.
        let a = Tensor([1], shape: [1])
        let b = Tensor([2], shape: [1])
        for leaf in [a, b] { leaf.requiresGradient = true }
        (a + b).sum().backward()
        a.gradient?.pointer[0] = 9
        #expect(b.gradient?.values == [1])
    }

    @Test func aDetachedTensorStopsTheGradient() {
        let x = Tensor([3], shape: [1])
        x.requiresGradient = true
        (x * x.detached()).sum().backward()
        #expect(x.gradient?.values == [3])
        #expect(!x.detached().squared().requiresGradient)
    }

    @Test func aDeepGraphIsWalked() {
        let x = Tensor([1], shape: [1])
        x.requiresGradient = true
        var y = x
        for _ in 0..<20_000 { y = y + 0.0001 }
        y.sum().backward()
        #expect(x.gradient?.values == [1])
    }

    /// What was frozen when an operator ran stays without a gradient, also when it is thawed before `backward`.
    @Test func thawingBeforeBackwardChangesNothing() {
        let x = Tensor([1, 2], shape: [1, 2]), weight = Tensor([3, 4], shape: [1, 2])
        x.requiresGradient = true
        let loss = x.linear(weight: weight).sum()
        weight.requiresGradient = true
        loss.backward()
        #expect(weight.gradient == nil)
        #expect(x.gradient?.values == [3, 4])
    }
}
