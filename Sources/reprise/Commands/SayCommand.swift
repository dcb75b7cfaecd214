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

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Argument(help: "What to say.")
    var text: String

    @Option(help: "A checkpoint's ID, such as main/g_0001000.")
    var checkpoint: String?

    @Option(help: "A recording whose style is taken; a clip of the voice by default.")
    var reference: String?

    @Option(help: "The same seed, the same samples.")
    var seed: UInt64 = 1

    @Option(help: "Where to write the WAV; a new take of the voice by default.")
    var out: String?

    @Option(help: "The prior's weights: float32, or bfloat16 or int8, which are faster and a little less exact.")
    var weights: WeightFormat = .float32

    @Flag(help: "Play it, too, from the first half second on.")
    var play = false

    func run() async throws {
        let voice = try Voice.open(voice)
        try VoiceConsent.require(voice)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let image = try WeightsImage(checkpoint(in: store, of: voice))
        Threads.use(ProcessInfo.processInfo.activeProcessorCount)
        let player = DevicePlayer(device: voice.configuration.studio.device)
        let line = ProgressLine(), watch = SignalWatch { player.stop() }
        let style = try ReferenceStyle.spectrum(of: reference.map { URL(fileURLWithPath: $0) }, voice: voice)
        let synthesizer = try Synthesizer(image, voice: voice, priorWeights: weights)
        // Opened before there is a sound, so that the first one waits for nothing.
        let playback = play ? player.start(sampleRate: synthesizer.sampleRate) : nil
        let waveform: Waveform
        do {
            defer { line.clear() }
            waveform = try synthesizer.speak(text, reference: style, seed: seed) { count in
                line.show("Speaking: \(count) tokens")
                return watch.signalNumber == nil
            } onAudio: { piece in
                playback?.append(piece)
                return watch.signalNumber == nil
            }
        } catch is CancellationError {
            throw ExitStatus.signal(watch.signalNumber ?? SIGINT)
        }
        for remark in synthesizer.remarks { printError(remark) }
        let take = try TakeLibrary(voice).save(
            waveform, text: text, weights: image, seed: seed, source: "prior",
            to: out.map { URL(fileURLWithPath: $0) })
        print("\(take.path)  \(String(format: "%.2f", waveform.duration)) s  \(image.label)")
        guard let playback else { return }
        do {
            let isWhole = try await player.finish(playback)
            print(isWhole ? "Played \(take.path)" : "Stopped; the take is \(take.path)")
        } catch {
            throw UnplayedTake(reason: "\(error)", path: take.path)
        }
    }

    private func checkpoint(in store: CheckpointStore, of voice: Voice) throws -> LoadedCheckpoint {
        if let checkpoint { return try store.load(CheckpointID(parsing: checkpoint)) }
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
