import Audio
import Checkpoint
import Foundation
import Tensor
import Testing
import Training
import VoiceModel

/// Batches that several processes share, which are threads here: what comes out is what one process makes of them.
@Suite(.serialized) struct SharedBatchTests {
    /// What some steps of one rank came to.
    private struct Run: Sendable {
        var records: [StepRecord] = []
        /// After each step.
        var images: [StateImage] = []

        init(_ engine: TrainingEngine, _ crew: ProcessCrew?, steps: Int) throws {
            engine.crew = crew
            for _ in 0..<steps {
                records.append(try engine.performStep(branch: "main"))
                images.append(try engine.stateImage(texts: []))
            }
        }

        /// Fails shortly: an expectation that saw the images would print them.
        func expectIdentical(to other: Run, sourceLocation: SourceLocation = #_sourceLocation) {
            let hasSameImages = images == other.images
            #expect(hasSameImages, sourceLocation: sourceLocation)
            for (one, two) in zip(records, other.records) {
                #expect(one.isIdentical(to: two), sourceLocation: sourceLocation)
            }
        }
    }

    private static func runs(
        _ count: Int, steps: Int, _ make: @escaping @Sendable () throws -> TrainingEngine
    ) async throws -> [Run] {
        try await ThreadRank.run(count) { try Run(make(), ProcessCrew($0), steps: steps) }
    }

