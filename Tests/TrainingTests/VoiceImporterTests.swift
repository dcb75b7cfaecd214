import Audio
import Foundation
import Testing
import Text
import Training
import VoiceModel

/// A temporary folder with recordings, and a data home for the voices made of them.
private final class Workshop {
    let root: URL
    let source: URL
    let location: VoiceLocation

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-import-\(UUID().uuidString)")
        source = root.appendingPathComponent("recordings")
        location = VoiceLocation(environment: ["XDG_DATA_HOME": root.appendingPathComponent("data").path])
        try FileManager.default.createDirectory(
            at: source.appendingPathComponent("wavs"), withIntermediateDirectories: true)
    }

    deinit {
        chmod(root.path, 0o755)
        try? FileManager.default.removeItem(at: root)
    }

    /// A voiced-like buzz with pauses at both ends.
    static func buzz(seconds: Double, rate: Int = 16000, level: Float = 0.3) -> Waveform {
        let pause = [Float](repeating: 0, count: rate / 2)
        let sound = (0..<Int(seconds * Double(rate))).map { index -> Float in
            let time = Float(index) / Float(rate)
            return level * (sin(2 * .pi * 140 * time) + 0.5 * sin(2 * .pi * 280 * time)) / 1.5
        }
        return Waveform(samples: pause + sound + pause, sampleRate: rate)
    }

    func write(_ waveform: Waveform, _ name: String) throws {
        let url = source.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try AudioFile.write(waveform, to: url)
    }

    func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: source.appendingPathComponent(name))
    }

    /// `count` good clips in wavs/ and their lines.
    func goodClips(_ count: Int) throws -> String {
        try (1...count).map { number in
            try write(Self.buzz(seconds: 1.5), "wavs/good_\(number).wav")
            return "good_\(number)|This is sentence number \(number).\n"
        }.joined()
    }

    func importer(_ name: String = "ada", preset: ModelPreset? = nil, language: String? = nil, base: String? = nil)
        -> VoiceImporter
    {
        VoiceImporter(
            .init(name: name, source: source, preset: preset, language: language, base: base), location: location)
    }

    /// Everything in the data home, hidden files too; nil when it is not there.
    func dataHome() -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: location.home.path)
    }

    /// Every file of the source with its bytes.
    func sourceBytes() throws -> [String: Data] {
        var result: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: source.path) {
            result[name] = FileManager.default.contents(atPath: source.appendingPathComponent(name).path)
        }
        return result
    }
}

/// A 16-bit WAV of several channels, which AudioFile does not write.
private func wave(channels: Int, rate: Int, _ samples: [Int16]) -> Data {
    var data = Data("RIFF".utf8)
    func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
    }
    append(UInt32(36 + samples.count * 2))
    data.append(Data("WAVEfmt ".utf8))
    append(UInt32(16))
    append(UInt16(1))
    append(UInt16(channels))
    append(UInt32(rate))
    append(UInt32(rate * channels * 2))
    append(UInt16(channels * 2))
    append(UInt16(16))
    data.append(Data("data".utf8))
    append(UInt32(samples.count * 2))
    samples.forEach(append)
    return data
}

