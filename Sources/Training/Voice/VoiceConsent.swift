import Checkpoint
import Foundation

/// The consent behind a voice, kept in [consent] of its voice.toml.
package enum VoiceConsent {
    /// Writes down who gave it and how; a recording is copied into the voice's folder and known by its hash, one that the
    /// same person gave before stays. What was withdrawn before holds again.
    ///
    /// - Throws: `VoiceError`, `FileSystemError`.
    package static func record(by: String, how: String, clip: URL?, for voice: Voice) throws {
        var consent = VoiceConfiguration.Consent()
        (consent.by, consent.how) = (by, how)
        if let former = voice.configuration.consent, former.by == by {
            (consent.clip, consent.clipDigest) = (former.clip, former.clipDigest)
        }
        if let clip {
            let bytes = try read(clip)
            let ending = clip.pathExtension.isEmpty ? "" : ".\(clip.pathExtension)"
            consent.clipDigest = Digest(of: bytes).description
            // A name of its own: no recording takes another one's place.
            consent.clip = "consent-\(consent.clipDigest.prefix(8))\(ending)"
            try FileSystem().replaceFile(voice.directory.appendingPathComponent(consent.clip).path, with: bytes)
        }
        try write(consent, for: voice)
    }

    /// Marks the consent as withdrawn since a moment.
    package static func withdraw(_ voice: Voice, date: Date = Date()) throws {
        var consent = voice.configuration.consent ?? .init()
        consent.withdrawn = date.formatted(.iso8601)
        try write(consent, for: voice)
    }

    /// What is known, in lines for a person.
    package static func text(of voice: Voice) -> String {
        guard let consent = voice.configuration.consent else {
            return
                "Nobody wrote down a consent for \(voice.name); do so with `reprise consent \(voice.name) --by … --how …`."
        }
        var lines = ["Given by: \(consent.by)", "How: \(consent.how)"]
        if !consent.clip.isEmpty {
            let file = voice.directory.appendingPathComponent(consent.clip)
            let state =
                switch (try? read(file)).map({ Digest(of: $0).description == consent.clipDigest }) {
                case true?: "as it was recorded, XXH3-128 \(consent.clipDigest)"
                case false?: "NOT the one that was recorded: its hash differs from \(consent.clipDigest)"
                case nil: "missing"
                }
            lines.append("Recording: \(file.path), \(state)")
        }
        if !consent.withdrawn.isEmpty { lines.append("Withdrawn since \(consent.withdrawn): nothing is spoken.") }
        return lines.joined(separator: "\n")
    }

    /// - Throws: `TrainingError.withdrawn` where nothing may be spoken any more.
    package static func require(_ voice: Voice) throws {
        // As the file stands now: it may have been withdrawn while the voice was open.
        let file = voice.directory.appendingPathComponent("voice.toml")
        let text = try? String(contentsOf: file, encoding: .utf8)
        let present = try text.map { try VoiceConfiguration(toml: $0, file: file.path) } ?? voice.configuration
        guard let since = present.consent?.withdrawn, !since.isEmpty else { return }
        throw TrainingError.withdrawn(voice: voice.name, since: since)
    }

    private static func write(_ consent: VoiceConfiguration.Consent, for voice: Voice) throws {
        let file = voice.directory.appendingPathComponent("voice.toml").path
        var text = String(decoding: try read(URL(fileURLWithPath: file)), as: UTF8.self)
        var wanted = voice.configuration
        wanted.consent = consent
        for setting in VoiceSetting.all where setting.section == "consent" {
            let old = voice.configuration.consent == nil ? nil : setting.read(voice.configuration)
            guard let value = setting.read(wanted) ?? old.map({ _ in .text("") }) else { continue }
            text = try VoiceFile.changing(setting, to: value, in: text, file: file)
        }
        try FileSystem().replaceFile(file, with: Array(text.utf8))
    }

    private static func read(_ file: URL) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: file))
        } catch {
            throw VoiceError.unreadable(file: file.path, reason: TranscriptFile.reason(of: error))
        }
    }
}
