import Audio
import CSndFile
import Foundation
import Testing

/// What goes into a file comes out of it, whatever its format, rate, channels and name.
@Suite struct AudioFileTests {
    @Test(arguments: ["take.wav", "take.flac", "录音 一.flac", "声音.wav"])
    func sixteenBitsComeBackUnchanged(name: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(name)
            // Every value on the 16-bit grid, both ends of it too.
            let sound = Waveform(samples: (-32768...32767).map { Float($0) / 32768 }, sampleRate: 22050)
            try AudioFile.write(sound, to: url)
            let read = try AudioFile.read(url)
            #expect(read.sampleRate == sound.sampleRate)
            #expect(firstDifference(read.samples, sound.samples) == nil)
            let information = try AudioFile.peek(url)
            #expect(information == AudioFile.Information(sampleRate: 22050, channels: 1, frames: 65536))
            #expect(abs(information.duration - sound.duration) < 1e-9)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
        }
    }

    @Test func loudSamplesAreHeldToFullScale() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("loud.wav")
            try AudioFile.write(Waveform(samples: [1.5, -1.5, 0.25], sampleRate: 16000), to: url)
            #expect(try AudioFile.read(url).samples == [32767.0 / 32768, -1, 0.25])
        }
    }

    @Test(arguments: [
        (Int(SF_FORMAT_WAV | SF_FORMAT_PCM_24), "wav", Float(1e-6)),
        (Int(SF_FORMAT_WAV | SF_FORMAT_FLOAT), "wav", 1e-7),
        (Int(SF_FORMAT_AIFF | SF_FORMAT_PCM_16), "aiff", 1e-4), (Int(SF_FORMAT_FLAC | SF_FORMAT_PCM_24), "flac", 1e-6),
        (Int(SF_FORMAT_OGG | SF_FORMAT_VORBIS), "ogg", 0.05), (Int(SF_FORMAT_OGG) | 0x0064, "opus", 0.05),
        (mp3Format, "mp3", 0.05),
    ])
    func formatsAreRead(format: Int, name: String, tolerance: Float) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("clip.\(name)")
            // 48 kHz: the one rate that Opus has at all times.
            let sound = sine(frequency: 440, amplitude: 0.4, seconds: 1, rate: 48000)
            try writeSound(sound.samples, rate: 48000, format: format, to: url)
            let read = try AudioFile.read(url)
            #expect(read.sampleRate == 48000)
            #expect(abs(read.duration - 1) < 0.06)
            // Lossy coders shift and ramp; the middle must be the sine, at its level.
            let fit = fitSine(read, frequency: 440, from: 0.25, to: 0.75)
            #expect(abs(fit.amplitude - 0.4) < Double(tolerance))
            #expect(fit.residual < Double(tolerance))
        }
    }

    @Test func channelsAreAveraged() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("stereo.wav")
            let interleaved: [Float] = (0..<70000).flatMap { [Float($0 % 100) / 200, -0.25] }
            try writeSound(interleaved, channels: 2, rate: 44100, format: Int(SF_FORMAT_WAV | SF_FORMAT_FLOAT), to: url)
            let information = try AudioFile.peek(url)
            #expect(information == AudioFile.Information(sampleRate: 44100, channels: 2, frames: 70000))
            let read = try AudioFile.read(url)
            let expected: [Float] = (0..<70000).map { (Float($0 % 100) / 200 - 0.25) / 2 }
            #expect(firstDifference(read.samples, expected) == nil)
        }
    }

    @Test func theSameSoundGivesTheSameBytes() throws {
        let sound = sine(frequency: 300)
        for format in AudioFile.Format.allCases {
            let first = try AudioFile.encoded(sound, as: format), second = try AudioFile.encoded(sound, as: format)
            #expect(firstDifference(first, second) == nil)
        }
    }
}

/// Bad files are named in one sentence, and writing never harms what is there.
@Suite struct AudioFileErrorTests {
    private func expectError(_ url: URL, _ expected: (String) -> AudioFileError, limit: Double = 3600) {
        do throws(AudioFileError) {
            _ = try AudioFile.read(url, maximumDuration: limit)
            Issue.record("\(url.path) was read")
        } catch {
            #expect(error == expected(url.path))
            #expect(error.description.contains(url.path))
            #expect(error.description.hasSuffix(".") && !error.description.contains("\n"))
        }
    }

