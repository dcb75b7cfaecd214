import Audio
import Foundation
import Tensor
import Text
import VoiceModel

/// Makes a voice of a folder of recordings: `reprise new NAME --from DIR`.
///
/// The work is done in a temporary folder beside the destination, so a failed or stopped import leaves nothing. The
/// source is only read.
package struct VoiceImporter: Sendable {
    package struct Options: Sendable {
        /// A name under $XDG_DATA_HOME/reprise, or a path.
        package var name: String
        /// A folder with metadata.csv or .list files, or one such file.
        package var source: URL
        /// nil: nano, or the base's.
        package var preset: ModelPreset?
        /// nil: what a .list names, else en-us, or the base's.
        package var language: String?
        /// VOICE or VOICE@CHECKPOINT.
        package var base: String?
        /// On a base: the rank of adapters that are trained instead of its prior's weights; nil trains them all.
        package var lora: Int?
        /// The folder of a BERT; nil for the base's or the installed one, empty for none.
        package var bert: String?
        package var seed: Int

        package init(
            name: String, source: URL, preset: ModelPreset? = nil, language: String? = nil, base: String? = nil,
            lora: Int? = nil, bert: String? = nil, seed: Int = 1
        ) {
            self.name = name
            self.source = source
            self.preset = preset
            self.language = language
            self.base = base
            self.lora = lora
            self.bert = bert
            self.seed = seed
        }
    }

    package struct Progress: Sendable, Equatable {
        package var done: Int
        package var total: Int
        /// The clip being read.
        package var id: String
    }

    private let options: Options
    private let location: VoiceLocation

    package init(_ options: Options, location: VoiceLocation = VoiceLocation()) {
        self.options = options
        self.location = location
    }

    /// - Parameters:
    ///   - progress: called before each clip, and once with `done == total`.
    ///   - isCancelled: asked before each clip, besides the task's own cancellation.
    /// - Throws: `VoiceError` or `TextError`; nothing is left behind then.
    package func run(
        progress: (Progress) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws -> ImportReport {
        let destination = try location.place(options.name)
        guard !FileManager.default.fileExists(atPath: destination.path) else {
            throw VoiceError.destinationExists(destination.path)
        }
        let source = try ImportSource(options.source)
        var configuration = try configuration(named: destination.lastPathComponent, source: source)
        let frontEnd = try TextFrontEnd(
            language: configuration.voice.language, symbols: configuration.voice.symbols)

        let folder = try ImportFolder(for: destination)
        defer { folder.discard() }
        var report = ImportReport(name: configuration.voice.name, directory: destination)
        report.unused = source.unused
        report.notes = source.notes
        if configuration.voice.bert.isEmpty, options.bert == nil, options.base == nil {
            report.notes.append(
                "No BERT is in \(location.home.appendingPathComponent("bert").path): the prior reads phonemes alone.")
        }
        var metadata = ""
        var unknown: [Character] = []
        for (index, item) in source.items.enumerated() {
            if isCancelled() || Task.isCancelled { throw VoiceError.cancelled }
            progress(Progress(done: index, total: source.items.count, id: item.id))
            let preset = configuration.voice.preset
            if preset.readsRecordedFeatures, let features = item.features,
                !FileManager.default.fileExists(atPath: features.path)
            {
                report.unused.append(.init(id: item.id, reason: .noFeatures(features.lastPathComponent)))
                continue
            }
            let preparation = ClipPreparation(
                frontEnd: frontEnd, sampleRate: preset.sampleRate, keepsSilence: preset.readsRecordedFeatures)
            switch preparation.prepare(item) {
            case .failure(let refusal):
                report.unused.append(.init(id: item.id, reason: refusal.reason))
            case .success(let clip):
                let file = folder.url.appendingPathComponent("clips/\(item.id).flac")
                do {
                    try AudioFile.write(clip.waveform, to: file)
                } catch {
                    throw Self.writeFailure(error, destination: destination)
                }
                if preset.readsRecordedFeatures, let features = item.features {
                    let frames = PreparedClip.frames(of: clip.waveform, hop: preset.hopLength)
                    do {
                        // Read first: what cannot be trained on is found now.
                        _ = try RecordedFeatures.read(features, frames: frames)
                    } catch {
                        report.unused.append(.init(id: item.id, reason: .unreadable("\(error)")))
                        continue
                    }
                    try folder.copy(features, to: "features/\(item.id).safetensors")
                }
                metadata += "\(item.id)|\(clip.text)\n"
                report.used.append(.init(id: item.id, seconds: clip.waveform.duration))
                for character in clip.unknown where !unknown.contains(character) { unknown.append(character) }
            }
        }
        if isCancelled() || Task.isCancelled { throw VoiceError.cancelled }
        progress(Progress(done: source.items.count, total: source.items.count, id: ""))
        guard report.used.count >= 2 else {
            throw VoiceError.tooFewClips(
                usable: report.used.count, folder: options.source.path,
                reasons: report.unused.prefix(3).map(\.description))
        }
        let speakers = Self.speakers(of: source.items, used: report.used)
        let aside = VoiceSpeakers.heldOut(
            of: Set(speakers.values).sorted(), share: configuration.data.heldOutSpeakers)
        chooseHeldOut(among: report.used.filter { !aside.contains(speakers[$0.id] ?? "") }, &report)
        if !aside.isEmpty {
            report.notes.append(
                "\(aside.count) of \(Set(speakers.values).count) speakers are held out: they never train, and measure how "
                    + "well others are told apart.")
        }
        note(unknown: unknown, in: &report)
        configuration.data.heldOut = report.heldOut
        try folder.write(metadata, to: "metadata.csv")
        if !speakers.isEmpty {
            let lines = report.used.map { (id: $0.id, speaker: speakers[$0.id] ?? "") }
            try folder.write(VoiceSpeakers.text(lines), to: VoiceSpeakers.fileName)
        }
        try folder.write(configuration.toml, to: "voice.toml")
        try folder.finish()
        return report
    }

    /// Who speaks each clip that is used; nothing where all are of one speaker.
    private static func speakers(of items: [ImportSource.Item], used: [ImportReport.Used]) -> [String: String] {
        let ids = Set(used.map(\.id))
        let speakers = Dictionary(
            items.filter { ids.contains($0.id) }.map { ($0.id, $0.speaker) }, uniquingKeysWith: { first, _ in first })
        return Set(speakers.values).count > 1 ? speakers : [:]
    }

    /// Names the voice instead of the temporary folder.
    private static func writeFailure(_ error: AudioFileError, destination: URL) -> VoiceError {
        guard case .unwritable(_, let reason) = error else {
            return .cannotWrite(path: destination.path, reason: "\(error)")
        }
        return .cannotWrite(path: destination.path, reason: reason)
    }

    // MARK: Configuration

    private func configuration(named name: String, source: ImportSource) throws -> VoiceConfiguration {
        var result: VoiceConfiguration
        if let reference = options.base {
            result = try configuration(named: name, base: reference)
        } else {
            let language = options.language ?? source.language ?? VoiceConfiguration(name: "").voice.language
            let symbols = language == TextFrontEnd.graphemes ? SymbolTable.graphemes(of: source.items.map(\.text)) : ""
            result = VoiceConfiguration(
                name: name, language: language, preset: options.preset ?? .nano, symbols: symbols)
        }
        if let rank = options.lora {
            result.lora = .init()
            result.lora?.rank = rank
        }
        result.voice.seed = options.seed
        // The prior of a base has learned with its BERT, or without one.
        if options.base == nil || options.bert != nil {
            result.voice.bert = options.bert ?? BertReader.installed(location)?.path ?? ""
        }
        return result
    }

    /// Preset, language and symbols are the base's: its weights know no others.
    private func configuration(named name: String, base reference: String) throws -> VoiceConfiguration {
        // A path may hold an "@" itself; a checkpoint's ID follows the last one.
        let split = reference.lastIndex(of: "@")
        let voiceName = split.map { String(reference[..<$0]) } ?? reference
        let checkpoint = split.map { String(reference[reference.index(after: $0)...]) } ?? ""
        let base = try Voice.open(voiceName, location: location)
        let inherited = base.configuration.voice
        if let preset = options.preset, preset != inherited.preset {
            throw VoiceError.differsFromBase(
                setting: "preset", wanted: preset.rawValue, base: inherited.preset.rawValue)
        }
        if let language = options.language, language != inherited.language {
            throw VoiceError.differsFromBase(setting: "language", wanted: language, base: inherited.language)
        }
        let isNamed = base.directory == location.home.appendingPathComponent(voiceName)
        return VoiceConfiguration(
            name: name, language: inherited.language, preset: inherited.preset, symbols: inherited.symbols,
            bert: inherited.bert,
            base: .init(voice: isNamed ? voiceName : base.directory.path, checkpoint: checkpoint))
    }

    // MARK: Held-out clips

    /// Two clips or 5 %, whichever is more, but never so many that fewer than two remain.
    private func chooseHeldOut(among clips: [ImportReport.Used], _ report: inout ImportReport) {
        let total = clips.count
        let wanted = max(2, Int((Double(total) * 0.05).rounded()))
        let count = max(0, min(wanted, total - 2))
        let order = RandomStream(seed: UInt64(options.seed), name: "held-out").permutation(total)
        report.heldOut = order.prefix(count).sorted().map { clips[$0].id }
        if count < wanted {
            report.notes.append(
                "There are too few clips to hold \(wanted) out; \(count == 0 ? "none is" : "only \(count) is"), so the "
                    + "validation figures \(count == 0 ? "stay empty" : "say little").")
        }
    }

    private func note(unknown: [Character], in report: inout ImportReport) {
        guard !unknown.isEmpty else { return }
        let names = unknown.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")
        report.notes.append(
            "Some transcripts hold characters this language does not know (\(names)\(unknown.count > 12 ? ", …" : "")); "
                + "they are left out of what is learned.")
    }
}
