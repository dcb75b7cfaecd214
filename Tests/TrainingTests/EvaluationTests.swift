import Checkpoint
import Foundation
import GRDB
import Tensor
import Testing
import Training
import VoiceModel

/// What checkpoints are measured and chosen by.
@Suite struct EvaluationTests {
    // MARK: Repeats and skips

    /// An attention whose look sits on `places`, one for each token, with a little everywhere else.
    private func attention(_ places: [Int], symbols: Int, heads: Int = 1) -> TextAttention {
        var rows = [Float](repeating: 0.1 / Float(symbols), count: places.count * symbols)
        for (row, place) in places.enumerated() {
            for symbol in max(0, place - 1)...min(symbols - 1, place + 1) {
                rows[row * symbols + symbol] = symbol == place ? 0.6 : 0.1
            }
        }
        let even = [Float](repeating: 0.5 / Float(symbols), count: rows.count)
        return TextAttention(
            tokens: places.count, symbols: symbols, heads: Array(repeating: even, count: heads - 1) + [rows])
    }

    private func slips(_ places: [Int], symbols: Int) -> SpeechSlips {
        SpeechSlips(Alignment(attention(places, symbols: symbols), heads: [0]))
    }

    /// Two tokens a symbol.
    private func reading(_ symbols: Range<Int>) -> [Int] { symbols.flatMap { [$0, $0] } }

    @Test func aTextThatIsReadOnceHasNoSlips() {
        let found = slips(reading(0..<40), symbols: 40)
        #expect(found.repeats == 0 && found.skipped == 0 && found.symbols == 40 && found.tokens == 80)
        // A glance of two tokens back or ahead is none either.
        var places = reading(0..<40)
        (places[30], places[31], places[60], places[61]) = (2, 2, 39, 39)
        let glancing = slips(places, symbols: 40)
        #expect(glancing.repeats == 0 && glancing.skipped == 0)
    }

    @Test func whatIsSaidAgainIsCounted() {
        let again = reading(0..<25) + reading(10..<25) + reading(10..<40)
        #expect(slips(again, symbols: 40).repeats == 2)
        #expect(slips(again, symbols: 40).skipped == 0)
        let stuck = reading(0..<20) + Array(repeating: 20, count: 45) + reading(20..<40)
        #expect(slips(stuck, symbols: 40).repeats == 1)
    }

    @Test func whatIsPassedOverIsCounted() {
        let hole = reading(0..<12) + reading(24..<40)
        let found = slips(hole, symbols: 40)
        #expect((11...13).contains(found.skipped) && found.repeats == 0)
        #expect((19...21).contains(slips(reading(0..<20), symbols: 40).skipped))
    }

    @Test func theHeadThatFollowsWhatIsSaidIsChosen() throws {
        let lengths = [30, 36]
        /// Heads that look everywhere, where counting tokens leads, and at what is said.
        func look(_ recording: Int, _ order: [Int], isReading: Bool) -> TextAttention {
            let symbols = lengths[recording], places = reading(0..<symbols)
            let counted = order.indices.map { min($0 / 2, symbols - 1) }
            let said = isReading ? order.map { places[$0] } : counted
            var all = attention(said, symbols: symbols, heads: 3)
            all.heads[1] = attention(counted, symbols: symbols).heads[0]
            return all
        }
        let tokens = lengths.map { 2 * $0 }
        let guide = try #require(AlignmentGuide(recordings: tokens) { look($0, $1, isReading: true) })
        #expect(guide.heads == [2] && guide.strength > 0.7 && guide.found == 4 && guide.known == 4)
        // One that only counts goes through every recording as if it read, and would never find a slip.
        #expect(AlignmentGuide(recordings: tokens) { look($0, $1, isReading: false) } == nil)
        #expect(AlignmentGuide(recordings: []) { look($0, $1, isReading: true) } == nil)
    }

