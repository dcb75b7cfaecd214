import Foundation
import Studio
import Synchronization
import TerminalKit
import Training

/// Five clips of a voice, each with something to say about it.
enum ClipFixture {
    static let listing = ClipListing(
        entries: [
            .init(id: "ada_01", text: "The birch canoe slid past the old stone bridge.", path: "/v/clips/ada_01.flac"),
            .init(
                id: "ada_02", text: "Have you ever watched a lighthouse blink?", path: "/v/clips/ada_02.flac",
                isHeldOut: true),
            .init(
                id: "ada_03", text: "She bought seven yellow pears & a jar of honey.", path: "/v/clips/ada_03.flac",
                ownPhonemes: "ʃiː bˈɔːt"),
            .init(id: "ada_04", text: "声は「日本語」です。", path: "/v/clips/ada_04.flac", isExcluded: true),
            .init(id: "ada_05", text: "What a beautiful voice!", path: "/v/clips/ada_05.flac"),
        ], language: "en-us", symbols: ["ˈ", "ː", "b", "d", "i", "s", "t", "ð", "ə", "ɹ", "ʃ", "ʒ", "̃"],
        prompts: ["The boy measured the thin blue rope with unusual pleasure.", "Joyce found a huge toad."])

    static func outline(_ seed: Double) -> SoundOutline {
        let samples = (0..<512).map { index -> Float in
            let t = Double(index) / 512
            return Float(sin(t * 900 + seed) * abs(sin(t * 9 + seed)) * 0.6 * min(1, 8 * t, 8 * (1 - t)))
        }
        return SoundOutline(samples, level: -22.6)
    }

    static let inspections = [
        ClipInspection(
            id: "ada_01", seconds: 3.42, symbols: "ðə bˈɜːtʃ bɹɪdʒ".map { String($0) }, outline: outline(1),
            warnings: []),
        ClipInspection(
            id: "ada_02", seconds: 2.81, symbols: "hæv juː ˈɛvɚ".map { String($0) }, outline: outline(2), warnings: []),
        ClipInspection(
            id: "ada_03", seconds: 4.05, symbols: "ʃiː bˈɔːt".map { String($0) }, outline: outline(3),
            warnings: [.unknownCharacters(["&"]), .level(-34)]),
        ClipInspection(
            id: "ada_04", seconds: 0.51, symbols: ["s"], outline: outline(4), warnings: [.tooShort(0.51)]),
        ClipInspection(
            id: "ada_05", seconds: 1.9, symbols: "wʌt ə bjˈuːɾifəl vˈɔɪs".map { String($0) }, outline: outline(5),
            warnings: [.clipped(0.021)]),
    ]

    static let draft = RecordingDraft(
        text: listing.prompts[0],
        sound: RecordedSound(samples: Array(repeating: 0.1, count: 48_000), sampleRate: 16_000),
        outline: outline(6))

    /// The data screen with all that is known.
    static func state() -> StudioState {
        var state = Fixture.state()
        _ = state.reduce(.terminal(.key(.character("4"))))
        _ = state.reduce(.data(.listed(listing)))
        _ = state.reduce(.data(.inspected(inspections)))
        return state
    }
}

/// A voice's clips in memory; keeps what is asked of it.
final class ScriptedClips: ClipLibrary {
    struct Refused: Error, CustomStringConvertible {
        let description = "Clip ada_01: it is the last clip to train on and has to stay."
    }
    private let entries = Mutex(ClipFixture.listing.entries)
    let refuses: Bool

    init(refuses: Bool = false) { self.refuses = refuses }

    var current: [ClipListing.Entry] { entries.withLock { $0 } }

    private func change(_ id: String, _ body: (inout ClipListing.Entry) -> Void) throws {
        if refuses { throw Refused() }
        entries.withLock { all in
            for index in all.indices where all[index].id == id { body(&all[index]) }
        }
    }

    func listing() async throws -> ClipListing {
        var listing = ClipFixture.listing
        listing.entries = current
        return listing
    }
    func inspect(_ id: String) async -> ClipInspection {
        ClipFixture.inspections.first { $0.id == id }
            ?? ClipInspection(id: id, seconds: 1, symbols: [], outline: .empty, warnings: [])
    }
    func setExcluded(_ id: String, _ isExcluded: Bool) async throws { try change(id) { $0.isExcluded = isExcluded } }
    func setTranscript(_ id: String, _ text: String) async throws { try change(id) { $0.text = text } }
    func setPhonemes(_ id: String, _ phonemes: String?) async throws { try change(id) { $0.ownPhonemes = phonemes } }
    func prepare(_ recording: RecordedSound, saying text: String) async -> RecordingDraft {
        var draft = ClipFixture.draft
        draft.text = text
        draft.sound = recording
        return draft
    }
    func add(_ draft: RecordingDraft) async throws -> String {
        if refuses { throw Refused() }
        entries.withLock {
            $0.append(.init(id: "recorded_0001", text: draft.text, path: "/v/clips/recorded_0001.flac"))
        }
        return "recorded_0001"
    }
}

/// A loudspeaker and a microphone in memory.
final class SilentDesk: SoundDesk {
    let log = Mutex<[String]>([])
    private let microphone: String?

    /// - Parameter problem: why there is no microphone.
    init(problem: String? = nil) { microphone = problem }

    private func note(_ what: String) { log.withLock { $0.append(what) } }
    var calls: [String] { log.withLock { $0 } }

    func play(file path: String) async throws { note("play \(path)") }
    func play(_ sound: RecordedSound) async throws { note("play \(sound.samples.count) samples") }
    func stopPlaying() { note("stop playing") }
    func startRecording(_ heard: @escaping @Sendable (RecorderState.Message) -> Void) {
        note("record")
        if let microphone { heard(.failed(microphone)) } else { heard(.meter(seconds: 1.5, peak: 0.4)) }
    }
    func stopRecording() -> RecordedSound? {
        note("stop recording")
        return RecordedSound(samples: Array(repeating: 0.1, count: 1600), sampleRate: 16_000)
    }
}