    @Test func missingAndForeignFiles() throws {
        try withTemporaryFolder { folder in
            expectError(folder.appendingPathComponent("没有.wav")) { .notFound(path: $0) }
            expectError(folder) { .inaccessible(path: $0, reason: "it is not a regular file") }
            let empty = folder.appendingPathComponent("empty.wav")
            try Data().write(to: empty)
            expectError(empty) { .empty(path: $0) }
            let text = folder.appendingPathComponent("text.wav")
            try Data("This is a diary, not a recording.\n".utf8).write(to: text)
            do throws(AudioFileError) {
                _ = try AudioFile.read(text)
                Issue.record("a text was read as sound")
            } catch {
                guard case .unreadable(text.path, let reason) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(!reason.isEmpty)
            }
        }
    }

    @Test func aFileWithoutSamplesIsEmpty() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("header.wav")
            try AudioFile.write(Waveform(samples: [], sampleRate: 16000), to: url)
            expectError(url) { .empty(path: $0) }
        }
    }

    @Test func aTruncatedFlacIsNotTakenForAShortOne() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cut.flac")
            let bytes = try AudioFile.encoded(sine(frequency: 440, seconds: 3), as: .flac)
            try Data(bytes.prefix(bytes.count / 2)).write(to: url)
            do throws(AudioFileError) {
                _ = try AudioFile.read(url)
                Issue.record("half a file was read")
            } catch {
                guard case .truncated(url.path, let expected, let found) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(expected == 3 && found < 2)
            }
        }
    }

    @Test func aTruncatedWavIsNotTakenForAShortOne() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cut.wav")
            let bytes = try AudioFile.encoded(sine(frequency: 440, seconds: 3), as: .wav)
            try Data(bytes.prefix(44 + 32000)).write(to: url)
            expectError(url) { .truncated(path: $0, expected: 3, found: 1) }
            // A size that a program could not know when it began to write is no promise.
            var streamed = bytes
            for position in Array(4..<8) + Array(40..<44) { streamed[position] = 0xff }
            try Data(streamed).write(to: url)
            #expect(try AudioFile.read(url).duration == 3)
        }
    }

    @Test func aDamagedFlacIsRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("damaged.flac")
            var bytes = try AudioFile.encoded(sine(frequency: 440, seconds: 3), as: .flac)
            for position in (bytes.count / 2)..<(bytes.count / 2 + 400) { bytes[position] ^= 0x5a }
            try Data(bytes).write(to: url)
            #expect(throws: AudioFileError.self) { try AudioFile.read(url) }
        }
    }

    @Test func nonFiniteSamplesAreFound() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("nan.wav")
            for bad in [Float.nan, .infinity] {
                var samples = sine(frequency: 440).samples
                samples[8000] = bad
                try writeSound(samples, format: Int(SF_FORMAT_WAV | SF_FORMAT_FLOAT), to: url)
                expectError(url) { .nonFinite(path: $0, time: 0.5) }
            }
        }
    }

    @Test func absurdLengthsAreRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("long.flac")
            try AudioFile.write(Waveform(samples: silence(seconds: 5), sampleRate: 16000), to: url)
            expectError(url, { .tooLong(path: $0, duration: 5, limit: 4) }, limit: 4)
            #expect(try AudioFile.read(url, maximumDuration: 5).duration == 5)
        }
    }

    @Test func aFailedWriteLeavesWhatWasThere() throws {
        try withTemporaryFolder { folder in
            let sound = sine(frequency: 440)
            let nowhere = folder.appendingPathComponent("missing/take.wav")
            #expect(throws: AudioFileError.unwritable(path: nowhere.path, reason: "no such file or directory")) {
                try AudioFile.write(sound, to: nowhere)
            }
            // A folder stands where the file should go: the rename fails, and nothing is left behind.
            let taken = folder.appendingPathComponent("taken.wav")
            try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: false)
            #expect(throws: AudioFileError.self) { try AudioFile.write(sound, to: taken) }
            let kept = folder.appendingPathComponent("kept.wav")
            try AudioFile.write(sound, to: kept)
            let before = try Data(contentsOf: kept)
            let broken = Waveform(samples: [0, .nan], sampleRate: 16000)
            #expect(throws: AudioFileError.self) { try AudioFile.write(broken, to: kept) }
            #expect(try Data(contentsOf: kept) == before)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == ["kept.wav", "taken.wav"])
        }
    }
}