    /// That two and four ranks do what one process does, each of them all of it. The engine's first step must train the
    /// prior, its second SoVITS.
    private func expectAgreement(
        steps: Int = 4, sourceLocation: SourceLocation = #_sourceLocation,
        _ make: @escaping @Sendable () throws -> TrainingEngine
    ) async throws {
        let alone = try await ThreadRank.all(1)[0].run { _ in try Run(make(), nil, steps: steps) }
        for count in [2, 4] {
            let ranks = try await Self.runs(count, steps: steps, make)
            for rank in ranks.dropFirst() { rank.expectIdentical(to: ranks[0], sourceLocation: sourceLocation) }
            for (step, (one, other)) in zip(alone.records, ranks[0].records).enumerated() {
                #expect(one.metrics.keys == other.metrics.keys, sourceLocation: sourceLocation)
                for (metric, value) in one.metrics {
                    let bound: Float = step < 2 ? 2e-4 : 2e-2, found = other.metrics[metric] ?? .nan
                    #expect(
                        abs(value - found) <= bound * max(1, abs(value)),
                        "\(metric) of step \(step + 1) by \(count)", sourceLocation: sourceLocation)
                }
            }
            try expectGradients(alone.images[1], ranks[0].images[1], "by \(count)", sourceLocation: sourceLocation)
        }
    }

    /// Moments of one update are the gradients times a constant: compared number by number, as are statistics.
    private func expectGradients(
        _ one: StateImage, _ other: StateImage, _ remark: Comment, sourceLocation: SourceLocation
    ) throws {
        #expect(one.files.map(\.name) == other.files.map(\.name), sourceLocation: sourceLocation)
        var compared = 0
        for file in one.files {
            let isMoments = file.name.hasSuffix("_optimizer.safetensors")
            let wanted = file.tensors.filter {
                isMoments ? $0.name.hasSuffix(".first") : $0.name.contains("running_") || $0.name.contains("_codebook.")
            }
            let values = try wanted.map { try $0.values(as: Float.self) }
            let largest = values.joined().map(abs).max() ?? 0
            #expect(!isMoments || largest > 0, "\(file.name)", sourceLocation: sourceLocation)
            for (tensor, expected) in zip(wanted, values) {
                let found = try other.file(file.name).tensor(tensor.name).values(as: Float.self)
                // What is nothing but rounding in one tensor is measured by the others.
                let bound = 2e-3 * (expected.map(abs).max() ?? 0) + 1e-5 * largest
                let worst = zip(expected, found).map { abs($0 - $1) }.max() ?? 0
                #expect(worst <= bound, "\(tensor.name) of \(file.name) \(remark)", sourceLocation: sourceLocation)
                compared += 1
            }
        }
        #expect(compared > 100, sourceLocation: sourceLocation)
    }

    private static func configuration(
        _ change: (inout VoiceConfiguration) -> Void = { _ in }
    ) -> VoiceConfiguration {
        TinyVoice.configuration {
            $0.training.batchSize = 4
            $0.training.schedule = [.prior, .sovits]
            change(&$0)
        }
    }

    private static func engine(
        _ data: (dataset: Dataset, tokenizer: KMeansTokenizer), change: (inout VoiceConfiguration) -> Void = { _ in }
    ) -> TrainingEngine {
        StoragePool.shared.isPoisoned = true
        return TrainingEngine(
            configuration: configuration(change), symbolCount: 40, dataset: data.dataset, tokenizer: data.tokenizer)
    }

    @Test func allRanksDoWhatOneProcessDoes() async throws {
        // The clips' last two are a batch of fewer rows than four ranks.
        let few = try TinyVoice.dataset(clips: 7), many = try TinyVoice.dataset(clips: 9)
        try await expectAgreement { Self.engine(few) { $0.training.validationSteps = 3 } }
        try await expectAgreement(steps: 2) { Self.engine(many) }
    }

    @Test func asManyRanksGiveTheSameBytes() async throws {
        let data = try TinyVoice.dataset(clips: 9)
        for count in [2, 4] {
            let runs = [
                try await Self.runs(count, steps: 3) { Self.engine(data) },
                try await Self.runs(count, steps: 3) { Self.engine(data) },
            ]
            runs[0][0].expectIdentical(to: runs[1][0])
        }
    }

    @Test func adaptersAreSharedToo() async throws {
        let data = try TinyVoice.dataset(clips: 9)
        for parts in [[], ["enc_p", "flow", "ref_enc"]] {
            // A's gradient is nothing while B is: after some steps it counts.
            try await expectAgreement {
                Self.engine(data) {
                    $0.base = .init(voice: "base")
                    $0.lora = .init()
                    $0.lora?.rank = 2
                    $0.lora?.dropout = 0.3
                    $0.lora?.sovitsTargets = parts
                }
            }
        }
    }

    @Test func featuresOfTextsAreThoseOfTheWholeBatch() async throws {
        let data = try TinyVoice.dataset(clips: 9) { index, symbols in
            // Some rank may have rows without any.
            guard index > 3 else { return nil }
            let values = RandomStream(seed: 5, name: "bert", step: index).normal([2 * 24]).values
            let spoken = (0..<symbols).map { $0 == 4 ? " " : "a" }
            return TextFeatures(words: ["one", "two"], values: values, channels: 24, symbols: spoken)
        }
        try await expectAgreement(steps: 2) { Self.engine(data) }
    }

    @Test(arguments: [VoiceConfiguration.Codebook.learned, .frozen])
    func thePublicGraphSharesItsBatches(_ codebook: VoiceConfiguration.Codebook) async throws {
        let clips = (0..<8).map { index in
            let frames = 40 + 2 * index
            return PreparedClip(
                id: "clip_\(index)",
                waveform: Waveform(
                    samples: (RandomStream(seed: 1, name: "noise", step: index).normal([frames * 640]) * 0.1).values,
                    sampleRate: 32000),
                text: (0..<(4 + index % 3)).map { Int32(3 + $0) }, spectrogram: InputSpectrum(.v2), hop: 640,
                features: RandomStream(seed: 2, name: "features", step: index).normal([768, frames]).values)
        }
        try await expectAgreement(steps: 2) { Self.publicEngine(clips, codebook) }
    }

    /// Preset v2 with the widths of `tiny`.
    private static func publicEngine(
        _ clips: [PreparedClip], _ codebook: VoiceConfiguration.Codebook
    ) -> TrainingEngine {
        StoragePool.shared.isPoisoned = true
        let configuration = configuration {
            $0.voice.preset = .v2
            $0.training.codebook = codebook
        }
        return TrainingEngine(
            configuration: configuration, symbolCount: 40, dataset: Dataset(training: clips, heldOut: []),
            tokenizer: nil
        ) { sizes in
            let tiny = SoVITSConfiguration(.tiny, symbolCount: sizes.symbolCount, codeCount: sizes.codeCount)
            (sizes.interChannels, sizes.hiddenChannels) = (tiny.interChannels, tiny.hiddenChannels)
            (sizes.filterChannels, sizes.decoderChannels) = (tiny.filterChannels, tiny.decoderChannels)
            (sizes.semanticLayers, sizes.textLayers, sizes.jointLayers) = (1, 1, 1)
            (sizes.posteriorLayers, sizes.couplings, sizes.couplingLayers) = (2, 2, 2)
            (sizes.periodChannels, sizes.scaleLayers) = (tiny.periodChannels, tiny.scaleLayers)
            sizes.referenceEncoder = .style(bins: 704, speakerWidth: 48)
            sizes.segmentFrames = 8
        } prior: { sizes in
            var prior = SemanticDecoderConfiguration()
            (prior.hidden, prior.layers, prior.heads) = (32, 2, 4)
            (prior.symbolCount, prior.codeCount) = (sizes.symbolCount, sizes.codeCount)
            return SemanticDecoder(prior)
        }
    }

    @Test func heldOutClipsAreMeasuredByAllAsByOne() async throws {
        let figures = try await ThreadRank.run(2) { rank in
            let (dataset, tokenizer) = try TinyVoice.dataset(clips: 7)
            let engine = TrainingEngine(
                configuration: Self.configuration(), symbolCount: 40,
                dataset: Dataset(
                    training: Array(dataset.training.dropLast(2)), heldOut: dataset.heldOut + dataset.training.suffix(2)
                ),
                tokenizer: tokenizer)
            engine.crew = ProcessCrew(rank)
            _ = try engine.performStep(branch: "main")
            let together = try engine.validation()
            engine.crew = nil
            return (together, try engine.validation())
        }
        for (together, alone) in figures { #expect(together == alone && together.count == 3) }
    }

    @Test func whatIsExchangedIsCounted() async throws {
        let data = try TinyVoice.dataset()
        let ranks = try await Self.runs(2, steps: 2) { Self.engine(data) }
        for run in ranks {
            let figures = try run.records.map { try #require($0.exchange) }
            for (figure, names) in zip(figures, [["prior"], ["sovits", "discriminators"]]) {
                let moments = try names.flatMap { name in
                    try run.images[1].file("\(name)_optimizer.safetensors").tensors.filter {
                        $0.name.hasSuffix(".first")
                    }
                }
                // Half of all to the other one, and the sums of the other half; some parameters have no gradient.
                let all = moments.reduce(0) { $0 + $1.bytes.count }
                let moved = moments.reduce(0) { sum, one in sum + (one.bytes.contains { $0 != 0 } ? one.bytes.count : 0)
                }
                #expect(figure.processes == 2 && figure.stops > 1)
                #expect(moved > all / 2 && (moved...all).contains(figure.gradientBytes))
                #expect(figure.gradientSeconds > 0 && figure.stopSeconds > 0 && figure.waitedSeconds > 0)
            }
        }
        let alone = try Self.engine(data).performStep(branch: "main")
        #expect(alone.exchange == nil && !alone.jsonLine.contains("exchange"))
        #expect(ranks[0].records[0].jsonLine.contains("\"exchange\":{\"processes\":2,\"gradientBytes\":"))
    }

    /// As `reprise train` does it: rank 0 is the trainer, the other one is sent everything.
    @Test func adaptersOnABaseAreTrainedByTwo() async throws {
        let base = try VoiceFolder()
        try await train(base.voice(), to: 2)
        let change = { (configuration: inout VoiceConfiguration) in
            configuration.base = .init(voice: base.url.path)
            configuration.lora = .init()
            configuration.lora?.sovitsTargets = ["flow"]
        }
        let alone = try VoiceFolder(change), shared = try VoiceFolder(change)
        let expected = try await train(alone.voice(), to: 5).records
        let voice = try shared.voice()
        let ranks = ThreadRank.all(2)
        let worker = Task {
            try await ranks[1].run { try TrainingWorker(voice, crew: ProcessCrew($0)).run(threads: Threads.count) }
        }
        let crew = ProcessCrew(ranks[0])
        let watched = Watched(
            try Trainer(voice: voice, options: TrainerOptions(targetStep: 5, endsWhenHalted: true), crew: crew))
        #expect(await watched.finish() == .reachedTarget)
        crew.end(status: 0)
        #expect(try await worker.value == 0)
        #expect(watched.records.count == 5)
        for (one, other) in zip(expected, watched.records) {
            #expect(one.metrics.keys == other.metrics.keys)
            for (metric, value) in one.metrics {
                #expect(abs(value - (other.metrics[metric] ?? .nan)) <= 2e-2 * max(1, abs(value)), "\(metric)")
            }
        }
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let first = try CheckpointStore(directory: base.voice().checkpointDirectory, access: .readOnly)
        let saved = try store.load(CheckpointID(branch: "main", step: 5)).image
        let started = try first.load(CheckpointID(branch: "main", step: 2)).image
        for name in ["prior.safetensors", "sovits.safetensors"] {
            let isSame = try saved.file(name) == started.file(name)
            #expect(isSame, "\(name)")
        }
        let learned = try saved.file("prior_lora.safetensors").tensors.filter { $0.name.contains("lora_B") }
        let isMoved = learned.contains { $0.bytes.contains { $0 != 0 } }
        #expect(isMoved)
    }
}
