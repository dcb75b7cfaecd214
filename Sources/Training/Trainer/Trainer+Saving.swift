import Checkpoint
import Foundation

extension Trainer {
    /// Saves the complete state; halts and returns false when that fails.
    @discardableResult
    func save(_ reason: CheckpointReason) -> Bool {
        guard let engine else { return false }
        let before = phase
        phase = .saving
        publish()
        do {
            let id = CheckpointID(branch: branch, step: currentStep)
            let rows = try journal.rows(branch: branch, after: parent.map { $0.branch == branch ? $0.step : 0 } ?? 0)
            let image = try engine.stateImage(texts: [
                TextFile(name: "voice.toml", contents: voice.configuration.toml),
                TextFile(name: "journal.jsonl", contents: rows.map { $0.jsonLine + "\n" }.joined()),
            ])
            let request = SaveRequest(
                id: id, reason: reason, parent: parent, datasetFingerprint: fingerprint,
                configurationDigest: Digest(of: voice.configuration.toml).description)
            let step = currentStep
            let saved = try store.save(image, as: request) {
                try journal.sync()
                return step
            }
            (parent, savedStep, savedAt) = (id, currentStep, .now)
            if let damage = saved.replacedDamage { log(.warning, damage) }
            warnOfDifferences(id, saved)
            log(.checkpoint, saved.wasAlreadySaved ? "\(id) is saved already" : "Saved \(id) (\(reason.rawValue))")
            tidy()
            phase = before
            publish()
            return true
        } catch {
            halt("\(error)")
            return false
        }
    }

    /// Prunes and lists anew. The checkpoint is safe by now: what fails here is said, and training goes on.
    private func tidy() {
        do {
            if voice.configuration.training.keepCheckpoints > 0 {
                let gone = try store.prune(keepingLast: voice.configuration.training.keepCheckpoints)
                if !gone.isEmpty { log(.checkpoint, "Removed \(gone.map(\.description).joined(separator: ", "))") }
            }
        } catch {
            log(.warning, "Older checkpoints could not be removed: \(error)")
        }
        do {
            try refreshSummaries()
        } catch {
            log(.warning, "The list of checkpoints could not be read: \(error)")
        }
    }

    /// A step that is saved already has to be this very state; the rows and the place in settings may be told otherwise.
    private func warnOfDifferences(_ id: CheckpointID, _ saved: SavedCheckpoint) {
        let different = saved.differingFiles.filter { !["journal.jsonl", StateImage.positionName].contains($0) }
        guard saved.wasAlreadySaved, !different.isEmpty else { return }
        log(
            .warning,
            "\(id) was saved before with other contents in \(different.joined(separator: ", ")), and stays as it was: voice.toml, the machine or a library changed since"
        )
    }

    func refreshSummaries() throws {
        summaries = try store.list().compactMap { listing in
            listing.header.map { CheckpointSummary($0, isPinned: listing.isPinned) }
        }
    }
}

extension CheckpointSummary {
    package init(_ header: ManifestHeader, isPinned: Bool) {
        self.init(
            id: header.id.description, branch: header.branch, step: header.step, date: header.date,
            reason: header.reason.rawValue, bytes: header.bytes, parent: header.parent?.description, isPinned: isPinned)
    }
}
