import CSoxr

/// Band-limited rate conversion by libsoxr, on one thread: the same samples give the same samples.
package struct Resampler: Sendable {
    package enum Quality: Sendable {
        /// 20 bits: for listening.
        case high
        /// 28 bits: for clips that a model learns from.
        case veryHigh
    }

    /// libsoxr's own words, or what was wrong with a rate.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let from: Int
        package let to: Int
        package let reason: String
        package var description: String { "Sound at \(from) Hz cannot be converted to \(to) Hz: \(reason)." }
    }

    package let quality: Quality

    package init(quality: Quality = .veryHigh) { self.quality = quality }

    /// The sound at `sampleRate` Hz, as long as before to within one sample; itself when it has that rate already.
    package func resample(_ waveform: Waveform, to sampleRate: Int) throws(Failure) -> Waveform {
        if waveform.sampleRate == sampleRate { return waveform }
        func failure(_ reason: String) -> Failure {
            Failure(from: waveform.sampleRate, to: sampleRate, reason: reason)
        }
        guard waveform.sampleRate > 0, sampleRate > 0 else { throw failure("a sample rate must be above 0") }
        if waveform.samples.isEmpty { return Waveform(samples: [], sampleRate: sampleRate) }
        let ratio = Double(sampleRate) / Double(waveform.sampleRate)
        let count = max(1, Int((Double(waveform.samples.count) * ratio).rounded()))
        var output = [Float](repeating: 0, count: count)
        var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
        var recipe = soxr_quality_spec(UInt(quality == .high ? SOXR_20_BITQ : SOXR_28_BITQ), 0)
        var runtime = soxr_runtime_spec(1)
        var consumed = 0, produced = 0
        let error = waveform.samples.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { target in
                soxr_oneshot(
                    Double(waveform.sampleRate), Double(sampleRate), 1, input.baseAddress, input.count, &consumed,
                    target.baseAddress, target.count, &produced, &format, &recipe, &runtime)
            }
        }
        if let error { throw failure(lowercasedFirst(String(cString: error))) }
        return Waveform(samples: output, sampleRate: sampleRate)
    }
}
