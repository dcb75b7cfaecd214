import Audio
import Tensor

/// What posterior and speaker encoder read of a clip: an 80-band log mel, or in v2 the magnitudes of all bins.
package struct InputSpectrum: Sendable, Hashable {
    private let mel: MelSpectrogram?
    private let magnitudes: Spectrogram
    /// Bands or bins.
    package let bins: Int

    /// Bands of the log mel.
    package static let melBands = 80

    package init(_ preset: ModelPreset) {
        if preset == .v2 {
            mel = nil
            magnitudes = Spectrogram(fftSize: preset.fftLength, hop: preset.hopLength)
            bins = magnitudes.bins
        } else {
            let mel = MelSpectrogram(
                sampleRate: preset.sampleRate, fftSize: preset.fftLength, hop: preset.hopLength, bands: Self.melBands)
            self.mel = mel
            magnitudes = mel.spectrogram
            bins = mel.bands
        }
    }

    /// Samples [B, N] -> [B, bins, N / hop].
    package func callAsFunction(_ waveform: Tensor) -> Tensor { mel?(waveform) ?? magnitudes(waveform) }
}
