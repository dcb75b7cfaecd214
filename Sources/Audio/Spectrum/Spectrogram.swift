import CKernels
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
        let isFast = fftSize >= 4 && fftSize & (fftSize - 1) == 0
        return isFast ? magnitudes(ofFrames: frames) : magnitudesByProducts(ofFrames: frames)
    }

    /// [1, bins, T] of one clip, without gradient.
    package func callAsFunction(_ waveform: Waveform) -> Tensor {
        self(Tensor(waveform.samples, shape: [1, waveform.samples.count]))
    }

    /// [B, T, fftSize] → [B, bins, T] by the fast Fourier transform, for powers of two.
    package func magnitudes(ofFrames frames: Tensor) -> Tensor {
        let tables = SpectrumCache.shared.fourierTables(fftSize: fftSize)
        let (batch, time, size, bins) = (frames.shape[0], frames.shape[1], fftSize, bins)
        let (window, cosines, sines) = (tables.window.pointer, tables.cosines.pointer, tables.sines.pointer)
        // Real parts of all bins, then imaginary parts.
        let spectrum = Tensor(uninitialized: [batch, 2 * bins, time])
        let y = Tensor(uninitialized: [batch, bins, time])
        let (source, parts, target) = (frames.pointer, spectrum.pointer, y.pointer)
        forEachFrameGroup(batch: batch, time: time) { item, start, count in
            let scratch = Storage(count: Int(ck_fourier_scratch(Int64(size))))
            let real = parts + item * 2 * bins * time + start, imaginary = real + bins * time
            ck_fourier_frames(
                Int64(size), Int64(count), source + (item * time + start) * size, window, cosines, sines, real,
                imaginary, Int64(time), scratch.pointer)
            for bin in 0..<bins {
                let (re, im) = (real + bin * time, imaginary + bin * time)
                let row = target + (item * bins + bin) * time + start
                for t in 0..<count { row[t] = (re[t] * re[t] + im[t] * im[t] + 1e-8).squareRoot() }
            }
        }
        let saved = y.detached()
        return y.recorded([frames]) { dy in
            let dx = Tensor(uninitialized: [batch, time, size])
            let (d, magnitude, parts, target) = (dy.pointer, saved.pointer, spectrum.pointer, dx.pointer)
            forEachFrameGroup(batch: batch, time: time) { item, start, count in
                let scratch = Storage(count: Int(ck_fourier_scratch(Int64(size))))
                // re and im times dy / magnitude.
                let slopes = Storage(count: 2 * bins * count)
                for bin in 0..<bins {
                    let position = (item * bins + bin) * time + start
                    let real = (item * 2 * bins + bin) * time + start, imaginary = real + bins * time
                    for t in 0..<count {
                        let factor = d[position + t] / magnitude[position + t]
                        slopes.pointer[bin * count + t] = parts[real + t] * factor
                        slopes.pointer[(bins + bin) * count + t] = parts[imaginary + t] * factor
                    }
                }
                ck_fourier_frames_backward(
                    Int64(size), Int64(count), slopes.pointer, slopes.pointer + bins * count, Int64(count),
                    tables.window.pointer, tables.cosines.pointer, tables.sines.pointer,
                    target + (item * time + start) * size, scratch.pointer)
            }
            return [dx]
        }
    }

    /// The same by two products with cosines and sines: for every even size, and the oracle of the fast one.
    ///
    /// The window and the cosines are even about the middle of the frame and the sines odd, and the window is 0 at its
    /// first sample; so a frame is folded into sums and differences first, and two products of half the depth do.
    package func magnitudesByProducts(ofFrames frames: Tensor) -> Tensor {
        let basis = SpectrumCache.shared.fourierBasis(fftSize: fftSize)
        let (batch, time, size, half, bins) = (frames.shape[0], frames.shape[1], fftSize, fftSize / 2, bins)
        let work = WorkItem.Shape.product(rows: batch * time, inputs: half, outputs: 2 * bins)
        WorkCounter.record(.product, .forward, work)
        // Real parts of all bins, then imaginary parts.
        let spectrum = Tensor(uninitialized: [batch, 2 * bins, time])
        let y = Tensor(uninitialized: [batch, bins, time])
        do {
            let folded = Tensor(uninitialized: [batch, time, size])
            let (source, scratch, parts, target) = (frames.pointer, folded.pointer, spectrum.pointer, y.pointer)
            forEachFrameBlock(batch: batch, time: time) { item, start, count in
                let offset = (item * time + start) * size
                for t in 0..<count { fold(source + offset + t * size, into: scratch + offset + t * size, half: half) }
                for part in 0..<2 {
                    multiply(
                        rows: bins, columns: count, depth: half, basis.pointer + part * bins * half, stride: half,
                        transposed: false, scratch + offset + part * half, stride: size, transposed: true,
                        into: parts + (item * 2 + part) * bins * time + start, stride: time)
                }
                for bin in 0..<bins {
                    let real = parts + (item * 2 * bins + bin) * time + start, imaginary = real + bins * time
                    let row = target + (item * bins + bin) * time + start
                    for t in 0..<count {
                        row[t] = (real[t] * real[t] + imaginary[t] * imaginary[t] + 1e-8).squareRoot()
                    }
                }
            }
        }
        let saved = y.detached()
        return y.recorded([frames]) { dy in
            WorkCounter.record(.product, .dataGradient, work)
            // In blocks of frames: re and im times dy / magnitude, back through the basis, unfolded.
            let dx = Tensor(uninitialized: [batch, time, size])
            let slopes = Tensor(uninitialized: [batch, 2 * bins, time]), folded = Tensor(uninitialized: dx.shape)
            let (d, magnitude, parts) = (dy.pointer, saved.pointer, spectrum.pointer)
            let (scaled, scratch, target) = (slopes.pointer, folded.pointer, dx.pointer)
            forEachFrameBlock(batch: batch, time: time) { item, start, count in
                for bin in 0..<bins {
                    let position = (item * bins + bin) * time + start
                    let real = (item * 2 * bins + bin) * time + start, imaginary = real + bins * time
                    for t in 0..<count {
                        let factor = d[position + t] / magnitude[position + t]
                        scaled[real + t] = parts[real + t] * factor
                        scaled[imaginary + t] = parts[imaginary + t] * factor
                    }
                }
                let offset = (item * time + start) * size
                for part in 0..<2 {
                    multiply(
                        rows: count, columns: half, depth: bins, scaled + (item * 2 + part) * bins * time + start,
                        stride: time, transposed: true, basis.pointer + part * bins * half, stride: half,
                        transposed: false, into: scratch + offset + part * half, stride: size)
                }
                for t in 0..<count { unfold(scratch + offset + t * size, into: target + offset + t * size, half: half) }
            }
            return [dx]
        }
    }
}

/// Entry n - 1 of the first half is x[n] + x[size - n], of the second x[n] - x[size - n], for n = 1 ... half; the
/// middle sample has no mirror image. x[0] is not read: its window is 0.
private func fold(_ frame: UnsafePointer<Float>, into folded: UnsafeMutablePointer<Float>, half: Int) {
    for n in 1..<half {
        let mirrored = frame[2 * half - n]
        folded[n - 1] = frame[n] + mirrored
        folded[half + n - 1] = frame[n] - mirrored
    }
    folded[half - 1] = frame[half]
    folded[2 * half - 1] = 0
}

/// The transpose of `fold`.
private func unfold(_ folded: UnsafePointer<Float>, into frame: UnsafeMutablePointer<Float>, half: Int) {
    frame[0] = 0
    for n in 1..<half {
        let (sum, difference) = (folded[n - 1], folded[half + n - 1])
        frame[n] = sum + difference
        frame[2 * half - n] = sum - difference
    }
    frame[half] = folded[half - 1]
}
