import Tensor

/// Log mel spectrogram with gradient: [B, N] → [B, bands, T], T = N / hop.
///
/// Magnitudes (see `Spectrogram`) through Slaney's filterbank from 0 Hz to half the sample rate, each filter of unit
/// area, then ln(max(x, 1e-5)): what HiFi-GAN and VITS train on, with librosa's filters.
package struct MelSpectrogram: Sendable, Hashable {
    /// Hz.
    package let sampleRate: Int
    package let bands: Int
    package let spectrogram: Spectrogram

    package init(sampleRate: Int, fftSize: Int, hop: Int, bands: Int) {
        self.sampleRate = sampleRate
        self.bands = bands
        spectrogram = Spectrogram(fftSize: fftSize, hop: hop)
    }

    /// - Parameter waveform: [B, N] with N ≥ `spectrogram.minimumSamples`.
    package func callAsFunction(_ waveform: Tensor) -> Tensor { fromMagnitudes(spectrogram(waveform)) }

    /// [1, bands, T] of one clip, without gradient.
    package func callAsFunction(_ waveform: Waveform) -> Tensor { fromMagnitudes(spectrogram(waveform)) }

    /// The same from magnitudes that are there already: [B, bins, T] → [B, bands, T].
    package func fromMagnitudes(_ magnitudes: Tensor) -> Tensor {
        banded(magnitudes).clamped(minimum: 1e-5).logarithm()
    }

    /// Filterbank · magnitudes.
    private func banded(_ magnitudes: Tensor) -> Tensor {
        let bins = spectrogram.bins, bands = bands
        precondition(
            magnitudes.rank == 3 && magnitudes.shape[1] == bins,
            "mel bands are made of [B, \(bins), T], this has a shape of \(magnitudes.shape)")
        let filters = SpectrumCache.shared.melFilters(
            sampleRate: sampleRate, fftSize: spectrogram.fftSize, bands: bands)
        let (batch, time) = (magnitudes.shape[0], magnitudes.shape[2])
        let work = WorkItem.Shape.product(rows: batch * time, inputs: bins, outputs: bands)
        WorkCounter.record(.product, .forward, work)
        let y = Tensor(uninitialized: [batch, bands, time])
        let (source, target) = (magnitudes.pointer, y.pointer)
        forEachFrameBlock(batch: batch, time: time) { item, start, count in
            multiply(
                rows: bands, columns: count, depth: bins, filters.pointer, stride: bins, transposed: false,
                source + item * bins * time + start, stride: time, transposed: false,
                into: target + item * bands * time + start, stride: time)
        }
        return y.recorded([magnitudes]) { dy in
            WorkCounter.record(.product, .dataGradient, work)
            let dx = Tensor(uninitialized: [batch, bins, time])
            let (from, to) = (dy.pointer, dx.pointer)
            forEachFrameBlock(batch: batch, time: time) { item, start, count in
                multiply(
                    rows: bins, columns: count, depth: bands, filters.pointer, stride: bins, transposed: true,
                    from + item * bands * time + start, stride: time, transposed: false,
                    into: to + item * bins * time + start, stride: time)
            }
            return [dx]
        }
    }
}
