import Foundation
import Tensor
import Testing
import Training

/// What a benchmark counts, against figures worked out by hand.
@Suite struct BenchWorkTests {
    private func parameter(_ shape: [Int]) -> Tensor {
        let tensor = RandomStream(seed: 1, name: "operand").normal(shape)
        tensor.requiresGradient = true
        return tensor
    }

    @Test func aConvolutionAndItsGradients() {
        // 2 items, 6 → 4 channels in 2 groups, kernel 3, stride 2, padding 1: 11 samples become 6.
        let x = parameter([2, 6, 11]), weight = parameter([4, 3, 3])
        let work = WorkCounter.recording {
            x.convolution1d(weight: weight, stride: 2, padding: 1, groups: 2).sum().backward()
        }
        let shape = WorkItem.Shape.convolution(
            .init(
                batch: 2, inputs: 6, outputs: 4, groups: 2, kernel: 3, stride: 2, padding: 1, dilation: 1,
                longLength: 11, shortLength: 6))
        let passes: [WorkItem.Pass] = [.forward, .dataGradient, .weightGradient]
        #expect(work == Dictionary(uniqueKeysWithValues: passes.map { (WorkItem(.convolution, $0, shape), 1) }))
        // 2 · B · Cout · Cin / g · K · T
        #expect(work.totalOperations == 3 * 2 * 2 * 4 * 3 * 3 * 6)
    }

    @Test func aTransposedConvolution() {
        // 4 → 2 channels, kernel 8, stride 4, padding 2: 5 samples become 20.
        let x = parameter([1, 4, 5]), weight = parameter([4, 2, 8])
        let work = WorkCounter.recording {
            x.transposedConvolution1d(weight: weight, bias: nil, stride: 4, padding: 2).sum().backward()
        }
        #expect(Set(work.keys.map(\.kind)) == [.transposedConvolution])
        #expect(Set(work.keys.map(\.pass)) == [.forward, .dataGradient, .weightGradient])
        #expect(work.totalOperations == 3 * 2 * 4 * 2 * 8 * 5)
    }

    @Test func nothingIsCountedThatNobodyWants() {
        let x = parameter([1, 4, 9]), weight = parameter([4, 4, 1])
        weight.requiresGradient = false
        let work = WorkCounter.recording { x.convolution1d(weight: weight).sum().backward() }
        #expect(Set(work.keys.map(\.pass)) == [.forward, .dataGradient])
    }

    @Test func productsAttentionAndNorms() {
        let x = parameter([1, 7, 8]), weight = parameter([10, 8])
        let product = WorkCounter.recording { x.linear(weight: weight).sum().backward() }
        #expect(product.values.sorted() == [1, 1, 1] && product.totalOperations == 3 * 2 * 7 * 8 * 10)

        let attended = WorkCounter.recording {
            attention(query: x, key: x, value: x, heads: 2, layout: .channelsLast, mask: .keys(lengths: [7]))
                .sum().backward()
        }
        let shape = WorkItem.Shape.attention(
            batch: 1, heads: 2, queries: 7, keys: 7, width: 4, window: 0, prefix: nil)
        #expect(attended == [WorkItem(.attention, .forward, shape): 1, WorkItem(.attention, .backward, shape): 1])
        // Two products forward, four backward.
        #expect(attended.totalOperations == 6 * 2 * 2 * 7 * 7 * 4)

        let norm = WorkCounter.recording {
            x.layerNorm(gamma: parameter([8]), beta: parameter([8])).sum().backward()
        }
        #expect(Set(norm.keys.map(\.shape)) == [.rows(rows: 7, width: 8)] && norm.totalOperations == 0)
    }

    @Test func onlyTheThreadThatAsksIsCounted() {
        let x = parameter([1, 4, 9]), weight = parameter([4, 4, 1])
        let work = WorkCounter.recording {
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                _ = RandomStream(seed: 1, name: "x").normal([3, 5]).linear(weight: .zeros([2, 5]))
                done.signal()
            }
            done.wait()
            _ = x.convolution1d(weight: weight)
        }
        #expect(work.keys.map(\.kind) == [.convolution])
        #expect(WorkCounter.operationsSoFar == 0)
    }

    @Test func operationsFallToThePartTheyRunIn() {
        let x = parameter([2, 3]), weight = parameter([4, 3])
        let parts = StepParts()
        _ = WorkCounter.recording {
            parts.enter(.forward)
            let y = x.linear(weight: weight).sum()
            parts.enter(.backward)
            y.backward()
            parts.leave()
        }
        #expect(parts.operations == [.forward: 48, .backward: 96])
        #expect(parts.seconds.keys.sorted { $0.rawValue < $1.rawValue } == [.backward, .forward])
    }
}
