import Tensor

/// What a training step is divided into by who times it.
package enum StepPart: String, Sendable, CaseIterable {
    case data
    // SoVITS.
    case generatorForward = "generator forward"
    case discriminatorStep = "discriminator step"
    /// With its losses: the discriminators on the real and the generated slice once more, and the mel loss.
    case generatorBackward = "generator backward"
    // The prior.
    case forward, backward
    /// Gradient norms and updates.
    case optimizer
}

/// Collects the time of each part of one step and, inside a `WorkCounter.recording`, its floating-point operations.
package final class StepParts {
    package private(set) var seconds: [StepPart: Double] = [:]
    package private(set) var operations: [StepPart: Double] = [:]
    private var current: (part: StepPart, since: ContinuousClock.Instant, operations: Double)?

    package init() {}

    /// Ends the part before, if any, and begins this one.
    package func enter(_ part: StepPart) {
        leave()
        current = (part, .now, WorkCounter.operationsSoFar)
    }

    package func leave() {
        guard let (part, since, before) = current else { return }
        seconds[part, default: 0] += (ContinuousClock.now - since).inSeconds
        operations[part, default: 0] += WorkCounter.operationsSoFar - before
        current = nil
    }
}
