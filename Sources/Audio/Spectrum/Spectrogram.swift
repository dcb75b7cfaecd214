import Tensor

/// Magnitudes of the short-time Fourier transform, with gradient: [B, N] → [B, bins, T], T = N / hop.
///
/// Frames are centred on their hop: the sound is reflect-padded by (fftSize - hop) / 2 at both ends. The window is a
/// periodic Hann window of fftSize; a magnitude is √(re² + im² + 1e-8). These are VITS's conventions (Kim et al. 2021).
package struct Spectrogram: Sendable, Hashable {
    /// Samples in a frame, transformed and windowed.
    package let fftSize: Int
    /// Samples from one frame to the next.
    package let hop: Int
    package var bins: Int { fftSize / 2 + 1 }

    package init(fftSize: Int, hop: Int) {
        precondition(hop > 0 && fftSize >= hop && fftSize % 2 == 0, "no spectrogram has \(fftSize) points every \(hop)")
        self.fftSize = fftSize
        self.hop = hop
    }

    /// The shortest sound that reflect padding can extend, in samples.
    package var minimumSamples: Int { max(hop, (fftSize - hop + 1) / 2 + 1) }

    /// - Parameter waveform: [B, N] with N ≥ `minimumSamples`; what is behind the last whole hop is left out.
    package func callAsFunction(_ waveform: Tensor) -> Tensor {
        precondition(waveform.rank == 2, "a spectrogram is taken of [B, N], this has a shape of \(waveform.shape)")
        let left = (fftSize - hop) / 2, right = fftSize - hop - left
        let frames = waveform.reflectPadded(left: left, right: right).framed(length: fftSize, hop: hop)
        return magnitudes(ofFrames: frames)
    }

    /// [1, bins, T] of one clip, without gradient.
    package func callAsFunction(_ waveform: Waveform) -> Tensor {
        self(Tensor(waveform.samples, shape: [1, waveform.samples.count]))
    }

    /// [B, T, fftSize] → [B, bins, T]
    private func magnitudes(ofFrames frames: Tensor) -> Tensor {
        let basis = SpectrumCache.shared.fourierBasis(fftSize: fftSize)
        let (batch, time, size, bins) = (frames.shape[0], frames.shape[1], fftSize, bins)
        // Real parts of all bins, then imaginary parts.
        let spectrum = Tensor(uninitialized: [batch, 2 * bins, time])
        let y = Tensor(uninitialized: [batch, bins, time])
        do {
            let (source, parts, target) = (frames.pointer, spectrum.pointer, y.pointer)
            forEachFrameBlock(batch: batch, time: time) { item, start, count in
                let output = parts + item * 2 * bins * time + start
                multiply(
                    rows: 2 * bins, columns: count, depth: size, basis.pointer, stride: size, transposed: false,
                    source + (item * time + start) * size, stride: size, transposed: true, into: output, stride: time)
                for bin in 0..<bins {
                    let real = output + bin * time, imaginary = output + (bins + bin) * time
                    let row = target + (item * bins + bin) * time + start
                    for t in 0..<count { row[t] = (real[t] * real[t] + imaginary[t] * imaginary[t] + 1e-8).squareRoot() }
                }
            }
        }
        let saved = y.detached()
        return y.recorded([frames]) { dy in
            // In blocks of frames, scale re and im by dy / magnitude, then go back through the basis.
            let dx = Tensor(uninitialized: [batch, time, size])
            let slope = Tensor(uninitialized: [batch, 2 * bins, time])
            let (d, magnitude, parts, scaled, target) = (
                dy.pointer, saved.pointer, spectrum.pointer, slope.pointer, dx.pointer
            )
            forEachFrameBlock(batch: batch, time: time) { item, start, count in
                let offset = item * 2 * bins * time + start
                for bin in 0..<bins {
                    let position = (item * bins + bin) * time + start
                    let real = offset + bin * time, imaginary = offset + (bins + bin) * time
                    for t in 0..<count {
                        let factor = d[position + t] / magnitude[position + t]
                        scaled[real + t] = parts[real + t] * factor
                        scaled[imaginary + t] = parts[imaginary + t] * factor
                    }
                }
                multiply(
                    rows: count, columns: size, depth: 2 * bins, scaled + offset, stride: time, transposed: true,
                    basis.pointer, stride: size, transposed: false, into: target + (item * time + start) * size,
                    stride: size)
            }
            return [dx]
        }
    }
}
