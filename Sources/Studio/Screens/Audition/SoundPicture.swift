import Audio
import Foundation
import TerminalKit

/// What a sound looks like, small enough to be kept while other takes are looked at.
package struct SoundPicture: Sendable, Equatable {
    package var seconds: Double
    package var sampleRate: Int
    package var peaks: WaveformPeaks
    package var spectrogram: SpectrogramImage

    package init(seconds: Double, sampleRate: Int, peaks: WaveformPeaks, spectrogram: SpectrogramImage) {
        self.seconds = seconds
        self.sampleRate = sampleRate
        self.peaks = peaks
        self.spectrogram = spectrogram
    }

    package init(_ waveform: Waveform) {
        seconds = waveform.duration
        sampleRate = waveform.sampleRate
        peaks = WaveformPeaks(waveform.samples)
        // About as many frames as a wide terminal has dots, in windows of about 32 ms.
        let size = waveform.sampleRate > 24_000 ? 1024 : 512
        let hop = max(size / 8, min(size, waveform.samples.count / 800))
        let transform = Spectrogram(fftSize: size, hop: hop)
        guard waveform.samples.count >= transform.minimumSamples else {
            spectrogram = SpectrogramImage(magnitudes: [], bins: 0, frames: 0, sampleRate: sampleRate)
            return
        }
        let magnitudes = transform(waveform)
        spectrogram = SpectrogramImage(
            magnitudes: magnitudes.values, bins: magnitudes.shape[1], frames: magnitudes.shape[2],
            sampleRate: sampleRate)
    }

    /// - Throws: `AudioFileError`.
    package static func read(_ path: String) throws -> SoundPicture {
        SoundPicture(try AudioFile.read(URL(fileURLWithPath: path)))
    }
}

/// Why a sound has no picture: one sentence.
package struct SoundUnread: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
