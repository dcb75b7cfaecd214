import Checkpoint
import Foundation
import Synchronization

/// The history of checkpoints for people: what the store knows, with the losses that the journal has at their steps.
package final class CheckpointOverview: Sendable {
    private let store: CheckpointStore
    /// nil for a voice without a journal: then there are no losses.
    private let journal: Journal?
    /// By checkpoint; what was trained stays as it was.
    private let losses = Mutex<[CheckpointID: [Metric: Float]]>([:])
    /// Those found damaged by whoever read them last, and left in their places.
    private let damaged = Mutex<[CheckpointID: String]>([:])

    package init(store: CheckpointStore, journal: Journal?) {
        self.store = store
        self.journal = journal
    }

    /// Every checkpoint whose manifest can be believed, the oldest save first.
    package func summaries() throws -> [CheckpointSummary] {
        let verified = store.verified()
        let damaged = damaged.withLock { $0 }
        // A history without its figures is better than none.
        let evaluations = (try? journal?.evaluations()) ?? [:]
        return try store.list().compactMap { listing in
            guard let header = listing.header else { return nil }
            return CheckpointSummary(
                id: header.id.description, branch: header.branch, step: header.step, date: header.date,
                reason: header.reason.rawValue, bytes: header.bytes, parent: header.parent?.description,
                isPinned: listing.isPinned, tags: listing.tags, note: listing.note,
                verification: damaged[header.id].map { .damaged($0) }
                    ?? verified[header.id].flatMap { $0.sequence == header.sequence ? .sound($0.date) : nil }
                    ?? .notYet,
                losses: losses(at: header.id), evaluation: evaluations[header.id])
        }
    }

    /// The checkpoint that a person means, as `CheckpointStore.resolve` does.
    package func summary(of text: String) throws -> CheckpointSummary {
        let id = try store.resolve(text)
        guard let found = try summaries().first(where: { $0.id == id.description }) else {
            _ = try store.header(id)
            throw CheckpointError.notFound(id: id)
        }
        return found
    }

    package func branches() throws -> [BranchSummary] {
        try store.branches().map {
            BranchSummary(name: $0.name, parent: $0.parent?.description, date: $0.date, reason: $0.reason)
        }
    }

    /// Remembers that a checkpoint is damaged and stands in its place; nil when it is not, or not any more.
    func note(_ defect: String?, of id: CheckpointID) { damaged.withLock { $0[id] = defect } }

    /// What sets two checkpoints apart; reads those of their files that differ.
    package func compare(_ first: String, _ second: String) throws -> CheckpointComparison {
        let sides = try (summary(of: first), summary(of: second))
        return try CheckpointComparison(
            store.compare(store.resolve(first), store.resolve(second)), sides.0, sides.1)
    }

    /// What thinning out by the voice's settings would come to.
    package func prunePreview(_ training: VoiceConfiguration.Training) throws -> PrunePreview {
        let all = Dictionary(try summaries().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let best = try best(by: training.keepBest)
        let plan = try store.retentionPlan(
            RetentionPolicy(keepLast: training.keepCheckpoints), keeping: Set(best.keys))
        return PrunePreview(
            kept: plan.kept.compactMap { kept in
                all[kept.id.description].map {
                    PrunePreview.Kept(
                        checkpoint: $0,
                        reasons: kept.reasons.flatMap { reason in
                            reason == .named
                                ? (best[kept.id] ?? []).map { "best \($0.rawValue)" } : [reason.rawValue]
                        })
                }
            },
            leaving: plan.leaving.compactMap { leaving in
                all[leaving.id.description].map {
                    PrunePreview.Leaving(checkpoint: $0, bytesFreed: leaving.bytesFreed)
                }
            }, bytesFreed: plan.bytesFreed)
    }

    /// Those that measured best by some figures, and by which: they stay in any case.
    package func best(by figures: [CheckpointFigure]) throws -> [CheckpointID: [CheckpointFigure]] {
        Self.best(of: try summaries(), by: figures)
    }

    static func best(
        of summaries: [CheckpointSummary], by figures: [CheckpointFigure]
    ) -> [CheckpointID: [CheckpointFigure]] {
        let best = CheckpointSummary.best(of: summaries, by: figures)
        return Dictionary(
            summaries.compactMap { summary in
                best[summary.id].map { (CheckpointID(branch: summary.branch, step: summary.step), $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    package func settings(of text: String) throws -> CheckpointSettings {
        let texts = try store.texts(of: store.resolve(text))
        let position = try texts.position(as: TrainingPosition.self)
        return CheckpointSettings(
            stage: position.stageOverride, learningRateFactor: position.learningRateFactor,
            configuration: texts.text("voice.toml") ?? "", changes: position.settings ?? [:])
    }

    private func losses(at id: CheckpointID) -> [Metric: Float] {
        if let known = losses.withLock({ $0[id] }) { return known }
        // A history without its losses is better than none.
        guard let journal, let found = try? journal.losses(at: id.step, onLineOf: id.branch) else { return [:] }
        losses.withLock { $0[id] = found }
        return found
    }
}
