import Foundation

/// Takes leading and trailing silence off a clip.
package struct SilenceTrimming: Sendable, Hashable {
    /// Frames this far below the loudest one are silence, in dB.
    package let threshold: Double
    /// Kept before the first and after the last sounding frame, in seconds.
    package let margin: Double

    package init(threshold: Double = 40, margin: Double = 0.05) {
        self.threshold = threshold
        self.margin = margin
    }

    /// The range of samples to keep, by the energy of 20 ms frames every 10 ms; empty where all is digital silence.
    package func soundingRange(_ waveform: Waveform) -> Range<Int> {
        let count = waveform.samples.count
        let frame = max(1, waveform.sampleRate / 50), hop = max(1, waveform.sampleRate / 100)
        var energies = [Double]()
        for start in stride(from: 0, to: count, by: hop) {
            let part = waveform.samples[start..<min(start + frame, count)]
            // A mean over the whole frame, so that a short rest at the end does not stand out.
            energies.append(part.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(frame))
        }
        guard let loudest = energies.max(), loudest > 0 else { return 0..<0 }
        let floor = loudest * pow(10, -threshold / 10)
        guard let first = energies.firstIndex(where: { $0 >= floor }),
            let last = energies.lastIndex(where: { $0 >= floor })
        else { return 0..<0 }
        let kept = Int((margin * Double(waveform.sampleRate)).rounded())
        return max(0, first * hop - kept)..<min(count, last * hop + frame + kept)
    }

    /// The clip without its silent ends; empty where all is digital silence.
    package func callAsFunction(_ waveform: Waveform) -> Waveform {
        Waveform(samples: Array(waveform.samples[soundingRange(waveform)]), sampleRate: waveform.sampleRate)
    }
}
