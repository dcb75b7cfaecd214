import Checkpoint
import Foundation
import Tensor
import Testing
import Training
import VoiceModel

@Suite struct SpeakerStageTests {
    private func steps(_ engine: TrainingEngine, _ count: Int) throws -> [StepRecord] {
        try (0..<count).map { _ in try engine.performStep(branch: "main") }
    }

    private func isSame(_ a: [StepRecord], _ b: [StepRecord]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical(to: $1) }
    }

    /// What a store would hand back.
    private func loaded(_ engine: TrainingEngine) throws -> LoadedCheckpoint {
        let folder = try JournalFolder(), store = try CheckpointStore(directory: folder.url)
        let id = CheckpointID(branch: "main", step: engine.position.step)
        try store.save(
            engine.stateImage(texts: []),
            as: SaveRequest(id: id, reason: .user, parent: nil, datasetFingerprint: "", configurationDigest: ""))
        return try store.load(id)
    }

    // MARK: Clips

    @Test func referencesAndCropsAreOfTheirSpeaker() throws {
        let dataset = try SpeakerVoice.engine().dataset
        #expect(dataset.speakers == (0..<10).map(SpeakerVoice.name).sorted())
        func clip(_ sound: ArraySlice<Float>, frames: Int) -> PreparedClip? {
            // Shorter than a crop: it begins at the clip's start.
            dataset.training.first { Array($0.spectrum.prefix($0.frames)) == Array(sound.prefix($0.frames)) }
        }
        /// A crop is masked in part, and the clip's numbers otherwise.
        func likest(_ crop: ArraySlice<Float>) -> PreparedClip? {
            let numbers = Set(crop)
            func shared(_ clip: PreparedClip) -> Int { Set(clip.spectrum).intersection(numbers).count }
            return dataset.training.max { shared($0) < shared($1) }
        }
        var heard: Set<String> = []
        for step in 0..<6 {
            let indices = [3 * step, 3 * step + 1, 29]
            let references = dataset.references(for: indices, bins: 80, seed: 1, step: step).values
            let crops = dataset.crops(of: indices, bins: 80, seed: 1, step: step)
            for (place, index) in indices.enumerated() {
                let own = dataset.training[index]
                let reference = try #require(clip(references[(place * 80 * 150)...], frames: 150))
                #expect(reference.speaker == own.speaker && reference.id != own.id)
                heard.insert(reference.id)
                let crop = crops.spectrum.values[(place * 80 * 100)..<((place + 1) * 80 * 100)]
                #expect(likest(crop)?.id == own.id)
                #expect(dataset.speakers[crops.speakers[place]] == own.speaker)
            }
        }
        #expect(heard.count > 6)
    }

    @Test func heldOutSpeakersNeverTrain() throws {
        let folder = try VoiceFolder()
        try folder.takeSpeakers(SpeakerVoice.configuration { $0.data.heldOut = ["of_00", "of_01", "of_22"] })
        let voice = try folder.voice()
        #expect(voice.speakers.count == 12 && voice.heldOutSpeakers.count >= 2 && voice.heldOutSpeakers.count < 5)
        // Each stays where it is when others join or the order changes.
        var more = SpeakerVoice.configuration()
        more.data.heldOutSpeakers = 0.3
        try folder.write(more)
        #expect(try folder.voice().heldOutSpeakers.isSuperset(of: voice.heldOutSpeakers))
        let (dataset, _) = try Dataset.prepare(voice, tokenizer: nil) { _, _ in true }
        #expect(Set(dataset.ofHeldOutSpeakers.map(\.speaker)) == voice.heldOutSpeakers)
        #expect(dataset.ofHeldOutSpeakers.count == 2 * voice.heldOutSpeakers.count)
        for clips in [dataset.training, dataset.heldOut] {
            #expect(voice.heldOutSpeakers.isDisjoint(with: clips.map(\.speaker)))
        }
        #expect(Set(voice.trainingClips.map(\.id)) == Set(dataset.training.map(\.id)))
        #expect(Set(voice.heldOut.map(\.id)) == Set(dataset.heldOut.map(\.id)))
        #expect(!dataset.training.isEmpty && !dataset.heldOut.isEmpty)
        // Few speakers are all needed.
        try folder.takeSpeakers(SpeakerVoice.configuration(), count: 9)
        #expect(try folder.voice().heldOutSpeakers.isEmpty && folder.voice().speakers.count == 9)
    }

    @Test func whoSpeaksIsPartOfTheData() throws {
        let folder = try VoiceFolder()
        let before = try folder.voice().fingerprint()
        #expect(try folder.voice().speakers == [""] && folder.voice().heldOutSpeakersSentence == nil)
        let file = folder.url.appendingPathComponent("speakers.csv")
        try Data("clip_1|ada\n".utf8).write(to: file)
        let voice = try folder.voice()
        #expect(try voice.speakers == ["", "ada"] && voice.fingerprint() != before)
        #expect(try ReferenceStyle.remark(voice)?.contains("2 speakers and takes the style of") == true)
        try Data("clip_1\n".utf8).write(to: file)
        #expect(throws: VoiceError.malformedTranscript(file: file.path, line: 1, problem: "id|speaker is expected")) {
            try folder.voice()
        }
        try FileManager.default.removeItem(at: file)
        #expect(try folder.voice().fingerprint() == before && ReferenceStyle.remark(folder.voice()) == nil)
    }

    // MARK: Steps

    @Test func theEncoderLearnsToTellSpeakersApartAndNothingElseIsTouched() throws {
        let engine = try SpeakerVoice.engine {
            $0.training.validationSteps = 30
            ($0.optimizer.speakerTotalSteps, $0.optimizer.speakerLearningRate) = (60, 3e-3)
        }
        let before = try engine.stateImage(texts: [])
        #expect(!before.files.contains { $0.name.hasPrefix("speakers") })
        let position: TrainingPosition = try before.position()
        #expect(position.speakers == nil)
        let records = try steps(engine, 60), after = try engine.stateImage(texts: [])
        let loss = records.compactMap { $0.metrics[.speakerLoss] }, last = try #require(records.last)
        #expect(loss.count == 60 && loss.suffix(5).reduce(0, +) < 0.5 * loss.prefix(5).reduce(0, +))
        #expect(records.suffix(5).compactMap { $0.metrics[.speakerAccuracy] }.reduce(0, +) > 3)
        #expect(records.map { $0.metrics[.validationSpeakerError] != nil } == (1...60).map { $0 % 30 == 0 })
        #expect(Set(records[0].metrics.keys) == [.speakerLoss, .speakerAccuracy, .speakerGradientNorm])
        // Four batches of eight hold thirty clips.
        #expect(records[4].epoch == 1 && records[4].batch == 0)
        #expect(last.learningRate < 0.2 * 3e-3)
        let changed = try before.files.flatMap { file in
            let now = try after.file(file.name)
            return file.tensors.filter { now[$0.name] != $0 }.map { "\(file.name) \($0.name)" }
        }
        #expect(!changed.isEmpty && changed.allSatisfy { $0.hasPrefix("sovits.safetensors ref_enc.") })
        #expect(engine.model.sovits.parameters.allSatisfy { $0.tensor.gradient == nil })
        // The checkpoint says what was measured of these weights.
        let saved: TrainingPosition = try after.position()
        #expect(saved.speakers?.names == engine.dataset.speakers && saved.speakers?.updates == 60)
        #expect(saved.speakers?.heldOut?.speakers == 2)
        #expect(saved.speakers?.heldOut.map { Float($0.errorRate) } == last.metrics[.validationSpeakerError])
    }

    @Test func threadsAndAnInterruptionChangeNothing() throws {
        let make = { try SpeakerVoice.engine { $0.training.schedule = [.sovits, .speaker, .prior, .speaker] } }
        Threads.use(1)
        let straight = try make()
        _ = try steps(straight, 6)
        let checkpoint = try loaded(straight)
        let rest = try steps(straight, 4)
        Threads.use(2)
        let other = try make(), early = try loaded(other)
        _ = try steps(other, 2)
        try other.restore(checkpoint)
        #expect(try isSame(rest, steps(other, 4)))
        #expect(try other.stateImage(texts: []) == straight.stateImage(texts: []))
        // Before its first step there is nothing of the stage.
        try other.restore(early)
        #expect(try other.stateImage(texts: []) == make().stateImage(texts: []))
    }

    @Test func processesShareItsBatches() async throws {
        let alone = try await ThreadRank.all(1)[0].run { _ in try steps(SpeakerVoice.engine(), 2) }
        let ranks = try await ThreadRank.run(2) { rank in
            let engine = try SpeakerVoice.engine()
            engine.crew = ProcessCrew(rank)
            return (try steps(engine, 2), try engine.stateImage(texts: []))
        }
        #expect(isSame(ranks[0].0, ranks[1].0) && ranks[0].1 == ranks[1].1)
        for (metric, value) in alone[0].metrics {
            #expect(abs((ranks[0].0[0].metrics[metric] ?? .nan) - value) <= 2e-4 * max(1, abs(value)), "\(metric)")
        }
    }

    @Test func otherSpeakersBeginAnewAndFormerOnesAreNoStrangers() throws {
        let engine = try SpeakerVoice.engine()
        _ = try steps(engine, 1)
        let checkpoint = try loaded(engine)
        // Nine of them stay; the tenth is held out now, with one that never trained.
        let fewer = try SpeakerVoice.engine(training: 9)
        let codes = try TrainingEngine.tokenizer(of: checkpoint.image)
        let other = TrainingEngine(
            configuration: SpeakerVoice.configuration(), symbolCount: 40, dataset: fewer.dataset, tokenizer: codes)
        try other.restore(checkpoint)
        _ = try steps(other, 1)
        #expect(other.position.speakers?.names.count == 9 && other.position.speakers?.updates == 1)
        #expect(other.position.speakers?.former == [SpeakerVoice.name(9)])
        // One stranger is left: no two to tell apart.
        #expect(other.heldOutSpeakers() == nil)
    }

    // MARK: The trainer

    @Test func aKilledRunGoesOnWithTheSameBytes() async throws {
        func folder() throws -> VoiceFolder {
            let folder = try VoiceFolder()
            try folder.takeSpeakers(
                SpeakerVoice.configuration {
                    ($0.training.autosaveSteps, $0.training.validationSteps, $0.training.keepCheckpoints) = (2, 2, 0)
                })
            return folder
        }
        let straight = try folder(), broken = try folder()
        let (records, messages) = try await train(straight.voice(), to: 6)
        #expect(messages.contains { $0.contains(" of 12 speakers are held out and never train: ") })
        try await train(broken.voice(), to: 3)
        // As after a kill: the last checkpoint is gone, its step stands in the journal.
        try FileManager.default.removeItem(
            at: broken.voice().checkpointDirectory.appendingPathComponent("main/g_0000003"))
        let (again, said) = try await train(broken.voice(), to: 6)
        #expect(again.map(\.step) == [3, 4, 5, 6] && isSame(Array(records.suffix(4)), again))
        #expect(!said.contains { $0.contains("came out differently") })
        func image(_ folder: VoiceFolder) throws -> StateImage {
            try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
                .load(CheckpointID(branch: "main", step: 6)).image
        }
        let (one, other) = (try image(straight), try image(broken))
        #expect(one.files == other.files && one.texts.first == other.texts.first)
        let journal = try Journal(readOnly: straight.voice().journalURL)
        #expect(try journal.losses(at: 6, onLineOf: "main")[.validationSpeakerError] != nil)
        #expect(try journal.losses(at: 6, onLineOf: "main")[.speakerLoss] != nil)
    }

    @Test func whereItCannotTrainItIsRefused() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(try folder.voice(), TrainerOptions(targetStep: 2, stage: .speaker))
        let sentence = "\(TrainingError.tooFewSpeakers(found: 1, needed: 10))"
        #expect(await watched.finish() == .failed(sentence))
        #expect(try Journal(readOnly: folder.voice().journalURL).settings(branch: "main").isEmpty)
        let running = try Watched(try folder.voice(), commands: [.setStage(.speaker)])
        await running.until(step: 2)
        await #expect(throws: TrainingError.tooFewSpeakers(found: 1, needed: 10)) {
            try await running.trainer.change("training.schedule", to: "sovits, speaker")
        }
        #expect(await running.finish(.stop) == .stopped)
        #expect(running.messages.contains(sentence) && running.records.allSatisfy { $0.stage != .speaker })

        // Preset v2's kind of encoder.
        let data = try SpeakerVoice.engine(clips: 1)
        let other = TrainingEngine(
            configuration: SpeakerVoice.configuration(), symbolCount: 40, dataset: data.dataset,
            tokenizer: data.tokenizer, change: { $0.referenceEncoder = .style(bins: 80, speakerWidth: 48) })
        #expect(other.refusal(of: .speaker) == .noSpeakerEncoder(preset: "tiny") && other.refusal(of: .prior) == nil)
        #expect(throws: TrainingError.noSpeakerEncoder(preset: "tiny")) { try other.performStep(branch: "main") }
        let adapted = try SpeakerVoice.engine(clips: 1) {
            $0.base = .init(voice: "other")
            $0.lora = .init()
            $0.lora?.sovitsTargets = ["enc_p"]
        }
        #expect(adapted.refusal(of: .speaker) == .frozenSpeakerEncoder)
    }
}
