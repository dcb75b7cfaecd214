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
        let golden = try golden(name)
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
