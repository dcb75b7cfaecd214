import Foundation
import Tensor
import VoiceModel

/// Times speaking one sentence with random weights: tokens drawn from the prior, and audio decoded from tokens.
package struct SpeechBenchmark {
    package struct Decode: Sendable, Encodable {
        package let tokens: Int
        package let audioSeconds, seconds, realTimeFactor, gigaflop, gigaflopPerSecond, shareOfCeiling: Double
    }

    package struct Sampling: Sendable, Encodable {
        package let weights: String
        /// Whether some tokens were guessed in int8 before float32 was asked about all of them.
        package let drafts: Bool
        package let tokensPerSecond: Double
        /// Tokens for each time that the weights were read.
        package let tokensPerPass: Double

        package var name: String { drafts ? "\(weights), drafted in int8" : weights }
    }

    package struct Report: Sendable, Encodable {
        package let subject = "say"
        package let preset: String
        package let threads, repeats, symbols, tokens: Int
        package let machine: MachineReport
        package let peakMegabytes: Double
        package let decode: Decode
        package let sampling: [Sampling]

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, repeats, symbols, tokens, machine, peakMegabytes, decode, sampling
        }
    }

    private let options: BenchmarkOptions

    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions) throws {
        try options.validate()
        self.options = options
    }

    /// - Throws: `CancellationError`, `PriorError`.
    package func run(progress: BenchmarkProgress = { _ in true }) throws -> Report {
        let ((decoded, sampling, peak), machine) = try MachineReport.around(options, progress) {
            PeakMemory.reset()
            try tell(progress, "Making the models")
            let (sovits, prior) = BenchmarkModel.synthesis(options.preset)
            let style = RandomStream(seed: 1, name: "style").normal([1, sovits.configuration.speakerWidth, 1]) * 0.1
            let text = BenchmarkModel.text(options.symbols, 0)
            let decoded = try decode(sovits, text, style, progress)
            return (decoded, try sample(prior, sovits, text, style, progress), PeakMemory.megabytes)
        }
        let (decoding, gigaflop, samples) = decoded
        let audio = Double(samples) / Double(options.preset.sampleRate), speed = gigaflop / decoding
        return Report(
            preset: options.preset.rawValue, threads: options.threads, repeats: options.repeats,
            symbols: options.symbols, tokens: options.tokens, machine: machine, peakMegabytes: peak,
            decode: Decode(
                tokens: options.tokens, audioSeconds: audio, seconds: decoding, realTimeFactor: decoding / audio,
                gigaflop: gigaflop, gigaflopPerSecond: speed, shareOfCeiling: speed / machine.best.sgemmGigaflops),
            sampling: sampling)
    }

    private func decode(
        _ sovits: SoVITS, _ text: [Int32], _ style: Tensor, _ progress: BenchmarkProgress
    ) throws -> (seconds: Double, gigaflop: Double, samples: Int) {
        let codes = RandomStream(seed: 1, name: "codes")
        let tokens = (0..<options.tokens).map { codes.integer(below: sovits.configuration.codeCount, at: $0) }
        var samples = 0
        func once() {
            samples =
                sovits.synthesize(
                    tokens: tokens, text: text, speaker: style, noiseScale: 0.5,
                    random: RandomStream(seed: 1, name: "noise")
                ).count
        }
        try tell(progress, "Decoding once")
        let work = WorkCounter.recording { once() }
        let seconds = try (0..<options.repeats).map { index in
            try tell(progress, "Timing decoding \(index + 1) of \(options.repeats)")
            return timed(once)
        }
        return (median(seconds), work.totalOperations / 1e9, samples)
    }

    /// Exactly `tokens` of them, with each format of weights, the text's rows included in the time; float32 first with
    /// drafts, as everywhere, and last without.
    private func sample(
        _ prior: any TokenPrior, _ sovits: SoVITS, _ text: [Int32], _ style: Tensor, _ progress: BenchmarkProgress
    ) throws -> [Sampling] {
        var sampling = SamplingOptions(maximumTokens: options.tokens)
        sampling.minimumTokens = options.tokens
        let ways = WeightFormat.allCases.map { ($0, drafts: true) } + [(.float32, drafts: false)]
        return try ways.map { format, drafts in
            prior.decodeWith(format, drafts: drafts)
            var passes = 0, isDrafted = false
            let seconds = try (0...options.repeats).map { index in
                let what = index == 0 ? "Sampling once" : "Timing sampling \(index) of \(options.repeats)"
                try tell(progress, "\(what), \(format.rawValue) weights")
                return try timed {
                    let decoding = try prior.decoding(
                        text: text, speaker: style, codeTable: sovits.codeTable, bert: nil,
                        maximumTokens: options.tokens)
                    _ = try sampling.tokens(
                        from: decoding, limit: options.tokens, end: prior.end,
                        random: RandomStream(seed: 1, name: "sampling"), progress: nil)
                    (passes, isDrafted) = (decoding.passes, decoding.canGuess)
                }
            }
            return Sampling(
                weights: format.rawValue, drafts: isDrafted,
                tokensPerSecond: Double(options.tokens) / median(Array(seconds.dropFirst())),
                tokensPerPass: Double(options.tokens) / Double(passes))
        }
    }
}
