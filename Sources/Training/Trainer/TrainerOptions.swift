/// How a training run is asked for.
package struct TrainerOptions: Sendable, Equatable {
    /// Train until this global step; nil for no end.
    package var targetStep: Int?
    /// Train only this stage, in place of the schedule.
    package var stage: Stage?
    /// Threads of the parallel loops; 0 takes all cores. Results do not depend on it.
    package var threads: Int

    package init(targetStep: Int? = nil, stage: Stage? = nil, threads: Int = 0) {
        self.targetStep = targetStep
        self.stage = stage
        self.threads = threads
    }
}
