import Audio
import Foundation
import Tensor
import VoiceModel

/// Times `reprise train` from its start to its first step, after it was killed.
struct OpeningBenchmark {
    private let preset: ModelPreset
    private let threads: Int
    private let program: URL
    private let voice: URL
    /// How often it is killed and opened again.
    private let repeats = 3

    /// nil for a preset whose clips need recorded features.
    init?(preset: ModelPreset, threads: Int, program: URL, in folder: URL) {
        guard !preset.readsRecordedFeatures else { return nil }
        self.preset = preset
        self.threads = threads
        self.program = program
        voice = folder.appendingPathComponent("voice")
    }

    /// Medians of the seconds from start to step, and of those of the step itself.
    func run(_ progress: BenchmarkProgress) throws -> (seconds: Double, step: Double) {
        try tell(progress, "Making a voice")
        try makeVoice()
        _ = try trainToFirstStep("--steps", "1")
        var runs: [(seconds: Double, step: Double)] = []
        for index in 0...repeats {
            try tell(progress, "Killing and opening \(index) of \(repeats)")
            let run = try trainToFirstStep()
            // The first one was opened after a clean end.
            if index > 0 { runs.append(run) }
        }
        return (median(runs.map(\.seconds)), median(runs.map(\.step)))
    }

    /// Half a minute of noise in clips of some seconds.
    private func makeVoice() throws {
        let clips = voice.appendingPathComponent("clips")
        try FileManager.default.createDirectory(at: clips, withIntermediateDirectories: true)
        var metadata = ""
        for index in 0..<10 {
            let noise = RandomStream(seed: 1, name: "clip", step: index).normal([(2 + index % 3) * 16_000]).values
            try AudioFile.write(
                Waveform(samples: noise.map { 0.1 * $0 }, sampleRate: 16_000),
                to: clips.appendingPathComponent("clip_\(index).wav"))
            metadata += "clip_\(index)|This is what clip number \(index) says.\n"
        }
        try Data(metadata.utf8).write(to: voice.appendingPathComponent("metadata.csv"))
        let configuration = VoiceConfiguration(name: "bench", preset: preset)
        try Data(configuration.toml.utf8).write(to: voice.appendingPathComponent("voice.toml"))
    }

    /// Runs the program until it prints a step, and kills it then unless it ends by itself.
    private func trainToFirstStep(_ more: String...) throws -> (seconds: Double, step: Double) {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = ["train", voice.path, "--json", "--threads", "\(threads)"] + more
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let started = ContinuousClock.now
        try process.run()
        defer {
            if more.isEmpty { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        var text = ""
        while !text.contains("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw NoStep(program: program.path) }
            text += String(decoding: data, as: UTF8.self)
        }
        let seconds = (ContinuousClock.now - started).inSeconds
        let line = Data(text.prefix { $0 != "\n" }.utf8)
        return (seconds, (try? JSONDecoder().decode(Step.self, from: line))?.seconds ?? 0)
    }

    private struct Step: Decodable {
        var seconds: Double
    }

    private struct NoStep: Error, CustomStringConvertible, LocalizedError {
        var program: String
        var description: String { "\(program) ended without a step: try `reprise doctor`" }
        var errorDescription: String? { description }
    }
}
