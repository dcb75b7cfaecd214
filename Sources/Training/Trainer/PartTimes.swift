/// Where the time of the last steps went, by stage and part; older steps fade.
struct PartTimes: Sendable {
    private var seconds: [Stage: [StepPart: Double]] = [:]
    /// What is kept of the past at every step of a stage.
    private static let kept = 0.9

    mutating func add(_ parts: StepParts, of stage: Stage) {
        var mine = (seconds[stage] ?? [:]).mapValues { $0 * Self.kept }
        for (part, time) in parts.seconds { mine[part, default: 0] += time * (1 - Self.kept) }
        seconds[stage] = mine
    }

    /// Every part's share of all time in steps, from those of the stages, in the order of the work.
    func split(_ stages: [(stage: Stage, share: Double)]) -> [TrainingSnapshot.TimeShare] {
        stages.flatMap { stage, share -> [TrainingSnapshot.TimeShare] in
            let mine = seconds[stage] ?? [:]
            let whole = mine.values.reduce(0, +)
            guard whole > 0 else { return [] }
            return StepPart.allCases.compactMap { part in
                mine[part].map { .init(stage: stage, part: part.rawValue, share: share * $0 / whole) }
            }
        }
    }
}
