import Checkpoint
import Foundation
import Testing
import Training
import VoiceModel

/// Every benchmark at the smallest size: that it says all it promises, not how fast anything is.
@Suite(.serialized) struct BenchReportTests {
    private func options(_ change: (inout BenchmarkOptions) -> Void = { _ in }) -> BenchmarkOptions {
        var options = BenchmarkOptions()
        options.preset = .tiny
        (options.frames, options.symbols, options.tokens, options.segment) = (40, 9, 15, 16)
        (options.threads, options.repeats, options.bandwidthBytes) = (2, 2, 12 << 16)
        change(&options)
        return options
    }

    private func object(_ report: some Encodable) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
    }

    /// What all reports share.
    private func expectCommon(_ object: [String: Any], subject: String) throws {
        #expect(object["subject"] as? String == subject && object["preset"] as? String == "tiny")
        #expect(object["threads"] as? Int == 2 && object["repeats"] as? Int == 2)
        let machine = try #require(object["machine"] as? [String: Any])
        for name in ["sgemmGigaflops", "bandwidthGigabytes"] {
            let best = try #require(machine[name] as? Double)
            let both = ["before", "after"].compactMap { (machine[$0] as? [String: Double])?[name] }
            #expect(both.count == 2 && best > 0 && best == both.max())
        }
        #expect(try #require(object["peakMegabytes"] as? Double) > 1)
    }

    @Test func aStepOfBothStages() throws {
        var told = [String]()
        let report = try StepBenchmark(options()).run { what in
            told.append(what)
            return true
        }
        let object = try object(report)
        try expectCommon(object, subject: "step")
        for (name, value) in [("batch", 1), ("frames", 40), ("symbols", 9), ("tokens", 15), ("segment", 16)] {
            #expect(object[name] as? Int == value)
        }
        let stages = try #require(object["stages"] as? [[String: Any]])
        #expect(stages.compactMap { $0["stage"] as? String } == ["sovits", "prior"])
        let wanted = [
            ["data", "generator forward", "discriminator step", "generator backward", "optimizer"],
            ["data", "forward", "backward", "optimizer"],
        ]
        for (stage, names) in zip(stages, wanted) {
            for name in ["seconds", "gigaflop", "gigaflopPerSecond", "shareOfCeiling", "peakMegabytes"] {
                #expect(try #require(stage[name] as? Double) > 0, "\(name)")
            }
            let parts = try #require(stage["parts"] as? [[String: Any]])
            #expect(parts.compactMap { $0["name"] as? String } == names)
            #expect(parts.allSatisfy { ($0["seconds"] as? Double ?? -1) >= 0 })
            // Everything that a step computes falls into one of its parts.
            let counted = parts.compactMap { $0["gigaflop"] as? Double }.reduce(0, +)
            #expect(abs(counted - (stage["gigaflop"] as? Double ?? 0)) < 1e-9)
        }
        #expect(told.contains("Timing prior step 2 of 2"))
        #expect(report.text.contains("discriminator step") && report.text.contains("prior step"))
    }

    @Test func moreClipsTakeMoreWork() throws {
        func gigaflop(_ change: (inout BenchmarkOptions) -> Void) throws -> Double {
            try StepBenchmark(
                options {
                    $0.repeats = 1
                    $0.stages = [.sovits]
                    change(&$0)
                }
            ).run().stages[0].gigaflop
        }
        let one = try gigaflop { _ in }
        #expect(abs(try gigaflop { $0.batch = 2 } / one - 2) < 1e-6)
        #expect(try gigaflop { $0.segment = 32 } > 1.3 * one)
    }

    @Test func everyOperatorOfAStep() throws {
        let report = try OperatorBenchmark(options()).run()
        let object = try object(report)
        try expectCommon(object, subject: "ops")
        let operations = try #require(object["operations"] as? [[String: Any]])
        for operation in operations {
            #expect(try #require(operation["seconds"] as? Double) > 0)
            #expect(try #require(operation["calls"] as? Int) > 0)
            #expect(operation["gigaflop"] is Double && operation["pass"] is String)
        }
        let shapes = Dictionary(grouping: operations) { $0["kind"] as? String ?? "" }
        let wanted: [String: Set<String>] = [
            "convolution": [
                "batch", "inputs", "outputs", "groups", "kernel", "stride", "padding", "dilation", "longLength",
                "shortLength",
            ],
            "transposedConvolution": [
                "batch", "inputs", "outputs", "groups", "kernel", "stride", "padding", "dilation", "longLength",
                "shortLength",
            ],
            "product": ["rows", "inputs", "outputs"],
            "attention": ["batch", "heads", "queries", "keys", "width"],
            "batchNorm": ["batch", "channels", "frames"], "adamw": ["count"],
        ]
        for (kind, names) in wanted {
            let shape = try #require(shapes[kind]?.first?["shape"] as? [String: Int], "\(kind)")
            #expect(names.isSubset(of: shape.keys), "\(kind)")
        }
        // The same work as the steps themselves, sorted by what it costs.
        let steps = try StepBenchmark(options { $0.repeats = 1 }).run().stages
        let counted = report.operations.reduce(0) { $0 + Double($1.calls) * $1.gigaflop }
        #expect(abs(counted - steps.reduce(0) { $0 + $1.gigaflop }) < 1e-9)
        let totals = report.operations.map(\.totalSeconds)
        #expect(totals == totals.sorted(by: >))
        #expect(report.text.contains("transposedConvolution"))
    }

    @Test func someOperatorsOfAStep() throws {
        let only = try OperatorBenchmark(options { $0.only = "convolution weightGradient" }).run().operations
        #expect(only.count > 3 && only.allSatisfy { $0.item.kind == .convolution && $0.item.pass == .weightGradient })
        let error = #expect(throws: BenchmarkError.self) {
            _ = try OperatorBenchmark(options { $0.only = "convolution sideways" }).run()
        }
        #expect(
            error?.description == "No operator of such a step has “convolution sideways” in its name, pass and shape: "
                + "run without --only to see them all.")
    }

    @Test func operatorsInTurns() throws {
        func run(_ lines: [String]) throws -> (shown: Int, answers: [Double], report: OperatorBenchmark.Report) {
            var (rest, shown, answers) = (lines[...], 0, [Double]())
            let turns = OperatorTurns(
                show: { shown = $0.count }, next: { rest.popFirst() }, answer: { answers.append($0) })
            let report = try OperatorBenchmark(options { $0.only = "product forward" }).run(turns: turns)
            return (shown, answers, report)
        }
        let (shown, answers, report) = try run(["1", "0", "1"])
        #expect(shown > 1 && report.operations.count == shown)
        #expect(answers.count == 3 && answers.allSatisfy { $0 > 0 })
        // Two times of the one, one of the other, and the rest was not asked for.
        let wanted = [(answers[0] + answers[2]) / 2, answers[1]] + Array(repeating: 0, count: shown - 2)
        #expect(report.operations.map(\.seconds).sorted() == wanted.sorted())
        let error = #expect(throws: BenchmarkError.self) { _ = try run(["first"]) }
        #expect(
            error?.description
                == "--turns reads a number from 0 to \(shown - 1) on every line of standard input, not “first”.")
    }

    @Test func oneSentence() throws {
        let report = try SpeechBenchmark(options()).run()
        let object = try object(report)
        try expectCommon(object, subject: "say")
        let decode = try #require(object["decode"] as? [String: Double])
        #expect(decode["tokens"] == 15 && decode["audioSeconds"] == 0.6)
        for name in ["seconds", "realTimeFactor", "gigaflop"] { #expect(try #require(decode[name]) > 0) }
        let sampling = try #require(object["sampling"] as? [[String: Any]])
        #expect(sampling.compactMap { $0["weights"] as? String } == ["float32", "bfloat16", "int8", "float32"])
        // So small a prior stays in a cache, where drafts would not help.
        #expect(sampling.allSatisfy { $0["drafts"] as? Bool == false })
        for entry in sampling {
            #expect(try #require(entry["tokensPerSecond"] as? Double) > 0)
            #expect(try #require(entry["tokensPerPass"] as? Double) >= 1)
        }
        #expect(report.text.contains("tokens/s"))
    }

    /// A voice of two steps as a source, and a file of sentences in an empty folder beside it.
    private func weights(
        _ sentences: String
    ) async throws -> (
        voice: VoiceFolder, folder: URL, run: (@escaping BenchmarkProgress) throws -> WeightsBenchmark.Report
    ) {
        let voice = try VoiceFolder()
        try await train(voice.voice(), to: 2)
        let store = try CheckpointStore(directory: voice.voice().checkpointDirectory, access: .readOnly)
        let loaded = try store.load(CheckpointID(branch: "main", step: 2)),
            folder = voice.url.appendingPathComponent("b")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = voice.url.appendingPathComponent("sentences.txt")
        try Data(sentences.utf8).write(to: file)
        return (
            voice, folder,
            { progress in
                try WeightsBenchmark(
                    .voice(voice.voice(), loaded, reference: nil), sentences: file, options: options(), in: folder
                ).run(progress: progress)
            }
        )
    }

    @Test func whatSmallWeightsCost() async throws {
        let (voice, folder, run) = try await weights("Good morning.\n\n  It rains. It pours.\n")
        defer { withExtendedLifetime(voice) {} }
        let report = try run { _ in true }, object = try object(report)
        #expect(object["subject"] as? String == "weights" && object["checkpoint"] as? String == "main/g_0000002")
        let formats = report.formats
        #expect(formats.map(\.weights) == ["float32", "bfloat16", "int8"])
        #expect(formats[0].sameToken == 1 && formats[0].melDistance == 0)
        // The coarser the weights, the smaller the file and the farther the sound.
        #expect(formats[1].melDistance > 0 && formats[2].melDistance > 1.5 * formats[1].melDistance)
        #expect(formats[0].fileBytes > formats[1].fileBytes && formats[1].fileBytes > formats[2].fileBytes)
        #expect(formats.allSatisfy { $0.sameToken > 0.5 && $0.sameToken <= 1 && $0.melDistance < 0.5 })
        #expect(formats.allSatisfy { $0.tokensPerSecond > 0 && $0.realTimeFactor > 0 })
        #expect(report.sentences.map(\.text) == ["Good morning.", "It rains. It pours."])
        #expect(report.tokens == report.sentences.reduce(0) { $0 + $1.tokens })
        #expect(abs(report.audioSeconds - Double(report.tokens) / 25) < 1e-9)
        for (index, format) in formats.enumerated() {
            let own = report.sentences.map { $0.formats[index] }
            #expect(own.allSatisfy { $0.weights == format.weights })
            #expect(abs(own.reduce(0) { $0 + $1.melDistance } / 2 - format.melDistance) < 1e-12)
            #expect(own.map(\.melDistance).max() == format.largestMelDistance)
            // One place more than tokens in each part, of which the second sentence has two.
            let places = report.sentences.enumerated().map { Double($1.tokens + 1 + $0) }
            let same = zip(own, places).reduce(0) { $0 + $1.0.sameToken * $1.1 } / places.reduce(0, +)
            #expect(abs(same - format.sameToken) < 1e-9)
        }
        #expect(report.text.contains("2 sentences") && report.text.contains("\n  int8 "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [], "nothing is left behind")
        #expect(throws: CancellationError.self) { try run { !$0.hasPrefix("Speaking sentence 2") } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func sentencesThatCannotBeSpokenAreNamed() async throws {
        let (voice, _, run) = try await weights("Good morning.\n\n...\n")
        let error = #expect(throws: WeightsBenchmarkError.self) { try run { _ in true } }
        #expect(error?.description.hasPrefix("The sentence on line 3 cannot be spoken: ") == true, "\(error as Any)")
        for (name, sentence) in [("nothing.txt", "cannot be read as text"), ("empty.txt", "has no sentence")] {
            let file = voice.url.appendingPathComponent(name)
            if name == "empty.txt" { try Data("\n \n".utf8).write(to: file) }
            let error = #expect(throws: WeightsBenchmarkError.self) {
                try WeightsBenchmark(.random(.tiny), sentences: file, options: options())
            }
            #expect(error?.description.contains(sentence) == true)
        }
    }

    @Test func itEndsWhenToldTo() throws {
        #expect(throws: CancellationError.self) {
            try StepBenchmark(options()).run { !$0.hasPrefix("Timing") }
        }
    }

    @Test func whatCannotRunIsSaidInOneSentence() {
        let mistakes: [((inout BenchmarkOptions) -> Void, String)] = [
            ({ $0.batch = 0 }, "--batch takes a whole number from 1 to 64, not 0."),
            ({ $0.frames = 41 }, "--frames takes an even number, as a token is two frames, not 41."),
            ({ $0.frames = 2 }, "--frames takes a whole number from 16 to 3000, not 2."),
            ({ $0.symbols = 1001 }, "--symbols takes a whole number from 1 to 1000, not 1001."),
            ({ $0.tokens = 0 }, "--tokens takes a whole number from 1 to 1000, not 0."),
            ({ $0.segment = 42 }, "--segment takes at most the 40 frames of --frames, not 42."),
            ({ $0.threads = -1 }, "--threads takes a whole number from 1 to 256, not -1."),
            ({ $0.repeats = 0 }, "--repeats takes a whole number from 1 to 1000, not 0."),
        ]
        for (change, sentence) in mistakes {
            let error = #expect(throws: BenchmarkError.self) { try StepBenchmark(options(change)) }
            #expect(error?.description == sentence)
        }
    }
}