    @Test(arguments: [ModelPreset.tiny, .v2]) func aPriorsAttentionIsAShareOfWhatEachRowSees(preset: ModelPreset) throws
    {
        let prior: any TokenPrior
        if preset == .v2 {
            var sizes = SemanticDecoderConfiguration()
            (sizes.hidden, sizes.layers, sizes.heads, sizes.symbolCount, sizes.codeCount) = (32, 2, 4, 20, 16)
            prior = SemanticDecoder(sizes)
        } else {
            prior = Prior(PriorConfiguration(hidden: 32, layers: 2, heads: 4, symbolCount: 20, codeCount: 16))
        }
        prior.initialize(seed: 3)
        let look = try prior.textAttention(
            text: [3, 4, 5, 6, 7], tokens: [1, 2, 3], speaker: .zeros([1, 192, 1]), codeTable: .zeros([16, 256]),
            bert: nil)
        #expect(look.heads.count == 8 && look.tokens == 3 && look.symbols == 5)
        for head in look.heads {
            let sums = (0..<3).map { row in head[row * 5..<(row + 1) * 5].reduce(0, +) }
            // The first row of v2 is the text's own last one, which sees nothing but text.
            #expect(abs(sums[0] - 1) < 1e-4 || preset == .tiny)
            #expect(sums.allSatisfy { $0 > 0 && $0 < 1.0001 } && sums[2] < 0.999)
        }
    }

    // MARK: Figures

    @Test func characterErrorsAreOfAllCharacters() {
        var errors = CharacterErrors()
        #expect(errors.rate == nil)
        errors.add(text: "Good Morning, “you”!", heard: "good morning you")
        #expect(errors.rate == 0 && errors.characters == 16)
        errors.add(text: "It’s late.", heard: "")
        #expect(errors.errors == 9 && errors.rate == 9.0 / 25)
    }

    @Test func oneThatWasNeverMeasuredIsNoRecogniser() throws {
        #expect(SpeechRecognizer(path: "/nowhere:/usr/share") == nil)
    }

    @Test func validationMeasuresTopThreeToo() throws {
        let engine = try TinyVoice.engine { $0.training.validationSteps = 2 }
        let records = try (0..<2).map { _ in try engine.performStep(branch: "main") }
        #expect(records[0].metrics[.validationTopThree] == nil)
        let share = try #require(records[1].metrics[.validationTopThree])
        #expect(share >= 0 && share <= 1)
        // A row of a version that did not measure it is the same step's outcome.
        var old = records[1]
        old.metrics[.validationTopThree] = nil
        #expect(old.isIdentical(to: records[1]) && records[1].isIdentical(to: old))
        old.metrics[.validationTopThree] = share + 0.5
        #expect(old.differences(from: records[1]) == ["validation_top3_accuracy"])
    }

    // MARK: Journal

    private func evaluation(_ basis: String = "a", at seconds: Double = 1, cer: Double = 0.5) -> CheckpointEvaluation {
        CheckpointEvaluation(
            date: Date(timeIntervalSince1970: seconds), clips: 2, basis: basis,
            figures: [.mel: 0.9, .characterError: cer], recordings: [.characterError: 0.2],
            notes: [.similarity: "no base"])
    }

    @Test func evaluationsOutliveTheProcessAndReplaceEarlierOnes() throws {
        let folder = try VoiceFolder()
        let url = try folder.voice().journalURL
        let (first, second) = (CheckpointID(branch: "main", step: 1), CheckpointID(branch: "b", step: 2))
        do {
            let journal = try Journal(url: url)
            try journal.add(evaluation(cer: 0.9), of: first)
            try journal.add(evaluation(), of: first)
            try journal.add(evaluation("b", at: 2), of: second)
        }
        let read = try Journal(readOnly: url).evaluations()
        var expected = evaluation()
        expected.isComparable = false
        #expect(read == [first: expected, second: evaluation("b", at: 2)])
    }

    @Test func aJournalOfAnEarlierVersionOpens() throws {
        let folder = try VoiceFolder()
        let url = try folder.voice().journalURL
        do {
            let journal = try Journal(url: url)
            _ = try journal.append(
                StepRecord(
                    branch: "main", step: 1, stage: .sovits, epoch: 0, batch: 0, learningRate: 1, metrics: [.mel: 2],
                    seconds: 1))
        }
        try DatabaseQueue(path: url.path).write { database in
            try database.execute(sql: "DROP TABLE evaluations")
            try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '3'")
        }
        #expect(try Journal(readOnly: url).evaluations().isEmpty)
        let journal = try Journal(url: url)
        let id = CheckpointID(branch: "main", step: 1)
        try journal.add(evaluation(), of: id)
        #expect(try journal.evaluations() == [id: evaluation()])
        #expect(try journal.rows(branch: "main").count == 1)
    }

