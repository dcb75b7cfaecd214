import Tensor

/// Layer norm over the last axis, [..., C].
package final class LayerNorm: Module {
    private let gamma, beta: Tensor
    private let epsilon: Float

    package init(_ width: Int, epsilon: Float = 1e-5) {
        gamma = .parameter([width])
        beta = .parameter([width])
        self.epsilon = epsilon
    }

    package func callAsFunction(_ x: Tensor) -> Tensor { x.layerNorm(gamma: gamma, beta: beta, epsilon: epsilon) }

    /// The norm of x + dropout(branch).
    package func callAsFunction(
        _ x: Tensor, adding branch: Tensor, dropout: Float, _ randomness: StepRandomness?
    ) -> Tensor {
        x.addingAndNormalizing(branch, dropout: dropout, randomness, gamma: gamma, beta: beta, epsilon: epsilon)
    }

    package func collect(_ state: StateCollector) {
        state.parameter("weight", gamma, .constant(1))
        state.parameter("bias", beta, .constant(0))
    }
}

/// Layer norm over the channels of [B, C, T].
package final class ChannelLayerNorm: Module {
    private let gamma, beta: Tensor

    package init(_ channels: Int) {
        gamma = .parameter([channels])
        beta = .parameter([channels])
    }

    package func callAsFunction(_ x: Tensor) -> Tensor {
        x.transposed().layerNorm(gamma: gamma, beta: beta).transposed()
    }

    package func collect(_ state: StateCollector) {
        state.parameter("gamma", gamma, .constant(1))
        state.parameter("beta", beta, .constant(0))
    }
}

/// Batch norm over B and T of [B, C, T] (Ioffe & Szegedy 2015), with running statistics as state.
package final class BatchNorm1d: Module {
    private let gamma, beta, runningMean, runningVariance: Tensor
    private let momentum: Float = 0.1
    private let epsilon: Float = 1e-5

    package init(_ channels: Int) {
        gamma = .parameter([channels])
        beta = .parameter([channels])
        runningMean = .zeros([channels])
        runningVariance = .zeros([channels])
    }

    /// While training: this batch's statistics, which also move the running ones. Else, and where this is frozen, the
    /// running ones.
    package func callAsFunction(_ x: Tensor, training: Bool, share: BatchShare? = nil) -> Tensor {
        if training, gamma.requiresGradient {
            let (y, statistics) = x.batchNorm(gamma: gamma, beta: beta, epsilon: epsilon, share: share)
            runningMean.overwrite(runningMean * (1 - momentum) + statistics.mean * momentum)
            runningVariance.overwrite(runningVariance * (1 - momentum) + statistics.variance * momentum)
            return y
        }
        let scale = gamma / (runningVariance + epsilon).squareRoot()
        let shift = beta - runningMean * scale
        return x * scale.reshaped([1, -1, 1]) + shift.reshaped([1, -1, 1])
    }

    package func collect(_ state: StateCollector) {
        state.parameter("weight", gamma, .constant(1))
        state.parameter("bias", beta, .constant(0))
        state.statistic("running_mean", runningMean, 0)
        state.statistic("running_var", runningVariance, 1)
    }
}
