import Audio
import Checkpoint
import Foundation
import Tensor
import Text
import VoiceModel

/// What small weights cost in quality and gain in size and speed: the same weights as a speech file of each format, on a
/// list of sentences.
///
/// The tokens of every sentence are drawn once, with float32. Each format then foretells every one of them from those
/// before it, and decodes the same tokens with the same noise.
package struct WeightsBenchmark {
    /// What is exported.
    package enum Source {
        /// A checkpoint in the style of a recording; nil is the voice's own default.
        case voice(Voice, LoadedCheckpoint, reference: URL?)
        /// First weights, for the size and speed of a preset that nobody trained here.
        case random(ModelPreset)
    }

    private let source: Source
    private let texts: [(line: Int, text: String)]
    private let options: BenchmarkOptions
    /// The program that speaks in a process of its own; nil leaves that out.
    private let program: URL?
    private let folder: URL
    private let seed: UInt64 = 1

    /// - Parameters:
    ///   - sentences: a text file, one sentence a line; empty lines are passed over.
    ///   - folder: where the files are written, in a folder that is removed again.
    /// - Throws: `BenchmarkError`, `WeightsBenchmarkError`.
    package init(
        _ source: Source, sentences: URL, options: BenchmarkOptions, program: URL? = nil,
        in folder: URL = FileManager.default.temporaryDirectory
    ) throws {
        try options.validate()
        self.folder = folder.appendingPathComponent("reprise-bench-\(UUID().uuidString)")
        (self.source, self.options, self.program) = (source, options, program)
        guard let file = try? String(contentsOf: sentences, encoding: .utf8) else {
            throw WeightsBenchmarkError.unreadable(path: sentences.path)
        }
        texts = file.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0 + 1, $1.trimmingCharacters(in: .whitespacesAndNewlines)) }.filter { !$0.1.isEmpty }
        guard !texts.isEmpty else { throw WeightsBenchmarkError.noSentence(path: sentences.path) }
    }

    /// - Throws: `WeightsBenchmarkError`, `TrainingError.withdrawn`, `SpeechFileError`, `FileSystemError`,
    ///   `CancellationError`.
    package func run(progress: @escaping BenchmarkProgress = { _ in true }) throws -> Report {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (measured, machine) = try MachineReport.around(options, progress) {
            var drawn: [[SpokenTokens]]?
            return try WeightFormat.allCases.map { format in
                let file = folder.appendingPathComponent("\(format.rawValue).safetensors")
                defer { try? FileManager.default.removeItem(at: file) }
                return try measure(format, file, &drawn, progress)
            }
        }
        return Report(source, texts.map(\.text), options, machine, measured)
    }

    // MARK: One format

    /// What one format makes of all sentences.
    struct Measured {
        var format: WeightFormat
        var bytes: Int
        var process: (seconds: Double, megabytes: Double)?
        var sentences: [Outcome] = []
    }

    /// What one format makes of one sentence.
    struct Outcome {
        /// The most probable class before each token and after the last one.
        var choices: [Int] = []
        /// Log mel bands of the sound.
        var mel: [Float] = []
        var tokens = 0, samples = 0
        var samplingSeconds = 0.0, decodingSeconds = 0.0
    }

    /// `drawn` is filled by the first format, float32.
    private func measure(
        _ format: WeightFormat, _ file: URL, _ drawn: inout [[SpokenTokens]]?,
        _ progress: @escaping BenchmarkProgress
    ) throws -> Measured {
        let name = format.rawValue
        try tell(progress, "Writing \(name) weights")
        var measured = Measured(format: format, bytes: try write(format, to: file))
        let sound = file.deletingPathExtension().appendingPathExtension("wav")
        measured.process = try program.map {
            try SpeakingProcess($0).say(
                texts[0].text, with: file, to: sound, progress, "Speaking alone, \(name) weights")
        }
        let spoken = try SpokenFile(file)
        func what(_ doing: String, _ index: Int) -> String {
            "\(doing) sentence \(index + 1) of \(texts.count), \(name) weights"
        }
        if drawn == nil {
            drawn = try texts.indices.map { index in
                try tell(progress, what("Drawing", index))
                return try draw(texts[index], spoken) { progress(what("Drawing", index)) }
            }
        }
        for (index, parts) in (drawn ?? []).enumerated() {
            measured.sentences.append(
                try follow(parts, spoken) { try tell(progress, what("Speaking", index)) })
        }
        return measured
    }

    private func write(_ format: WeightFormat, to file: URL) throws -> Int {
        switch source {
        case .voice(let voice, let checkpoint, let reference):
            return try SpeechFile.write(checkpoint, of: voice, reference: reference, weights: format, to: file)
        case .random(let preset):
            let (sovits, prior) = BenchmarkModel.synthesis(preset), sizes = sovits.configuration
            let style = RandomStream(seed: 1, name: "style").normal([1, sizes.speakerWidth, 1]) * 0.1
            let configuration = VoiceConfiguration(name: "random", preset: preset)
            let description = SpeechFile.Description(
                voice: "random", checkpoint: "", step: 0, preset: preset,
                language: configuration.voice.language, symbols: "",
                symbolTable: try TextFrontEnd(language: configuration.voice.language).symbolTable.name,
                symbolCount: sizes.symbolCount, codeCount: sizes.codeCount,
                // Such a prior never ends by itself but at three times this: the rate of speech.
                tokensPerSymbol: 0.65, weights: format.rawValue, readsBert: false,
                sampling: configuration.sampling)
            return try SpeechFile.write(
                description, sovits.generator, prior, style: style, weights: format, to: file, replaces: false)
        }
    }

    private func draw(
        _ sentence: (line: Int, text: String), _ file: SpokenFile, _ goesOn: @escaping () -> Bool
    ) throws -> [SpokenTokens] {
        do {
            let speaker = file.speaker
            let parts = try speaker.sentences(in: sentence.text).compactMap { try speaker.encode($0) }
            guard !parts.isEmpty else { throw TextError.emptyText }
            return try parts.enumerated().map { number, part in
                try speaker.draw(part, style: file.style, seed: seed, part: number) { $0 % 16 != 0 || goesOn() }
            }
        } catch let error as TextError {
            throw WeightsBenchmarkError.unspeakable(line: sentence.line, reason: "\(error)")
        } catch let error as PriorError {
            throw WeightsBenchmarkError.unspeakable(line: sentence.line, reason: "\(error)")
        }
    }

    /// Goes through tokens that are there already, and decodes them.
    private func follow(_ parts: [SpokenTokens], _ file: SpokenFile, _ check: () throws -> Void) throws -> Outcome {
        let speaker = file.speaker
        var outcome = Outcome(), samples: [Float] = []
        for (index, part) in parts.enumerated() {
            try check()
            outcome.tokens += part.tokens.count
            outcome.samplingSeconds += try timed {
                let decoding = try speaker.prior.decoding(
                    text: part.symbols, speaker: file.style, codeTable: speaker.generator.codeTable,
                    bert: TextFeatures.batch([part.textFeatures]), maximumTokens: part.tokens.count)
                for (count, token) in ([nil] + part.tokens.map(Optional.some)).enumerated() {
                    let scores = decoding.next(after: token)
                    outcome.choices.append(scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? 0)
                    if count % 16 == 0 { try check() }
                }
            }
            outcome.decodingSeconds += try timed {
                try speaker.decode(part.tokens, part.symbols, file.style, seed: seed, part: index) {
                    samples += $0
                    try check()
                }
            }
        }
        let sizes = speaker.generator.configuration
        let spectrogram = MelSpectrogram(
            sampleRate: sizes.sampleRate, fftSize: sizes.fftLength, hop: sizes.hopLength, bands: sizes.lossMelBands)
        outcome.samples = samples.count
        outcome.mel = spectrogram(Waveform(samples: samples, sampleRate: sizes.sampleRate)).values
        return outcome
    }
}

/// Why sentences cannot be used, in one sentence of its own.
package enum WeightsBenchmarkError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case unreadable(path: String)
    case noSentence(path: String)
    case unspeakable(line: Int, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path):
            "\(path) cannot be read as text: --sentences takes a UTF-8 file, one sentence a line."
        case .noSentence(let path): "\(path) has no sentence: write one a line."
        case .unspeakable(let line, let reason): "The sentence on line \(line) cannot be spoken: \(reason)"
        }
    }
    package var errorDescription: String? { description }
}
