/// How long a step takes on the average of the schedule, from the last steps of each stage.
///
/// Only the time inside steps counts: pauses, saves and the time between two sessions leave no trace, and a step that was
/// held up once does not move the median. Fed from the journal, it is right from the first moment after a resume.
package struct StepPace: Sendable, Equatable {
    private var seconds: [Stage: [Double]] = [:]
    /// Steps of each stage that are looked at.
    package static let remembered = 20

    package init() {}

    package mutating func add(_ record: StepRecord) {
        guard record.seconds.isFinite, record.seconds >= 0 else { return }
        seconds[record.stage] = (seconds[record.stage] ?? []).suffix(Self.remembered - 1) + [record.seconds]
    }

    /// Median of a stage's last steps; nil before its first.
    package func seconds(of stage: Stage) -> Double? {
        guard let sorted = seconds[stage]?.sorted(), !sorted.isEmpty else { return nil }
        return sorted[sorted.count / 2]
    }

    /// The mean over one round of a schedule. A stage that was not done yet counts as the others; nil before the first step.
    package func secondsPerStep(schedule: [Stage]) -> Double? {
        let known = schedule.compactMap(seconds(of:))
        if known.isEmpty { return seconds.keys.compactMap(seconds(of:)).max() }
        return known.reduce(0, +) / Double(known.count)
    }

    /// Each stage's share of the time of one round, in the order of stages; those that were not done yet are missing.
    package func shares(schedule: [Stage]) -> [(stage: Stage, share: Double)] {
        let times = Stage.allCases.map { stage in
            (stage, (seconds(of: stage) ?? 0) * Double(schedule.count { $0 == stage }))
        }
        let whole = times.reduce(0) { $0 + $1.1 }
        return whole > 0 ? times.filter { $0.1 > 0 }.map { ($0.0, $0.1 / whole) } : []
    }
}
