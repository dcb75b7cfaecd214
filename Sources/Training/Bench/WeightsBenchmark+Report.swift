import Foundation
import Tensor

extension WeightsBenchmark {
    package struct Report: Sendable, Encodable {
        package let subject = "weights"
        package let preset: String
        /// nil for random weights.
        package let voice, checkpoint: String?
        package let threads: Int
        package let machine: MachineReport
        package let tokens: Int
        package let audioSeconds: Double
        package let formats: [Format]
        package let sentences: [Sentence]

        private enum CodingKeys: String, CodingKey {
            case subject, preset, voice, checkpoint, threads, machine, tokens, audioSeconds, formats, sentences
        }
    }

    /// Of all sentences together.
    package struct Format: Sendable, Encodable {
        package let weights: String
        package let fileBytes: Int
        /// The share of places where the most probable next token is float32's.
        package let sameToken: Double
        /// Mean over the sentences of their log mel L1 to float32's sound, in nats, and the largest of them.
        package let melDistance, largestMelDistance: Double
        package let tokensPerSecond: Double
        /// Seconds of tokens and decoding for a second of sound.
        package let realTimeFactor: Double
        /// `reprise say` of the first sentence, from start to end; nil where no program was given.
        package let saySeconds, sayPeakMegabytes: Double?
    }

    package struct Sentence: Sendable, Encodable {
        package struct Figures: Sendable, Encodable {
            package let weights: String
            package let sameToken, melDistance: Double
        }
        package let text: String
        package let tokens: Int
        package let audioSeconds: Double
        package let formats: [Figures]
    }
}

extension WeightsBenchmark.Report {
    /// `measured` begins with float32, which the others are held against.
    init(
        _ source: WeightsBenchmark.Source, _ texts: [String], _ options: BenchmarkOptions, _ machine: MachineReport,
        _ measured: [WeightsBenchmark.Measured]
    ) {
        let preset =
            switch source {
            case .voice(let voice, let loaded, _):
                (preset: voice.configuration.voice.preset, voice: voice.name, checkpoint: "\(loaded.id)")
            case .random(let preset): (preset: preset, voice: String?.none, checkpoint: String?.none)
            }
        let rate = Double(preset.preset.sampleRate), exact = measured.first?.sentences ?? []
        sentences = zip(texts, exact).enumerated().map { index, pair in
            WeightsBenchmark.Sentence(
                text: pair.0, tokens: pair.1.tokens, audioSeconds: Double(pair.1.samples) / rate,
                formats: measured.map { format in
                    let own = format.sentences[index]
                    return .init(
                        weights: format.format.rawValue, sameToken: Self.same(own, pair.1).share,
                        melDistance: Self.distance(own.mel, pair.1.mel))
                })
        }
        formats = measured.map { format in
            let same = zip(format.sentences, exact).map { Self.same($0, $1) }
            let distances = zip(format.sentences, exact).map { Self.distance($0.mel, $1.mel) }
            func sum(_ value: KeyPath<WeightsBenchmark.Outcome, Double>) -> Double {
                format.sentences.reduce(0) { $0 + $1[keyPath: value] }
            }
            let sampling = sum(\.samplingSeconds)
            let audio = Double(format.sentences.reduce(0) { $0 + $1.samples }) / rate
            return WeightsBenchmark.Format(
                weights: format.format.rawValue, fileBytes: format.bytes,
                sameToken: Double(same.reduce(0) { $0 + $1.count }) / Double(max(1, same.reduce(0) { $0 + $1.of })),
                melDistance: distances.reduce(0, +) / Double(max(1, distances.count)),
                largestMelDistance: distances.max() ?? 0,
                tokensPerSecond: Double(format.sentences.reduce(0) { $0 + $1.tokens }) / sampling,
                realTimeFactor: (sampling + sum(\.decodingSeconds)) / audio, saySeconds: format.process?.seconds,
                sayPeakMegabytes: format.process?.megabytes)
        }
        (self.preset, voice, checkpoint) = (preset.preset.rawValue, preset.voice, preset.checkpoint)
        (self.threads, self.machine) = (options.threads, machine)
        tokens = exact.reduce(0) { $0 + $1.tokens }
        audioSeconds = Double(exact.reduce(0) { $0 + $1.samples }) / rate
    }

    private static func same(
        _ one: WeightsBenchmark.Outcome, _ other: WeightsBenchmark.Outcome
    ) -> (count: Int, of: Int, share: Double) {
        let count = zip(one.choices, other.choices).count { $0 == $1 }, all = other.choices.count
        return (count, all, Double(count) / Double(max(1, all)))
    }

    private static func distance(_ one: [Float], _ other: [Float]) -> Double {
        zip(one, other).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(max(1, other.count))
    }

    package var text: String {
        let whose = checkpoint.map { "\(voice ?? "") \($0)" } ?? "random weights"
        var table = BenchmarkTable(
            [
                "weights", "file", "same token", "mel L1", "largest", "tokens/s", "s per s of sound", "say alone",
                "its memory",
            ], leading: 1)
        for format in formats {
            table.add([
                format.weights, String(format: "%.1f MB", Double(format.fileBytes) / 1e6),
                String(format: "%.2f %%", 100 * format.sameToken), figure(format.melDistance),
                figure(format.largestMelDistance), figure(format.tokensPerSecond), figure(format.realTimeFactor),
                format.saySeconds.map(duration) ?? "–", format.sayPeakMegabytes.map { "\(figure($0)) MB" } ?? "–",
            ])
        }
        return [
            "\(preset), \(whose): \(sentences.count) sentences, \(tokens) tokens, \(figure(audioSeconds)) s of sound, "
                + "\(threads) threads",
            machine.text, table.text(),
        ].joined(separator: "\n\n")
    }
}
