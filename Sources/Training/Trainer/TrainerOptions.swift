/// How a training run is asked for.
package struct TrainerOptions: Sendable, Equatable {
    /// Train until this global step; nil for no end.
    package var targetStep: Int?
    /// Train only this stage, in place of the schedule.
    package var stage: Stage?
    /// Threads of the parallel loops; 0 takes all cores. Results do not depend on it.
    package var threads: Int
    /// How far training stands back behind the threads that draw and play, as a nice level: the first few are enough for a
    /// picture of the largest terminal to come at once, and take nothing from training while nobody asks for one.
    package var niceness: Int32 = 0
    /// End with a failure where the studio would halt and wait for the user to help.
    package var endsWhenHalted: Bool
    /// How long to wait before a disk that was full or failed is tried again.
    package var diskPatience = Duration.seconds(2)
    /// Share of the processors' time that reading checkpoints back may take, 0 ... 1.
    package var inspectionShare = 0.001

    package init(targetStep: Int? = nil, stage: Stage? = nil, threads: Int = 0, endsWhenHalted: Bool = false) {
        self.targetStep = targetStep
        self.stage = stage
        self.threads = threads
        self.endsWhenHalted = endsWhenHalted
    }
}