    // MARK: Choice

    private func summary(_ step: Int, mel: Float, top: Float? = nil, cer: Double? = nil) -> CheckpointSummary {
        var result = CheckpointSummary(
            id: "main/g_000000\(step)", branch: "main", step: step, date: Date(timeIntervalSince1970: 0),
            reason: "user",
            bytes: 1, parent: nil, isPinned: false, losses: [.validationMel: mel])
        result.losses[.validationTopThree] = top
        if let cer { result.evaluation = evaluation(cer: cer) }
        result.evaluation?.figures[.mel] = nil
        return result
    }

    @Test func theBestByEachFigureIsChosen() {
        let all = [
            summary(1, mel: 1, top: 0.2), summary(2, mel: .nan, top: 0.6, cer: 0.3), summary(3, mel: 0.5, top: 0.4),
            summary(4, mel: 0.5, top: 0.1, cer: 0.2),
        ]
        #expect(
            CheckpointSummary.best(of: all, by: [.mel, .topThree, .characterError, .repeats]) == [
                "main/g_0000003": [.mel], "main/g_0000002": [.topThree], "main/g_0000004": [.characterError],
            ])
        #expect(CheckpointSummary.best(of: all, by: []).isEmpty)
        let sorted = all.sorted { CheckpointSummary.isBetter($0, $1, by: .characterError) }
        #expect(sorted.prefix(2).map(\.step) == [4, 2])
        // Measured with other clips, it is not held against the rest.
        var others = all
        others[3].evaluation?.isComparable = false
        #expect(CheckpointSummary.best(of: others, by: [.characterError]) == ["main/g_0000002": [.characterError]])
    }

    @Test func retentionKeepsWhatMeasuredBestAndSaysWhy() async throws {
        let folder = try VoiceFolder {
            ($0.training.validationSteps, $0.training.autosaveSteps) = (1, 1)
            $0.training.keepCheckpoints = 0
        }
        try await train(folder.voice(), to: 6)
        let voice = try folder.voice()
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let journal = try Journal(url: voice.journalURL)
        // The third hears best; nothing else would keep it.
        let third = CheckpointID(branch: "main", step: 3)
        for id in try store.list().map(\.id) { try journal.add(evaluation(cer: id == third ? 0.1 : 0.7), of: id) }
        let overview = CheckpointOverview(store: store, journal: journal)
        var training = voice.configuration.training
        (training.keepCheckpoints, training.keepBest) = (1, [.characterError])
        let preview = try overview.prunePreview(training)
        let kept = try #require(preview.kept.first { $0.checkpoint.id == third.description })
        #expect(kept.reasons.contains("best cer"))
        #expect(try overview.best(by: [.characterError]) == [third: [.characterError]])
    }

    // MARK: The whole of it

    @Test func anEvaluationIsTheSameTwiceAndKnowsWhatItCannotMeasure() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 2)
        let voice = try folder.voice()
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let evaluator = try CheckpointEvaluator(voice: voice, store: store, recognizer: nil)
        var shares: [Double] = []
        let id = CheckpointID(branch: "main", step: 2)
        var first = try evaluator.evaluate(id) {
            shares.append($0)
            return true
        }
        #expect(shares == shares.sorted() && shares.last == 1)
        #expect(first.figures[.characterError] == nil && first.figures[.similarity] == nil)
        #expect(first.remarks.contains { $0.hasPrefix("cer not measured: no recogniser") })
        #expect(first.remarks.contains("similarity not measured: the voice has no base that many speakers trained"))
        let second = try evaluator.evaluate(id)
        first.date = second.date
        #expect(first == second)
        #expect(throws: CancellationError.self) { try evaluator.evaluate(id) { $0 < 0.3 } }
    }

    @Test func aStudioEvaluatesBesideTraining() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 1 }
        try await train(folder.voice(), to: 1)
        let watched = try Watched(try folder.voice(), TrainerOptions(threads: 1))
        watched.trainer.send(.evaluate("main/g_0000001"))
        #expect(await watched.until { _ in watched.obeyed.contains(.evaluate("main/g_0000001")) })
        watched.trainer.send(.stop)
        _ = await watched.finish()
        #expect(watched.messages.contains { $0.hasPrefix("Evaluated main/g_0000001: mel ") })
        #expect(watched.progress.contains { $0.command == .evaluate("main/g_0000001") })
        let summary = watched.last?.checkpoints.first { $0.step == 1 }
        #expect(summary?.evaluation?.figures[.mel] != nil && summary?.figure(.topThree) != nil)
    }

    /// The tensor files of the checkpoint at a step.
    private func files(_ folder: VoiceFolder, _ step: Int) throws -> [StateFile] {
        try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
            .load(CheckpointID(branch: "main", step: step)).image.files
    }

    @Test func newCheckpointsAreEvaluatedByThemselvesAndTrainingStaysTheSame() async throws {
        let folder = try VoiceFolder {
            ($0.training.autosaveSteps, $0.training.evaluateSteps, $0.training.keepCheckpoints) = (1, 2, 0)
            $0.training.tensorboard = "board"
        }
        func begun(_ update: TrainingUpdate) -> Bool {
            if case .event(let event) = update { event.message.hasPrefix("Evaluating main/") } else { false }
        }
        let watched = try Watched(try folder.voice(), TrainerOptions(threads: 1))
        await watched.until(begun)
        #expect(watched.messages.contains("Evaluating main/g_0000002 beside training"))
        // Training goes on, and pauses only so that this takes less long.
        await watched.until(step: (watched.records.last?.step ?? 0) + 2)
        watched.trainer.send(.pause)
        await watched.until { _ in watched.obeyed.contains(.evaluate("main/g_0000002")) }
        #expect(await watched.finish(.stop) == .stopped)
        let journal = try Journal(readOnly: folder.voice().journalURL)
        // The first is done before or after two more steps; if before, the next one has its turn, too.
        let first = watched.evaluated.sorted()
        #expect(first.first == 2 && zip(first, first.dropFirst()).allSatisfy { $1 - $0 >= 2 }, "\(first)")
        #expect(try journal.evaluations().keys.map(\.step).sorted() == first)

        // Opened again, it goes on counting from there; what is under way at the end is not kept.
        let again = try Watched(try folder.voice(), TrainerOptions(threads: 1))
        await again.until(begun)
        #expect(await again.finish(.stop) == .stopped)
        let next = try #require(again.messages.first { $0.hasPrefix("Evaluating main/") })
        let step = try #require(Int(next.dropFirst("Evaluating main/g_".count).prefix(7)))
        #expect(
            step >= (first.last ?? 0) + 2 && !again.messages.contains { $0.hasPrefix("Evaluating main/g_0000003") },
            "\(next)")
        try #expect(Set(journal.evaluations().keys.map(\.step)) == again.evaluated.union(first))

        let steps = try #require(again.records.last?.step)
        let plain = try VoiceFolder { ($0.training.autosaveSteps, $0.training.keepCheckpoints) = (1, 0) }
        try await train(plain.voice(), to: steps)
        #expect(try files(folder, steps) == files(plain, steps))
        #expect(
            try journal.rows(branch: "main").map(\.metrics)
                == Journal(readOnly: plain.voice().journalURL).rows(branch: "main").map(\.metrics))
    }

    @Test func aVoiceWithoutHeldOutClipsHearsOnceThatNothingIsEvaluated() async throws {
        let folder = try VoiceFolder {
            ($0.training.autosaveSteps, $0.training.evaluateSteps, $0.data.heldOut) = (1, 1, [])
        }
        func isSaid(_ message: String) -> Bool { message.contains("evaluate_steps asks") }
        let run = try await train(folder.voice(), to: 4)
        #expect(
            run.messages.filter(isSaid) == [
                "No checkpoint is evaluated by itself, as evaluate_steps asks: voice tiny holds no clips out to measure "
                    + "it with; name some under [data] held_out in its voice.toml"
            ])
        #expect(!run.messages.contains { $0.hasPrefix("Evaluating") || $0.hasPrefix("Voice tiny") })
        // Nobody who asks for nothing hears of it, until it is asked for while training.
        let quiet = try VoiceFolder { $0.data.heldOut = [] }
        let watched = try Watched(try quiet.voice())
        await watched.until(step: 1)
        #expect(!watched.messages.contains(where: isSaid))
        _ = try await watched.trainer.change("training.evaluate_steps", to: "2")
        #expect(await watched.finish(.stop) == .stopped)
        #expect(watched.messages.filter(isSaid).count == 1)
    }

    @Test func evaluationsEndWithTheRun() async throws {
        let folder = try VoiceFolder { ($0.training.autosaveSteps, $0.training.evaluateSteps) = (1, 1) }
        let watched = try Watched(try folder.voice(), TrainerOptions(threads: 1))
        await watched.until { if case .progress(.evaluate, let share) = $0 { share > 0 } else { false } }
        #expect(await watched.finish(.interrupt) == .stopped)
        // Each that was begun was either ended or, where it was done sooner than the run, kept.
        let ended = watched.steps(named: "The evaluation of main/g_")
        #expect(watched.steps(named: "Evaluating main/g_") == ended.union(watched.evaluated))
        #expect(ended.isDisjoint(with: watched.evaluated))
        let kept = try Journal(readOnly: folder.voice().journalURL).evaluations().keys.map(\.step)
        #expect(Set(kept) == watched.evaluated)
        // No step is lost for it.
        #expect(watched.last?.checkpoints.last?.step == watched.records.last?.step)
    }

    @Test func likenessIsToldOnlyByAnEncoderThatManySpeakersTrained() async throws {
        let base = try VoiceFolder()
        try await train(base.voice(), to: 1)
        let folder = try VoiceFolder(base: base) { $0.base = .init(voice: base.url.path) }
        let voice = try folder.voice()
        func reason() throws -> String? {
            if case .unknown(let reason) = try SpeakerLikeness(voice) { return reason }
            return nil
        }
        let store = try CheckpointStore(directory: base.voice().checkpointDirectory)
        let image = try store.load(CheckpointID(branch: "main", step: 1)).image
        /// As if the base's newest checkpoint were of so many speakers.
        func record(step: Int, speakers count: Int, _ heldOut: HeldOutSpeakers?) throws {
            var position: TrainingPosition = try image.position()
            position.speakers = SpeakerPosition(names: (0..<count).map { "\($0)" })
            position.speakers?.heldOut = heldOut
            position.step = step
            let id = CheckpointID(branch: "main", step: step)
            try store.save(
                StateImage(files: image.files, position: position),
                as: SaveRequest(id: id, reason: .user, parent: nil, datasetFingerprint: "", configurationDigest: ""))
        }
        #expect(try reason()?.hasSuffix("to tell no speakers apart, of 50 that it takes") == true)
        let heldOut = HeldOutSpeakers(speakers: 31, errorRate: 0.041)
        try record(step: 2, speakers: 49, heldOut)
        #expect(try reason()?.hasSuffix("to tell only 49 speakers apart, of 50 that it takes") == true)
        try record(step: 3, speakers: 50, nil)
        #expect(try reason()?.hasPrefix("no error rate among held-out speakers was measured") == true)
        try record(step: 4, speakers: 247, heldOut)
        guard case .known(let encoder) = try SpeakerLikeness(voice) else {
            Issue.record("there is no encoder: \(try reason() ?? "")")
            return
        }
        #expect(
            encoder.remark
                == "by an encoder that 247 speakers trained and whose error rate among 31 others is 4.1 %")
        let likeness = try #require(try encoder.mean(of: [(TinyVoice.waveform(1), "")]))
        #expect(likeness > -1.0001 && likeness < 1.0001)
    }
}

extension Watched {
    /// The steps of the checkpoints in the log lines that begin so.
    fileprivate func steps(named beginning: String) -> Set<Int> {
        Set(messages.filter { $0.hasPrefix(beginning) }.compactMap { Int($0.dropFirst(beginning.count).prefix(7)) })
    }

    fileprivate var evaluated: Set<Int> { steps(named: "Evaluated main/g_") }
}
