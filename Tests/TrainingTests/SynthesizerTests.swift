import Audio
import Checkpoint
import Foundation
import Tensor
import Testing
import Text
import Training
import VoiceModel

/// A voice of two steps, trained once for all tests here.
private struct Spoken: Sendable {
    let folder: VoiceFolder
    let voice: Voice
    let weights: WeightsImage

    static let shared = Task { () throws -> Spoken in
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 2)
        let store = try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
        let id = CheckpointID(branch: "main", step: 2)
        return Spoken(folder: folder, voice: try folder.voice(), weights: try WeightsImage(store.load(id)))
    }
}

@Suite struct SynthesizerTests {
    private let spoken: Spoken

    init() async throws { spoken = try await Spoken.shared.value }

    private func reference() throws -> Tensor { try ReferenceStyle.spectrum(of: nil, voice: spoken.voice) }

    private func speak(_ text: String, seed: UInt64 = 1) throws -> [Float] {
        try Synthesizer(spoken.weights, voice: spoken.voice).speak(text, reference: reference(), seed: seed).samples
    }

    @Test func aSeedDecidesEverySample() throws {
        let first = try speak("Good morning to you.")
        #expect(try speak("Good morning to you.") == first)
        #expect(try speak("Good morning to you.", seed: 2) != first)
        #expect(first.allSatisfy { $0.isFinite && abs($0) <= 1 } && first.count % 640 == 0 && !first.isEmpty)
    }

    @Test func aSentenceIsAtMostThreeTimesAsLongAsPredicted() throws {
        let (dataset, _) = try Dataset.prepare(spoken.voice, tokenizer: nil) { _, _ in true }
        let text = "This is a sentence of middling length, and it goes on a little."
        let symbols = try spoken.voice.textFrontEnd().encode(text).ids.count
        let limit = Int((3 * dataset.tokensPerSymbol * Double(symbols)).rounded(.up))
        #expect(try speak(text).count <= limit * 640)
    }

    @Test func longTextIsSpokenSentenceBySentence() throws {
        let (one, two) = (try speak("Good morning."), try speak("Good morning. And good night."))
        // The first sentence is the same, then come 0.2 s of silence, then the second.
        #expect(Array(two.prefix(one.count)) == one)
        #expect(two[one.count..<one.count + 3200].allSatisfy { $0 == 0 })
        #expect(two.count > one.count + 3200)
    }

    @Test func soundComesInPiecesThatMakeTheWhole() throws {
        let synthesizer = try Synthesizer(spoken.weights, voice: spoken.voice)
        let text = "This is a sentence of middling length, and it goes on a little. And good night."
        var pieces = [[Float]](), tokensAtFirst = 0, tokens = 0
        let whole = try synthesizer.speak(text, reference: reference(), seed: 1) {
            tokens = $0
            return true
        } onAudio: {
            if pieces.isEmpty { tokensAtFirst = tokens }
            pieces.append($0)
            return true
        }
        #expect(pieces.flatMap { $0 } == whole.samples)
        // Three quarters of a second at most, before the second sentence's tokens; then a pause comes in between.
        #expect(pieces.count >= 3 && pieces[0].count <= 12000 && tokensAtFirst < tokens)
        #expect(try speak(text) == whole.samples)
    }

    @Test func aListenerCanCancel() throws {
        let synthesizer = try Synthesizer(spoken.weights, voice: spoken.voice)
        var pieces = 0
        #expect(throws: CancellationError.self) {
            try synthesizer.speak("Good morning to you.", reference: reference(), seed: 1) { _ in
                pieces += 1
                return false
            }
        }
        #expect(pieces == 1)
    }

    @Test func windowsCoverAllFramesOnce() {
        for frames in [0, 1, 2, 24, 25, 30, 38, 74, 200, 1001] {
            let windows = Array(DecoderWindows(frames: frames))
            #expect(windows.flatMap { Array($0) } == Array(0..<frames))
            #expect((windows.first?.count ?? 0) <= 37 && windows.allSatisfy { $0.count <= 300 })
        }
    }

    @Test func smallWeightsSpeakToo() throws {
        for format in [WeightFormat.bfloat16, .int8] {
            let synthesizer = try Synthesizer(spoken.weights, voice: spoken.voice, priorWeights: format)
            func once() throws -> [Float] {
                try synthesizer.speak("Good morning.", reference: reference(), seed: 1).samples
            }
            let first = try once()
            #expect(try first.count >= 640 && once() == first)
        }
    }

    @Test func nothingToSayIsAnError() throws {
        for text in ["", "   ", "\n", "..."] {
            #expect(throws: (any Error).self, "\(text)") { try speak(text) }
        }
    }

    @Test func speakingCanBeCancelled() throws {
        let synthesizer = try Synthesizer(spoken.weights, voice: spoken.voice)
        #expect(throws: CancellationError.self) {
            try synthesizer.speak("Good morning.", reference: reference(), seed: 1) { _ in false }
        }
    }

    @Test func aClipSpokenAgainKeepsItsLength() throws {
        let (dataset, _) = try Dataset.prepare(spoken.voice, tokenizer: nil) { _, _ in true }
        let clip = dataset.heldOut[0]
        let again = try Synthesizer(spoken.weights, voice: spoken.voice).resynthesize(
            clip, reference: reference(), seed: 1)
        #expect(again.samples.count == clip.samples.count && again.sampleRate == 16000)
    }

    @Test func weightsOfAnotherPresetAreRefused() throws {
        try spoken.folder.write(TinyVoice.configuration { $0.voice.preset = .nano })
        let other = try spoken.folder.voice()
        try spoken.folder.write(TinyVoice.configuration())
        #expect(throws: TrainingError.self) { try Synthesizer(spoken.weights, voice: other) }
    }

    @Test func takesAreKeptApartWithAllThatMadeThem() throws {
        let folder = try VoiceFolder()
        let library = TakeLibrary(try folder.voice())
        let sounds = [0, 1, 2].map { TinyVoice.waveform($0) }
        let takes = try sounds.map {
            try library.save($0, text: "Same words.", weights: spoken.weights, seed: 9, source: "prior")
        }
        #expect(
            takes.map { URL(fileURLWithPath: $0.path).lastPathComponent }
                == [1, 2, 3].map { "main_g_0000002_\($0).wav" })
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        for (take, sound) in zip(takes, sounds) {
            let url = URL(fileURLWithPath: take.path)
            #expect(try AudioFile.read(url).samples.count == sound.samples.count)
            let beside = try Data(contentsOf: url.deletingPathExtension().appendingPathExtension("json"))
            #expect(try decoder.decode(Take.self, from: beside) == take)
            #expect(
                take.checkpoint == "main/g_0000002" && take.step == 2 && take.seed == 9 && take.text == "Same words.")
        }
        let wanted = folder.url.appendingPathComponent("my.wav")
        let own = try library.save(sounds[0], text: "", weights: spoken.weights, seed: 1, source: "clip_0", to: wanted)
        #expect(own.path == wanted.path && FileManager.default.fileExists(atPath: wanted.path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.voice().takesDirectory.path).count == 6)
    }
}
