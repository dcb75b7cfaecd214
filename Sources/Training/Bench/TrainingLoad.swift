import Foundation
import Synchronization
import Tensor

/// Training on all cores for as long as something else is measured: SoVITS steps on noise, one after the other.
package final class TrainingLoad: Sendable {
    private let state = Mutex((steps: 0, isStopped: false, failure: (any Error)?.none))
    private let ended = DispatchSemaphore(value: 0)

    /// Starts at once.
    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions) throws {
        try options.validate()
        Threads.use(options.threads)
        let thread = Thread { [self] in
            defer { ended.signal() }
            do {
                let engine = try BenchmarkModel.engine(options, stage: .sovits)
                while !state.withLock({ $0.isStopped }) {
                    _ = try engine.performStep(branch: "bench")
                    state.withLock { $0.steps += 1 }
                }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
        thread.name = "training"
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Steps done so far.
    /// - Throws: what ended the training.
    package func steps() throws -> Int {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.steps
        }
    }

    /// Returns when the step in hand is done: a process that ends in the middle of one may crash. Call it once.
    package func stop() {
        state.withLock { $0.isStopped = true }
        ended.wait()
    }
}
