import ArgumentParser
import Audio
import Checkpoint
import Foundation
import Studio
import Tensor
import Training

struct SayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "say", abstract: "Speak a text with a voice, from its newest sound checkpoint or another one.")

    @Argument(help: "A voice's name or path, or a file that `checkpoints VOICE export ID --for synthesis` made.")
    var voice: String

    @Argument(help: "What to say.")
    var text: String

    @Option(help: "A checkpoint's ID, such as main/g_0001000.")
    var checkpoint: String?

    @Option(help: "A recording whose style is taken; a clip of the voice by default, its longest.")
    var reference: String?

    @Option(help: "The same seed, the same samples.")
    var seed: UInt64 = 1

    @Option(help: "Where to write the WAV; a new take of the voice by default, of a file VOICE_1.wav and so on here.")
    var out: String?

    @Option(
        help: "The prior's weights: float32 by default, or bfloat16 or int8, which are faster and a little less exact.")
    var weights: WeightFormat?

    @Flag(help: "Play it, too, from the first half second on.")
    var play = false

    func run() async throws {
        if SpeechFile.isFile(voice) { return try await speakFromFile() }
        let voice = try Voice.open(voice)
        try VoiceConsent.require(voice)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let image = try WeightsImage(Self.checkpoint(checkpoint, in: store, of: voice))
        Threads.use(ProcessInfo.processInfo.activeProcessorCount)
        let style = try ReferenceStyle.spectrum(of: reference.map { URL(fileURLWithPath: $0) }, voice: voice)
        if reference == nil, let remark = try ReferenceStyle.remark(voice) { printError(remark) }
        let synthesizer = try Synthesizer(image, voice: voice, priorWeights: weights ?? .float32)
        try await speak(sampleRate: synthesizer.sampleRate, device: voice.configuration.studio.device) {
            try synthesizer.speak(text, reference: style, seed: seed, progress: $0, onAudio: $1)
        } keep: { waveform in
            for remark in synthesizer.remarks { printError(remark) }
            let take = try TakeLibrary(voice).save(
                waveform, text: text, weights: image, seed: seed, source: "prior", priorWeights: weights ?? .float32,
                to: out.map { URL(fileURLWithPath: $0) })
            print("\(take.path)  \(String(format: "%.2f", waveform.duration)) s  \(image.label)")
            return take.path
        }
    }

    /// The same without a voice's folder.
    private func speakFromFile() async throws {
        guard checkpoint == nil, reference == nil, weights == nil else {
            throw ValidationError(
                "A file for synthesis has one checkpoint, style and kind of weights; leave --checkpoint, --reference and "
                    + "--weights out.")
        }
        Threads.use(ProcessInfo.processInfo.activeProcessorCount)
        let file = try SpokenFile(URL(fileURLWithPath: (voice as NSString).expandingTildeInPath))
        let made = file.description
        try await speak(sampleRate: file.speaker.sampleRate, device: "default") {
            try file.speak(text, seed: seed, progress: $0, onAudio: $1)
        } keep: { waveform in
            for remark in file.speaker.remarks { printError(remark) }
            let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
            let target = try out.map { URL(fileURLWithPath: $0) } ?? TakeLibrary.freeURL(in: here, stem: made.voice)
            let origin = AudioFile.Origin(
                text: text, voice: made.voice,
                comment: AudioFile.Origin.comment(
                    voice: made.voice, checkpoint: made.checkpoint, weights: made.weightFormat, seed: seed,
                    source: "prior"))
            try AudioFile.write(waveform, to: target, origin: origin)
            print("\(target.path)  \(String(format: "%.2f", waveform.duration)) s  \(made.checkpoint)")
            return target.path
        }
    }

    /// Speaks, plays where that is asked for, and keeps what was spoken; `keep` returns its path.
    private func speak(
        sampleRate: Int, device: String,
        _ make: (_ progress: @escaping (Int) -> Bool, _ onAudio: @escaping ([Float]) -> Bool) throws -> Waveform,
        keep: (Waveform) throws -> String
    ) async throws {
        let player = DevicePlayer(device: device)
        let line = ProgressLine(), watch = SignalWatch { player.stop() }
        // Opened before there is a sound, so that the first one waits for nothing.
        let playback = play ? player.start(sampleRate: sampleRate) : nil
        let waveform: Waveform
        do {
            defer { line.clear() }
            waveform = try make { count in
                line.show("Speaking: \(count) tokens")
                return watch.signalNumber == nil
            } _: { piece in
                playback?.append(piece)
                return watch.signalNumber == nil
            }
        } catch is CancellationError {
            throw ExitStatus.signal(watch.signalNumber ?? SIGINT)
        }
        let path = try keep(waveform)
        guard let playback else { return }
        do {
            let isWhole = try await player.finish(playback)
            print(isWhole ? "Played \(path)" : "Stopped; the take is \(path)")
        } catch {
            throw UnplayedTake(reason: "\(error)", path: path)
        }
    }

    /// The one that is named, else the newest sound one.
    static func checkpoint(
        _ named: String?, in store: CheckpointStore, of voice: Voice
    ) throws -> LoadedCheckpoint {
        if let named { return try store.load(CheckpointID(parsing: named)) }
        guard let found = try Recovery.newestSound(in: store) else {
            throw TrainingError.nothingTrained(voice: voice.name)
        }
        if !found.damaged.isEmpty { printError(found.explanation) }
        return found.checkpoint
    }
}

/// A take that could not be heard, only kept.
private struct UnplayedTake: Error, CustomStringConvertible {
    let reason: String
    let path: String
    var description: String { "\(reason) The take is \(path)" }
}

extension WeightFormat: ExpressibleByArgument {}
