/// Mono sound: samples in -1 ... 1 (louder ones are possible in float files) at a rate in Hz.
package struct Waveform: Sendable, Equatable {
    package var samples: [Float]
    package var sampleRate: Int

    package init(samples: [Float], sampleRate: Int) {
        self.samples = samples
        self.sampleRate = sampleRate
    }

    /// Seconds.
    package var duration: Double { Double(samples.count) / Double(sampleRate) }

    /// The largest magnitude; 0 when there are no samples.
    package var peak: Float { samples.reduce(0) { max($0, abs($1)) } }
}

/// A sample in 16 bits: rounded and held to full scale, the inverse of dividing by 32768; 0 for what is not a number.
func integerSample(_ sample: Float) -> Int16 {
    sample.isNaN ? 0 : Int16(max(-32768, min(32767, (sample * 32768).rounded())))
}
