import Audio
import Foundation
import Testing
import Text
import Training

/// Changes of single clips in a voice's folder, and what training makes of them.
@Suite struct VoiceClipsTests {
    private func text(_ folder: VoiceFolder, _ name: String) -> String? {
        try? String(contentsOf: folder.url.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func theListingTellsWhatIsUsed() async throws {
        let folder = try VoiceFolder(clips: 3)
        let listing = try await VoiceClips(directory: folder.url).listing()
        #expect(listing.entries.map(\.id) == ["clip_0", "clip_1", "clip_2"])
        #expect(listing.entries.map(\.isHeldOut) == [true, false, false])
        #expect(listing.entries.allSatisfy { !$0.isExcluded && $0.ownPhonemes == nil })
        #expect(listing.symbols.contains("ʃ") && listing.symbols.contains("ʒ") && !listing.symbols.contains(" "))
        #expect(listing.prompts.count >= 20)
    }

    @Test func anExcludedClipIsNotTrainedOnAndMakesOtherData() async throws {
        let folder = try VoiceFolder(clips: 4)
        let before = try folder.voice().fingerprint()
        let clips = VoiceClips(directory: folder.url)
        try await clips.setExcluded("clip_2", true)
        #expect(try folder.voice().trainingClips.map(\.id) == ["clip_1", "clip_3"])
        #expect(try folder.voice().fingerprint() != before)
        #expect(try await clips.listing().entries.map(\.isExcluded) == [false, false, true, false])
        try await clips.setExcluded("clip_2", false)
        #expect(try folder.voice().fingerprint() == before)
    }

    @Test func theLastClipToTrainOnStays() async throws {
        let folder = try VoiceFolder(clips: 2)
        let clips = VoiceClips(directory: folder.url)
        let error = await #expect(throws: VoiceError.self) { try await clips.setExcluded("clip_1", true) }
        #expect(error?.description == "Clip clip_1: it is the last clip to train on and has to stay.")
        // The held-out one may go: it never trained.
        try await clips.setExcluded("clip_0", true)
        #expect(try folder.voice().clips.map(\.id) == ["clip_1"])
    }

    @Test func aTranscriptIsChangedAndTheOtherLinesStay() async throws {
        let folder = try VoiceFolder(clips: 3)
        let file = folder.url.appendingPathComponent("metadata.csv")
        try Data("\u{FEFF}clip_0|One.\r\n\nclip_1|Two.|Second.\nclip_2|Three.".utf8).write(to: file)
        let clips = VoiceClips(directory: folder.url)
        try await clips.setTranscript("clip_1", "  A new\ttext | here. ")
        #expect(text(folder, "metadata.csv") == "clip_0|One.\n\nclip_1|A new text here.\nclip_2|Three.\n")
        await #expect(throws: VoiceError.self) { try await clips.setTranscript("clip_1", "  ") }
        await #expect(throws: (any Error).self) { try await clips.setTranscript("clip_1", "!!!") }
        await #expect(throws: VoiceError.self) { try await clips.setTranscript("clip_9", "Nine.") }
        #expect(try folder.voice().clips[1].text == "A new text here.")
    }

    @Test func ownPhonemesAreWhatIsTrained() async throws {
        let folder = try VoiceFolder()
        let before = try folder.voice().fingerprint()
        let clips = VoiceClips(directory: folder.url)
        try await clips.setPhonemes("clip_1", " tˈuː  tˈəʊnz ")
        let voice = try folder.voice()
        #expect(voice.clips[1].phonemes == "tˈuː tˈəʊnz")
        #expect(try voice.fingerprint() != before)
        let frontEnd = try voice.textFrontEnd()
        let (dataset, _) = try Dataset.prepare(voice, tokenizer: nil) { _, _ in true }
        #expect(dataset.training[0].text == frontEnd.symbolTable.encode("tˈuː tˈəʊnz").ids)
        #expect(await clips.inspect("clip_1").symbols.joined() == "tˈuː tˈəʊnz")

        let error = await #expect(throws: VoiceError.self) { try await clips.setPhonemes("clip_1", "tˈ声") }
        #expect(error?.description == "Clip clip_1: there is no symbol \"声\"; write the others only.")
        try await clips.setPhonemes("clip_1", "")
        #expect(try folder.voice().fingerprint() == before)
    }

    @Test func readingAClipFindsWhatIsOdd() async throws {
        let folder = try VoiceFolder(clips: 4)
        let sounds = folder.url.appendingPathComponent("clips")
        let loud = Waveform(samples: (0..<32000).map { $0 / 40 % 2 == 0 ? 1 : -1 }, sampleRate: 16000)
        try AudioFile.write(loud, to: sounds.appendingPathComponent("clip_1.wav"))
        try AudioFile.write(
            Waveform(samples: Array(repeating: 0, count: 8000), sampleRate: 22050),
            to: sounds.appendingPathComponent("clip_2.wav"))
        try Data("no sound".utf8).write(to: sounds.appendingPathComponent("clip_3.wav"))
        let clips = VoiceClips(directory: folder.url)
        let first = await clips.inspect("clip_1")
        #expect(first.seconds == 2 && first.outline.peak > 0.99 && first.outline.low.count == 512)
        #expect(first.warnings.contains { if case .clipped(let share) = $0 { share > 0.9 } else { false } })
        #expect(first.warnings.contains { if case .level(let level) = $0 { level > -1 } else { false } })
        let second = await clips.inspect("clip_2").warnings
        #expect(second.contains(.sampleRate(found: 22050, wanted: 16000)) && second.contains(.silent))
        #expect(second.contains { if case .tooShort = $0 { true } else { false } })
        let third = await clips.inspect("clip_3")
        #expect(third.seconds == 0 && third.warnings.first?.stopsTraining == true && !third.symbols.isEmpty)
    }

    /// Three seconds of a tone between two of silence, at the rate of a sound card.
    private var recording: RecordedSound {
        let silence = [Float](repeating: 0, count: 48_000)
        let tone = (0..<144_000).map { 0.05 * sin(2 * .pi * 220 * Float($0) / 48_000) }
        return RecordedSound(samples: silence + tone + silence, sampleRate: 48_000)
    }

    @Test func aRecordingIsTrimmedAndBecomesAClip() async throws {
        let folder = try VoiceFolder(clips: 3)
        let clips = VoiceClips(directory: folder.url)
        let draft = await clips.prepare(recording, saying: "A tone that hums for some time.")
        #expect(draft.refusal == nil && draft.sound.sampleRate == 16000 && abs(draft.sound.seconds - 3.1) < 0.1)
        #expect(try await clips.add(draft) == "recorded_0001")
        #expect(try await clips.add(draft) == "recorded_0002")
        let voice = try folder.voice()
        #expect(
            voice.trainingClips.suffix(2).map(\.text) == Array(repeating: "A tone that hums for some time.", count: 2))
        let kept = try AudioFile.read(voice.clips[3].url)
        #expect(kept.samples.count == draft.sound.samples.count)
        #expect(await clips.inspect("recorded_0001").warnings.isEmpty)
    }

    @Test(arguments: [(0, "silent"), (0.3, "after trimming")])
    func aRecordingThatCannotBeUsedIsRefused(seconds: Double, reason: String) async throws {
        let folder = try VoiceFolder(clips: 3)
        let clips = VoiceClips(directory: folder.url)
        var sound = RecordedSound(samples: Array(repeating: 0, count: 48_000), sampleRate: 48_000)
        for index in 0..<Int(seconds * 48_000) { sound.samples[index] = 0.1 * sin(Float(index) / 30) }
        let draft = await clips.prepare(sound, saying: "A tone.")
        #expect(draft.refusal?.contains(reason) == true)
        await #expect(throws: VoiceError.self) { try await clips.add(draft) }
        #expect(try folder.voice().clips.count == 3)
    }

    @Test func nothingThatIsLeftOutLeavesNothingToTrainOn() throws {
        let folder = try VoiceFolder(clips: 2)
        try Data("clip_1\n".utf8).write(to: folder.url.appendingPathComponent("excluded.txt"))
        let error = #expect(throws: VoiceError.self) { try folder.voice() }
        #expect(
            error?.description.hasSuffix("excluded.txt leaves no clip to train on; take at least one out of it.")
                == true)
    }

    @Test(arguments: ["en-us", "de", "fr-fr", "es", "it"])
    func thePromptsHoldEverySymbolTheyPromise(language: String) throws {
        let frontEnd = try TextFrontEnd(language: language)
        let symbols = PromptSentences.symbols(of: frontEnd)
        #expect(symbols.count > 25)
        for sentence in PromptSentences.sentences(language: language) {
            #expect(try frontEnd.encode(sentence).unknown.isEmpty, "\(sentence)")
        }
    }
}
