import Checkpoint
import Foundation
import Tensor

/// A save on its way to the disk.
struct SaveInProgress: Sendable {
    var number: Int
    var id: CheckpointID
    var reason: CheckpointReason
    /// Seconds that training stood still for the copy.
    var stall: Double
    /// Of the list of checkpoints when the save began.
    var listing: Int
    var task: Task<Result<CheckpointWriter.Written, any Error>, Never>
}

extension Trainer {
    /// Copies the complete state and hands it to the writer; training may go on at once. One save at a time: an earlier
    /// one is waited for. False when training halted instead.
    @discardableResult
    func startSave(_ reason: CheckpointReason) async -> Bool {
        guard await finishSave(), let engine else { return false }
        do {
            // A step that the journal could not take yet comes before the state that ends it.
            if let record = unrecorded { try note(record) }
            let started = ContinuousClock.now
            let id = CheckpointID(branch: branch, step: currentStep)
            let rows = try journal.rows(branch: branch, after: parent.map { $0.branch == branch ? $0.step : 0 } ?? 0)
            let image = try engine.stateImage(texts: [
                TextFile(name: "voice.toml", contents: voice.configuration.toml),
                TextFile(name: "journal.jsonl", contents: rows.map { $0.jsonLine + "\n" }.joined()),
            ])
            let request = SaveRequest(
                id: id, reason: reason, parent: parent, datasetFingerprint: fingerprint,
                configurationDigest: Digest(of: voice.configuration.toml).description)
            let retention = retention()
            saveCount += 1
            let (writer, number) = (writer, saveCount)
            let task = Task<Result<CheckpointWriter.Written, any Error>, Never> {
                do {
                    return .success(try await writer.write(image, as: request, retention))
                } catch {
                    return .failure(error)
                }
            }
            saving = SaveInProgress(
                number: number, id: id, reason: reason, stall: (ContinuousClock.now - started).inSeconds,
                listing: listing, task: task)
            startedSaveStep = currentStep
            startedSaveAt = .now
            publish()
            // Heard of between two steps; whoever waits for the save is told first.
            Task { settle(number, await task.value) }
            return true
        } catch {
            await trouble(error)
            return false
        }
    }

    /// Waits for the save on its way, if there is one; false when it failed.
    func finishSave() async -> Bool {
        guard let saving else { return true }
        return settle(saving.number, await saving.task.value)
    }

    /// Saves and waits until the disk has it.
    func save(_ reason: CheckpointReason) async -> Bool {
        guard await startSave(reason) else { return false }
        let before = phase
        if phase == .training { phase = .saving }
        publish()
        let isSaved = await finishSave()
        if phase == .saving { phase = before }
        publish()
        return isSaved
    }

    /// Takes note of how a save ended, once.
    @discardableResult
    private func settle(_ number: Int, _ result: Result<CheckpointWriter.Written, any Error>) -> Bool {
        guard let save = saving, save.number == number else { return (try? result.get()) != nil }
        saving = nil
        switch result {
        case .failure(let error):
            troubleOfSave = error
            startedSaveStep = savedStep
            mailbox.ring()
            return false
        case .success(let written):
            (parent, savedStep) = (save.id, save.id.step)
            pace.note(stall: save.stall, work: written.work, threads: threads)
            if listing != save.listing {
                // The writer's list is older than what was set aside or removed meanwhile.
                try? refreshSummaries()
            } else if !written.summaries.isEmpty {
                summaries = written.summaries
            }
            if !branches.contains(where: { $0.name == branch }) { try? branches = overview.branches() }
            publish()
            if let damage = written.saved.replacedDamage { log(.warning, damage) }
            warnOfDifferences(save.id, written.saved)
            log(
                .checkpoint,
                written.saved.wasAlreadySaved
                    ? "\(save.id) is saved already" : "Saved \(save.id) (\(save.reason.rawValue))")
            if !written.removed.isEmpty {
                log(.checkpoint, "Removed \(written.removed.map(\.description).joined(separator: ", "))")
            }
            for remark in written.remarks { log(.warning, remark) }
            if case .savedFromReserve(let needed) = written.saved.space {
                troubleOfSave = ReserveUsed(id: save.id, needed: needed)
                mailbox.ring()
            }
            publish()
            evaluateWhenDue(save.id)
            inspectCheckpoints()
            return true
        }
    }

    /// What stays: the newest, then fewer and fewer, and those that measured best.
    private func retention() -> CheckpointWriter.Retention {
        let training = settingsInForce.training
        guard training.keepCheckpoints > 0 else { return .init(policy: nil, named: []) }
        let best = CheckpointOverview.best(of: summaries, by: training.keepBest)
        return .init(policy: RetentionPolicy(keepLast: training.keepCheckpoints), named: Set(best.keys))
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
        listing += 1
        summaries = try overview.summaries()
        branches = try overview.branches()
    }
}
