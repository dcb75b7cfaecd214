import Checkpoint
import Foundation
import Tensor
import VoiceModel

extension Trainer {
    func open() throws {
        if let lockRemark { log(.warning, lockRemark) }
        // A crash may have come between the branch's folder and the journal's row.
        for branch in try store.branches() {
            if let parent = branch.parent {
                try journal.addBranch(branch.name, parent: parent.branch, forkStep: parent.step)
            }
        }
        try prepare("Looking for the newest sound checkpoint")
        let found = try Recovery.recover(in: store)
        if found == nil, let base = voice.configuration.base { try prepare("Reading the base voice \(base.voice)") }
        let base = try found == nil ? BaseVoice.load(voice.configuration) : nil
        try prepare("Reading clips")
        let known =
            try voice.configuration.voice.preset.readsRecordedFeatures
            ? nil : (found?.checkpoint.image ?? base?.image).map(TrainingEngine.tokenizer)
        let (dataset, tokenizer) = try Dataset.prepare(voice, tokenizer: known) { what, fraction in
            preparing(what, fraction)
            return !mailbox.hasStop
        }
        for remark in dataset.remarks { log(.warning, remark) }
        if let sentence = voice.heldOutSpeakersSentence { log(.started, sentence) }
        try prepare("Building the model")
        fingerprint = try voice.fingerprint()
        let engine = TrainingEngine(
            configuration: voice.configuration, symbolCount: try voice.textFrontEnd().symbolTable.count,
            dataset: dataset,
            tokenizer: tokenizer)
        if let target = engine.model.unknownTargets.first { throw TrainingError.unknownTarget(target) }
        if let found {
            try engine.restore(found.checkpoint)
            branch = found.branch
            parent = found.checkpoint.id
            savedStep = found.checkpoint.id.step
            startedSaveStep = savedStep
            origin = found.explanation
            // It was read whole just now. That this could not be written down does no harm: it is read again.
            try? store.noteVerified(found.checkpoint.id)
            let step = found.checkpoint.id.step
            log(.resumed, redoing(found.explanation, after: step))
            if found.checkpoint.manifest.header.datasetFingerprint != fingerprint {
                try beginDataset(engine, after: found.checkpoint.id)
            }
            replay = try unfinishedReplay(on: branch, after: step)
            if let replay { redoing = TrainingSnapshot.Redoing(from: step, to: replay.target) }
        } else if let base {
            try engine.model.inherit(base.image, checkpoint: base.label)
            origin = "started from \(base.label)"
            log(.started, redoing("Starting from \(base.label)", after: 0))
        } else {
            let size = "\(dataset.training.count) clips, \(engine.position.codeCount) semantic codes"
            log(.started, redoing("Starting from scratch: \(size)", after: 0))
        }
        settingsToReplay = Self.inForce(try journal.settings(branch: branch, after: (savedStep ?? 0) - 1))
        for record in try journal.history(branch: branch, limit: 200) { stepPace.add(record) }
        try prepare("Starting")
        openBoard()
        self.engine = engine
        checkpointBytes = engine.model.checkpointBytes
        // What was wished at this very step holds from the first figure on the screen.
        replaySettings()
        let stages =
            engine.configuration.training.schedule + [options.stage, engine.position.stageOverride].compactMap(\.self)
        if let refusal = stages.lazy.compactMap(engine.refusal).first { throw refusal }
        if let stage = options.stage, engine.position.stageOverride != stage { try set("stage", stage.rawValue) }
        sayIfNothingCanBeEvaluated()
        try refreshSummaries()
    }

    /// Other clips, transcripts or another held-out list: a new version of the data, which begins with an epoch. Its
    /// place on the line is recorded, so that steps before it are never compared with it.
    private func beginDataset(_ engine: TrainingEngine, after id: CheckpointID) throws {
        engine.beginEpochs()
        lastStepOfOtherData = try journal.lastStep(branch: branch) ?? 0
        if try journal.settings(branch: branch, after: id.step - 1).last(where: { $0.name == "dataset" })?.value
            != fingerprint
        {
            try journal.append(
                JournalSetting(branch: branch, step: id.step, name: "dataset", value: fingerprint, date: Date()))
        }
        log(
            .warning,
            "The clips, transcripts or held-out list changed since \(id); every stage begins an epoch with them as they "
                + "are now")
    }

    /// The line of a resume, with the steps that were done after the checkpoint and are done again.
    private func redoing(_ explanation: String, after step: Int) -> String {
        guard let last = try? journal.lastStep(branch: branch), last > step else { return explanation }
        redoing = TrainingSnapshot.Redoing(from: step, to: last)
        return "\(explanation); redoing \(last - step) step\(last - step == 1 ? "" : "s") of the journal"
    }

    /// A part of the preparation that cannot say how far it is begins; a stop that came before ends it here.
    private func prepare(_ what: String) throws {
        guard !mailbox.hasStop else { throw CancellationError() }
        preparing(what, nil)
    }

    private func preparing(_ what: String, _ fraction: Double?) {
        phase = .preparing(what, fraction: fraction)
        // A thousand updates a second would be no news.
        guard ContinuousClock.now - lastEvent > .milliseconds(50) || fraction == nil else { return }
        lastEvent = .now
        publish()
    }
}

/// The checkpoint a new voice starts from.
struct BaseVoice {
    let image: StateImage
    let label: String

    /// nil when voice.toml names none.
    static func load(_ configuration: VoiceConfiguration) throws -> BaseVoice? {
        guard let base = configuration.base else { return nil }
        let voice = try Voice.open(base.voice)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let loaded: LoadedCheckpoint
        if base.checkpoint.isEmpty {
            guard let found = try Recovery.newestSound(in: store) else {
                throw TrainingError.emptyBase(voice: base.voice)
            }
            loaded = found.checkpoint
        } else {
            loaded = try store.load(CheckpointID(parsing: base.checkpoint))
        }
        return BaseVoice(image: loaded.image, label: "\(base.voice)@\(loaded.id)")
    }
}