@Suite struct VoiceImporterTests {
    @Test func aFolderBecomesAVoice() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(6), "metadata.csv")
        let before = try workshop.sourceBytes()
        var seen: [VoiceImporter.Progress] = []
        let report = try workshop.importer(preset: .tiny).run(progress: { seen.append($0) })

        #expect(report.used.count == 6)
        #expect(report.unused.isEmpty)
        #expect(report.heldOut.count == 2)
        #expect(abs(report.seconds - 6 * 1.6) < 0.3)
        #expect(seen.map(\.done) == Array(0...6))
        #expect(seen.last?.total == 6)
        #expect(try workshop.sourceBytes() == before)

        let voice = try Voice.open("ada", location: workshop.location)
        #expect(voice.configuration.voice.preset == .tiny)
        #expect(voice.clips.map(\.id) == (1...6).map { "good_\($0)" })
        #expect(voice.clips[0].text == "This is sentence number 1.")
        #expect(voice.heldOut.map(\.id) == report.heldOut)
        #expect(voice.trainingClips.count == 4)
        let information = try AudioFile.peek(voice.clips[0].url)
        #expect(information.sampleRate == 16000)
        #expect(information.channels == 1)
        // Nothing but the voice is in the data home.
        #expect(workshop.dataHome() == ["ada"])
    }

    @Test func heldOutClipsAreAFunctionOfTheSeed() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(9), "metadata.csv")
        let first = try workshop.importer("a").run().heldOut
        #expect(try workshop.importer("b").run().heldOut == first)
        let others = try (2...5).map { seed in
            try VoiceImporter(
                .init(name: "s\(seed)", source: workshop.source, seed: seed), location: workshop.location
            ).run().heldOut
        }
        #expect(others.contains { $0 != first })
    }

    @Test func eachClipThatIsNotUsedIsNamedWithItsReason() throws {
        let workshop = try Workshop()
        var lines = try workshop.goodClips(4)
        func add(_ id: String, _ waveform: Waveform?, _ text: String = "This is a sentence.") throws {
            if let waveform { try workshop.write(waveform, "wavs/\(id).wav") }
            lines += "\(id)|\(text)\n"
        }
        let buzz = Workshop.buzz(seconds: 1.5)
        try add("silent", Waveform(samples: [Float](repeating: 0, count: 32000), sampleRate: 16000))
        try add(
            "clipped", Waveform(samples: buzz.samples.map { max(-1, min(1, $0 * 20)) }, sampleRate: 16000))
        try add("short", Workshop.buzz(seconds: 0.4))
        try add("long", Workshop.buzz(seconds: 20.5), String(repeating: "This is a long sentence. ", count: 12))
        try add("empty", buzz, "  ")
        try add("marks", buzz, "...")
        try add("emoji", buzz, "😀")
        try add("slow", Workshop.buzz(seconds: 12), "Oh.")
        try add("fast", buzz, String(repeating: "This is far too much text for it. ", count: 8))
        try add("missing", nil)
        try add("corrupt", nil)
        try workshop.write("this is no sound", "wavs/corrupt.wav")
        lines += "good_1|This is sentence number 1.\nno separator here\n"
        try workshop.write(lines, "metadata.csv")

        let report = try workshop.importer().run()
        let reasons = Dictionary(uniqueKeysWithValues: report.unused.map { ($0.id, $0.reason) })
        #expect(report.used.map(\.id) == (1...4).map { "good_\($0)" })
        #expect(reasons.count == 13)
        #expect(reasons["silent"] == .silent)
        if case .clipped(let share)? = reasons["clipped"] { #expect(share > 0.1) } else { Issue.record("clipped") }
        if case .tooShort(let time)? = reasons["short"] { #expect(time < 0.8) } else { Issue.record("short") }
        if case .tooLong(let time)? = reasons["long"] { #expect(time > 20) } else { Issue.record("long") }
        #expect(reasons["empty"] == .emptyTranscript)
        #expect(reasons["marks"] == .emptyTranscript)
        if case .unsayable? = reasons["emoji"] {} else { Issue.record("emoji") }
        if case .speechRate(let rate)? = reasons["slow"] { #expect(rate < 1) } else { Issue.record("slow") }
        if case .speechRate(let rate)? = reasons["fast"] { #expect(rate > 28) } else { Issue.record("fast") }
        #expect(reasons["missing"] == .missing)
        if case .unreadable? = reasons["corrupt"] {} else { Issue.record("corrupt") }
        #expect(reasons["good_1, line 16"] == .duplicate)
        if case .malformedLine? = reasons["metadata.csv, line 17"] {} else { Issue.record("malformed") }

        let text = report.text
        #expect(text.hasPrefix("ada: 4 clips, 6.5 s of speech, in \(report.directory.path)\n"))
        #expect(text.contains("\n  not used: 13\n"))
        #expect(text.contains("\n    silent: silent\n"))
        #expect(text.contains("\n    short: 0.5"))
        #expect(text.contains(" s after trimming, under 0.8 s\n"))
    }

    @Test func aListWithChineseNamesStereoAndForeignPaths() throws {
        let workshop = try Workshop()
        let buzz = Workshop.buzz(seconds: 1.5, rate: 44100)
        let stereo = buzz.samples.flatMap { [Int16($0 * 20000), Int16($0 * 10000)] }
        let bytes = wave(channels: 2, rate: 44100, stereo)
        for name in ["录音/第一句.wav", "wavs/第二句.wav", "第三句.wav", "其他/第一句.wav"] {
            let url = workshop.source.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try bytes.write(to: url)
        }
        try workshop.write(
            """
            录音/第一句.wav|小明|ZH|你好，世界。
            D:\\data\\第二句.wav|小明|ZH|今天天气很好。
            \(workshop.source.path)/第三句.wav|小明|ZH|我们去公园吧。
            其他/第一句.wav|小红|ZH|谢谢你的帮助。
            """, "声音.list")
        let report = try workshop.importer("小明", preset: .standard).run()
        #expect(report.unused.isEmpty)
        #expect(report.notes.contains { $0.contains("2 speakers (小明, 小红)") || $0.contains("2 speakers (小红, 小明)") })
        let voice = try Voice.open("小明", location: workshop.location)
        #expect(voice.configuration.voice.language == "cmn")
        #expect(voice.clips.map(\.speaker) == ["小明", "小明", "小明", "小红"] && voice.speakers == ["小明", "小红"])
        #expect(voice.clips.map(\.id) == ["第一句", "第二句", "第三句", "第一句_2"])
        for clip in voice.clips {
            let waveform = try AudioFile.read(clip.url)
            #expect(waveform.sampleRate == 32000)
            #expect(abs(waveform.duration - 1.6) < 0.1)
        }
        #expect(try voice.textFrontEnd().encode(voice.clips[0].text).unknown.isEmpty)
    }

    @Test func loudnessIsTheSameForAllClips() throws {
        let workshop = try Workshop()
        try workshop.write(Workshop.buzz(seconds: 1.5, level: 0.04), "quiet.flac")
        try workshop.write(Workshop.buzz(seconds: 1.5, level: 0.8), "loud.wav")
        try workshop.write("quiet.flac|This is quiet now.|\nloud|x|This is quite loud.\n", "metadata.csv")
        let report = try workshop.importer().run()
        #expect(report.heldOut.isEmpty)
        #expect(report.notes.contains { $0.hasPrefix("There are too few clips to hold 2 out; none is") })
        let clips = try Voice.open("ada", location: workshop.location).clips
        #expect(clips.map(\.text) == ["This is quiet now.", "This is quite loud."])
        let levels = try clips.map { try #require(Loudness.gated(AudioFile.read($0.url))) }
        #expect(abs(levels[0] - levels[1]) < 1)
    }

    @Test func graphemesTakeTheirSymbolsFromTheTranscripts() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(3), "metadata.csv")
        _ = try workshop.importer(language: "graphemes").run()
        let voice = try Voice.open("ada", location: workshop.location)
        #expect(voice.configuration.voice.symbols == "123bcehimnrstu")
        #expect(try voice.textFrontEnd().encode("This").transcription == "this")
    }

    @Test func aBaseGivesPresetLanguageAndSymbols() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(3), "metadata.csv")
        _ = try workshop.importer("elder", preset: .tiny, language: "de").run()
        _ = try workshop.importer("younger", base: "elder@main/g_0000120").run()
        let voice = try Voice.open("younger", location: workshop.location)
        #expect(voice.configuration.voice.preset == .tiny)
        #expect(voice.configuration.voice.language == "de")
        #expect(voice.configuration.base == .init(voice: "elder", checkpoint: "main/g_0000120"))
        #expect(voice.configuration.optimizer.sovitsLearningRate == 1e-4)
        let error = try #require(throws: VoiceError.self) {
            try workshop.importer("third", preset: .nano, base: "elder").run()
        }
        #expect(
            error.description
                == "The base's preset is \"tiny\" and cannot become \"nano\"; leave --preset out or choose "
                + "another base.")
    }

    // MARK: Failures leave nothing

    @Test func aStoppedImportLeavesNothing() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(4), "metadata.csv")
        var clips = 0
        #expect(throws: VoiceError.cancelled) {
            try workshop.importer().run(progress: { _ in clips += 1 }, isCancelled: { clips == 3 })
        }
        #expect(clips == 3)
        // Not even the data home it had to make.
        #expect(!FileManager.default.fileExists(atPath: workshop.root.appendingPathComponent("data").path))
    }

    @Test func anExistingVoiceIsNotTouched() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(4), "metadata.csv")
        _ = try workshop.importer().run()
        let toml = workshop.location.home.appendingPathComponent("ada/voice.toml")
        let before = try Data(contentsOf: toml)
        let path = workshop.location.home.appendingPathComponent("ada").path
        #expect(throws: VoiceError.destinationExists(path)) { try workshop.importer(preset: .tiny).run() }
        #expect(try Data(contentsOf: toml) == before)
        #expect(workshop.dataHome() == ["ada"])
    }

    @Test func tooFewClipsAreRefusedWithReasons() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(1) + "gone|Not there.\n", "metadata.csv")
        let error = try #require(throws: VoiceError.self) { try workshop.importer().run() }
        #expect(
            error.description == "\(workshop.source.path) has only 1 usable clip (not used: gone: there is no such "
                + "recording), and training needs at least 2; add recordings with transcripts.")
        #expect(workshop.dataHome() == nil)
    }

    @Test func aPlaceThatCannotBeWrittenGivesOneSentence() throws {
        let workshop = try Workshop()
        try workshop.write(try workshop.goodClips(2), "metadata.csv")
        // A file where a folder must be stops root too, whom permissions do not.
        try Data().write(to: workshop.root.appendingPathComponent("data"))
        let error = try #require(throws: VoiceError.self) { try workshop.importer().run() }
        #expect(
            error.description == "\(workshop.location.home.path) cannot be written: not a directory.")
        guard getuid() != 0 else { return }
        let locked = workshop.root.appendingPathComponent("locked")
        try FileManager.default.createDirectory(at: locked, withIntermediateDirectories: true)
        chmod(locked.path, 0o555)
        let denied = try #require(throws: VoiceError.self) {
            try workshop.importer("\(locked.path)/ada").run()
        }
        #expect(denied.description.hasSuffix("cannot be written: permission denied."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: locked.path).isEmpty)
    }

    @Test func sourcesThatAreNoSources() throws {
        let workshop = try Workshop()
        let noTranscripts = try #require(throws: VoiceError.self) { try workshop.importer().run() }
        #expect(noTranscripts == .noTranscripts(folder: workshop.source.path))
        try workshop.write(try workshop.goodClips(2), "metadata.csv")
        #expect(throws: TextError.self) { try workshop.importer(language: "xx").run() }
        #expect(throws: VoiceError.invalidName("voices/.hidden")) {
            try VoiceImporter(.init(name: "voices/.hidden", source: workshop.source), location: workshop.location).run()
        }
        let nowhere = VoiceImporter(
            .init(name: "ada", source: workshop.root.appendingPathComponent("none")), location: workshop.location)
        let error = try #require(throws: VoiceError.self) { try nowhere.run() }
        #expect(error.description.hasSuffix("/none cannot be read: there is no such folder."))
        #expect(workshop.dataHome() == nil)
    }
}
