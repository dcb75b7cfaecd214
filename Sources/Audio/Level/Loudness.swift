import Foundation

/// Levels of speech, in dB relative to full scale (0 dBFS: an RMS of 1).
package enum Loudness {
    /// Blocks quieter than this are pauses and do not count.
    package static let gate = -50.0
    private static let blockSeconds = 0.05

    /// RMS over the 50 ms blocks above the gate; nil when there is none: silence.
    package static func gated(_ waveform: Waveform) -> Double? {
        let block = max(1, Int(blockSeconds * Double(waveform.sampleRate)))
        let floor = pow(10, gate / 10)
        var energy = 0.0, count = 0
        for start in stride(from: 0, to: waveform.samples.count, by: block) {
            let end = min(start + block, waveform.samples.count)
            // A short rest at the end is too little to tell speech from a click.
            if end - start < block, start > 0 { break }
            let sum = waveform.samples[start..<end].reduce(0.0) { $0 + Double($1) * Double($1) }
            guard sum / Double(end - start) >= floor else { continue }
            energy += sum
            count += end - start
        }
        return count == 0 ? nil : 10 * log10(energy / Double(count))
    }

    /// True when nothing in it is louder than the gate.
    package static func isSilent(_ waveform: Waveform) -> Bool { gated(waveform) == nil }

    /// The share of samples, 0 ... 1, in runs of three or more at full scale: what a recorder leaves when it clips.
    package static func clippedShare(_ waveform: Waveform) -> Double {
        guard !waveform.samples.isEmpty else { return 0 }
        var clipped = 0, run = 0, sign: Float = 0
        func close() {
            if run >= 3 { clipped += run }
            run = 0
        }
        for sample in waveform.samples {
            if abs(sample) >= 0.999 {
                let side: Float = sample < 0 ? -1 : 1
                if side != sign { close() }
                (run, sign) = (run + 1, side)
            } else {
                close()
            }
        }
        close()
        return Double(clipped) / Double(waveform.samples.count)
    }

    /// What normalising a sound did.
    package struct Change: Sendable, Equatable, CustomStringConvertible {
        /// Gated loudness before, in dBFS; nil: silent, nothing was changed.
        package let before: Double?
        /// dB.
        package let gain: Double
        /// The gain is less than the target asks for, to keep the peak.
        package let isLimitedByPeak: Bool

        package var description: String {
            guard let before else { return "silent, left as it is" }
            let text = String(format: "%.1f dBFS, %+.1f dB", before, gain)
            return isLimitedByPeak ? text + " (held back by the peak)" : text
        }
    }

    /// Brings the gated loudness to `target` dBFS by one gain for the whole sound, less where the peak would pass
    /// `maximumPeak`.
    package static func normalized(
        _ waveform: Waveform, target: Double = -23, maximumPeak: Double = 0.95
    ) -> (waveform: Waveform, change: Change) {
        guard let before = gated(waveform) else {
            return (waveform, Change(before: nil, gain: 0, isLimitedByPeak: false))
        }
        let wanted = target - before
        let allowed = 20 * log10(maximumPeak / Double(waveform.peak))
        let gain = min(wanted, allowed)
        let factor = Float(pow(10, gain / 20)), bound = Float(maximumPeak)
        let samples = waveform.samples.map { max(-bound, min(bound, $0 * factor)) }
        return (
            Waveform(samples: samples, sampleRate: waveform.sampleRate),
            Change(before: before, gain: gain, isLimitedByPeak: allowed < wanted)
        )
    }
}
