import Audio
import ReferenceSupport
import Tensor
import Testing

/// The spectrograms against the public implementation and against finite differences.
@Suite struct SpectrumTests {
    static func configuration(_ golden: Golden) throws -> MelSpectrogram {
        func number(_ key: String) throws -> Int { try #require(golden.metadata[key].flatMap { Int($0) }) }
        return MelSpectrogram(
            sampleRate: try number("sample_rate"), fftSize: try number("n_fft"), hop: try number("hop"),
            bands: try number("n_mels"))
    }

    @Test(arguments: ["mel_16k", "mel_32k"])
    func agreesWithTheReference(name: String) throws {
        let golden = try Golden(name)
        let mel = try Self.configuration(golden)
        let wave = golden["input/wave"].copied()
        wave.requiresGradient = true
        #expect(relativeDifference(mel.spectrogram(wave), golden["output/spectrogram"]) < 1e-4)
        let output = mel(wave)
        #expect(output.shape == golden["output/mel"].shape)
        #expect(relativeDifference(output, golden["output/mel"]) < 1e-4)
        let loss = (output - golden["input/target"]).absolute().mean()
        #expect(relativeDifference(loss, golden["output/l1"]) < 1e-4)
        loss.backward()
        let gradient = try #require(wave.gradient)
        #expect(relativeDifference(gradient, golden["grad/wave"]) < 1e-3)
    }
}

/// The pieces, and what training relies on.
@Suite struct SpectrumGradientTests {
    let mel = MelSpectrogram(sampleRate: 8000, fftSize: 64, hop: 16, bands: 10)

    @Test func reflectPaddingMirrorsWithoutTheEdge() {
        let padded = Tensor([1, 2, 3, 4, 5, 6, 7, 8], shape: [2, 4]).reflectPadded(left: 3, right: 2)
        #expect(padded.shape == [2, 9])
        #expect(padded.values == [4, 3, 2, 1, 2, 3, 4, 3, 2, 8, 7, 6, 5, 6, 7, 8, 7, 6])
    }

    @Test func framesOverlapByTheirHop() {
        let frames = Tensor((0..<8).map(Float.init), shape: [1, 8]).framed(length: 4, hop: 3)
        #expect(frames.shape == [1, 2, 4])
        #expect(frames.values == [0, 1, 2, 3, 3, 4, 5, 6])
    }

    @Test func gradientsAgreeWithFiniteDifferences() {
        let x = RandomStream(seed: 3, name: "x").normal([2, 40])
        let padding = gradientError(of: [x]) { $0[0].reflectPadded(left: 7, right: 12) }
        #expect(padding < 1e-2)
        let framing = gradientError(of: [x]) { $0[0].framed(length: 9, hop: 4) }
        #expect(framing < 1e-2)
        let wave = RandomStream(seed: 4, name: "wave").normal([2, 160]) * 0.3
        let mel = mel
        let magnitudes = gradientError(of: [wave], step: 3e-3) { mel.spectrogram($0[0]) }
        #expect(magnitudes < 1e-2)
        let bands = gradientError(of: [wave], step: 3e-3) { mel($0[0]) }
        #expect(bands < 2e-2)
    }

    @Test(arguments: [4, 8, 64, 1024, 2048])
    func theFastTransformAgreesWithTheProducts(size: Int) throws {
        let spectrogram = Spectrogram(fftSize: size, hop: size)
        func run(_ body: (Tensor) -> Tensor) throws -> (Tensor, Tensor) {
            let frames = RandomStream(seed: 8, name: "frames").normal([2, 21, size])
            frames.requiresGradient = true
            let y = body(frames)
            (y * RandomStream(seed: 9, name: "probe").normal(y.shape)).sum().backward()
            return (y, try #require(frames.gradient))
        }
        let fast = try run { spectrogram.magnitudes(ofFrames: $0) }
        let plain = try run { spectrogram.magnitudesByProducts(ofFrames: $0) }
        #expect(relativeDifference(fast.0, plain.0) < 1e-4)
        #expect(relativeDifference(fast.1, plain.1) < 1e-4)
    }

    @Test func anItemOfABatchIsTheSameAlone() {
        let wave = RandomStream(seed: 5, name: "wave").normal([3, 2000])
        let batch = mel(wave), count = batch.count / 3
        for item in 0..<3 {
            let samples = Array(wave.values[(item * 2000)..<((item + 1) * 2000)])
            let alone = mel(Waveform(samples: samples, sampleRate: 8000))
            let inBatch = Array(batch.values[(item * count)..<((item + 1) * count)])
            #expect(firstDifference(alone.values, inBatch) == nil)
        }
    }

    @Test func theNumberOfThreadsChangesNoBit() throws {
        let mel = MelSpectrogram(sampleRate: 16000, fftSize: 1024, hop: 320, bands: 80)
        let before = Threads.count
        defer { Threads.use(before) }
        func run(threads: Int) throws -> ([Float], [Float]) {
            Threads.use(threads)
            let wave = RandomStream(seed: 6, name: "wave").normal([2, 30000])
            wave.requiresGradient = true
            let output = mel(wave)
            output.sum().backward()
            return (output.values, try #require(wave.gradient).values)
        }
        let one = try run(threads: 1), two = try run(threads: 2)
        #expect(firstDifference(one.0, two.0) == nil)
        #expect(firstDifference(one.1, two.1) == nil)
    }

    @Test func framesAreWholeHops() {
        #expect(mel(Tensor.zeros([1, 16 * 9 + 15])).shape == [1, 10, 9])
        #expect(mel(Tensor.zeros([1, mel.spectrogram.minimumSamples])).shape[2] == 1)
    }
}
