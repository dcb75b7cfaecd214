import Audio
import Foundation
import Tensor
import Testing
import Training
import VoiceModel

@Suite struct DatasetTests {
    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func clipsAreReadOnceAndGivenTokens() throws {
        let folder = try VoiceFolder()
        var told: [String] = []
        let (dataset, tokenizer) = try Dataset.prepare(folder.voice(), tokenizer: nil) { what, _ in
            told.append(what)
            return true
        }
        #expect(dataset.training.map(\.id) == ["clip_1", "clip_2", "clip_3", "clip_4"])
        #expect(dataset.heldOut.map(\.id) == ["clip_0"])
        for clip in dataset.training + dataset.heldOut {
            #expect(clip.tokens.count * 2 == clip.frames)
            #expect(clip.samples.count == clip.frames * 320 && clip.spectrum.count == clip.frames * 80)
            #expect(!clip.text.isEmpty)
            #expect(clip.tokens.allSatisfy { (0..<(tokenizer?.codeCount ?? 0)).contains($0) })
        }
        #expect(Set(told) == ["Reading clips", "Finding semantic codes"])
        // A checkpoint's tokenizer is not fitted again.
        told = []
        let (again, same) = try Dataset.prepare(folder.voice(), tokenizer: tokenizer) { what, _ in
            told.append(what)
            return true
        }
        #expect(same == tokenizer && again.training.map(\.tokens) == dataset.training.map(\.tokens))
        #expect(!told.contains("Finding semantic codes"))
    }

    @Test func preparingCanBeCancelledAtEveryCall() throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        for calls in [1, 4, 7] {
            var left = calls
            #expect(throws: CancellationError.self) {
                try Dataset.prepare(voice, tokenizer: nil) { _, _ in
                    left -= 1
                    return left > 0
                }
            }
        }
    }

    @Test func whatCannotBeTrainedOnIsNamed() throws {
        let folder = try VoiceFolder()
        let clip = folder.url.appendingPathComponent("clips/clip_2.wav")
        let sound = TinyVoice.waveform(2)
        try AudioFile.write(Waveform(samples: sound.samples, sampleRate: 22050), to: clip)
        let rate = problem { _ = try Dataset.prepare(folder.voice(), tokenizer: nil) { _, _ in true } }
        #expect(rate.contains("clip_2.wav has 22050 Hz where this voice's preset needs 16000 Hz"))
        try AudioFile.write(Waveform(samples: Array(sound.samples.prefix(12000)), sampleRate: 16000), to: clip)
        let length = problem { _ = try Dataset.prepare(folder.voice(), tokenizer: nil) { _, _ in true } }
        #expect(length.contains("clip_2.wav is shorter than 0.8 s"))
        try Data("RIFFnonsense".utf8).write(to: clip)
        #expect(
            problem { _ = try Dataset.prepare(folder.voice(), tokenizer: nil) { _, _ in true } }.contains("clip_2.wav"))
    }

    @Test func aBatchIsPaddedWithSilence() throws {
        let (dataset, _) = try TinyVoice.dataset()
        let batch = dataset.sovitsBatch([0, 3], hop: 320, referenceBins: 80, seed: 1, step: 5)
        let (short, long) = (dataset.training[0], dataset.training[3])
        #expect(batch.lengths == [short.frames, long.frames])
        #expect(batch.spectrum.shape == [2, 80, long.frames] && batch.waveform.shape == [2, 1, long.frames * 320])
        let mel = batch.spectrum.values
        for band in [0, 41, 79] {
            let row = Array(mel[band * long.frames..<(band + 1) * long.frames])
            #expect(
                Array(row.prefix(short.frames))
                    == Array(short.spectrum[band * short.frames..<(band + 1) * short.frames]))
            #expect(row.suffix(long.frames - short.frames).allSatisfy { $0 == 0 })
        }
        #expect(Array(mel.suffix(80 * long.frames)) == long.spectrum)
        let samples = batch.waveform.values
        #expect(Array(samples.prefix(short.samples.count)) == short.samples)
        #expect(samples[short.samples.count..<long.frames * 320].allSatisfy { $0 == 0 })
        #expect(batch.tokens == [short.tokens, long.tokens])
        #expect(batch.text.lengths == [short.text.count, long.text.count])
    }

    @Test func referencesComeFromAnotherClip() throws {
        // Each clip's mel is its own number, so that a reference says where it came from.
        func clip(_ index: Int) -> PreparedClip {
            PreparedClip(
                id: "\(index)", waveform: TinyVoice.waveform(index), text: [3],
                spectrogram: InputSpectrum(.tiny),
                hop: 320)
        }
        let dataset = Dataset(training: (0..<4).map(clip), heldOut: [])
        func source(_ reference: [Float]) -> Int? {
            // Shorter than 3 s: the reference begins at the clip's start and repeats it.
            dataset.training.firstIndex { Array($0.spectrum.prefix($0.frames)) == Array(reference.prefix($0.frames)) }
        }
        var seen: Set<Int> = []
        for step in 0..<12 {
            let references = dataset.references(for: [0, 1, 2, 3], bins: 80, seed: 1, step: step).values
            for place in 0..<4 {
                let found = source(Array(references[place * 80 * 150..<(place + 1) * 80 * 150]))
                #expect(found != nil && found != place)
                if place == 0, let found { seen.insert(found) }
            }
        }
        #expect(seen == [1, 2, 3])
        let again = dataset.references(for: [2], bins: 80, seed: 1, step: 3).values
        #expect(again == dataset.references(for: [2], bins: 80, seed: 1, step: 3).values)
        let alone = Dataset(training: [clip(1)], heldOut: [])
        #expect(alone.references(for: [0], bins: 80, seed: 1, step: 3).shape == [1, 80, 150])
    }

    @Test func theDefaultReferenceIsTheLongestClip() throws {
        let folder = try VoiceFolder()
        let (dataset, _) = try Dataset.prepare(folder.voice(), tokenizer: nil) { _, _ in true }
        #expect(dataset.defaultReference(bins: 80).shape == [1, 80, 150])
        #expect(
            try ReferenceStyle.spectrum(of: nil, voice: folder.voice()).values
                == dataset.defaultReference(bins: 80).values)
        let file = folder.url.appendingPathComponent("clips/clip_4.wav")
        let own = try ReferenceStyle.spectrum(of: file, voice: folder.voice())
        #expect(own.shape[1] == 80 && own.shape[2] > 40)
        try AudioFile.write(Waveform(samples: Array(repeating: 0.1, count: 8000), sampleRate: 16000), to: file)
        #expect(throws: TrainingError.referenceTooShort(file: file.path)) {
            try ReferenceStyle.spectrum(of: file, voice: folder.voice())
        }
    }
}
