import Audio
import Foundation
import Testing
import Training

/// Who allowed a voice, and what is kept of that.
@Suite struct VoiceConsentTests {
    @Test func isKeptWithARecordingKnownByItsHash() throws {
        let folder = try VoiceFolder()
        #expect(VoiceConsent.text(of: try folder.voice()).contains("Nobody wrote down a consent"))
        let clip = folder.url.appendingPathComponent("spoken here.wav")
        try AudioFile.write(TinyVoice.waveform(1), to: clip)
        try VoiceConsent.record(by: "Ada \"L.\"", how: "spoken, 2026", clip: clip, for: folder.voice())
        let kept = try #require(try folder.voice().configuration.consent)
        #expect(
            kept.by == "Ada \"L.\"" && kept.how == "spoken, 2026"
                && kept.clip == "consent-\(kept.clipDigest.prefix(8)).wav")
        #expect(VoiceConsent.text(of: try folder.voice()).contains("as it was recorded, XXH3-128 \(kept.clipDigest)"))
        // The rest of voice.toml stays.
        #expect(try folder.voice().configuration.training.batchSize == 2)
        // Said again without a recording, the one there is stays; somebody else's consent has none yet.
        try VoiceConsent.record(by: "Ada \"L.\"", how: "again", clip: nil, for: folder.voice())
        #expect(try folder.voice().configuration.consent?.clipDigest == kept.clipDigest)
        // Another recording in its place is noticed, and so is none.
        let copy = folder.url.appendingPathComponent(kept.clip)
        try AudioFile.write(TinyVoice.waveform(2), to: copy)
        #expect(VoiceConsent.text(of: try folder.voice()).contains("NOT the one that was recorded"))
        try FileManager.default.removeItem(at: copy)
        #expect(VoiceConsent.text(of: try folder.voice()).contains("missing"))
        try VoiceConsent.record(by: "Eve", how: "on paper", clip: nil, for: folder.voice())
        #expect(try folder.voice().configuration.consent?.clip == "")
    }

    @Test func nothingIsSpokenOnceItIsWithdrawn() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 1)
        let watcher = try VoiceWatcher(voice: folder.voice())
        let request = AuditionRequest(text: "Good.", checkpoint: nil, seed: 1, fromHeldOutClip: false)
        _ = try await watcher.audition(request) { _ in }
        try VoiceConsent.record(by: "Ada", how: "on paper", clip: nil, for: folder.voice())
        _ = try await watcher.audition(request) { _ in }
        // Also while the voice is open.
        try VoiceConsent.withdraw(folder.voice(), date: Date(timeIntervalSince1970: 0))
        await #expect(throws: TrainingError.withdrawn(voice: "tiny", since: "1970-01-01T00:00:00Z")) {
            try await watcher.audition(request) { _ in }
        }
        #expect(try folder.voice().configuration.consent?.by == "Ada")
        try VoiceConsent.record(by: "Ada", how: "again", clip: nil, for: folder.voice())
        _ = try await watcher.audition(request) { _ in }
        #expect(try await watcher.takes().count == 3)
    }

    @Test func takesSayWhereTheyComeFrom() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 1)
        let watcher = try VoiceWatcher(voice: folder.voice())
        let take = try await watcher.audition(
            AuditionRequest(text: "Good.", checkpoint: nil, seed: 7, fromHeldOutClip: false)
        ) { _ in }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: take.path))
        #expect(bytes.range(of: Data("LIST".utf8)) != nil)
        for text in ["Good.", "Synthesized by Reprise: voice tiny, checkpoint main/g_0000001, seed 7, prior"] {
            #expect(bytes.range(of: Data(text.utf8)) != nil, "\(text)")
        }
        // The sound itself is as ever.
        let sound = try AudioFile.read(URL(fileURLWithPath: take.path))
        #expect(sound.samples.count == take.sampleCount)
    }
}
