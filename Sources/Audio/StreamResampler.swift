import CSoxr

/// `Resampler` for a sound that comes in pieces: what it gives is, piece after piece, what the whole would give.
///
/// Belongs to one thread at a time.
final class StreamResampler {
    private let from, to: Int
    private let handle: OpaquePointer?
    private var taken = 0, given = 0

    /// - Throws: libsoxr's own words, or what was wrong with a rate.
    init(from: Int, to: Int, quality: Resampler.Quality = .high) throws(Resampler.Failure) {
        (self.from, self.to) = (from, to)
        guard from > 0, to > 0 else {
            throw Resampler.Failure(from: from, to: to, reason: "a sample rate must be above 0")
        }
        if from == to {
            handle = nil
            return
        }
        var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
        var recipe = soxr_quality_spec(UInt(quality == .high ? SOXR_20_BITQ : SOXR_28_BITQ), 0)
        var runtime = soxr_runtime_spec(1)
        var error: soxr_error_t?
        handle = soxr_create(Double(from), Double(to), 1, &error, &format, &recipe, &runtime)
        if let error { throw Resampler.Failure(from: from, to: to, reason: lowercasedFirst(String(cString: error))) }
    }

    deinit { if let handle { soxr_delete(handle) } }

    /// Takes a piece and gives what can be given by now.
    func take(_ samples: [Float]) throws(Resampler.Failure) -> [Float] {
        guard let handle, !samples.isEmpty else { return samples }
        taken += samples.count
        var output = [Float](), used = 0
        while used < samples.count {
            let piece = try run(handle, samples[used...], room: (samples.count - used) * to / from + 4096)
            used += piece.used
            output += piece.output
            if piece.used == 0 && piece.output.isEmpty { break }
        }
        given += output.count
        return output
    }

    /// What is still inside after the last piece.
    func end() throws(Resampler.Failure) -> [Float] {
        guard let handle, taken > 0 else { return [] }
        let total = max(1, Int((Double(taken) * Double(to) / Double(from)).rounded()))
        var output = [Float]()
        while given + output.count < total {
            let piece = try run(handle, nil, room: total - given - output.count).output
            if piece.isEmpty { break }
            output += piece
        }
        // Rounding may leave one sample open.
        output += [Float](repeating: 0, count: total - given - output.count)
        given = total
        return output
    }

    /// One call of libsoxr; no input means the end.
    private func run(
        _ handle: OpaquePointer, _ input: ArraySlice<Float>?, room: Int
    ) throws(Resampler.Failure) -> (used: Int, output: [Float]) {
        var output = [Float](repeating: 0, count: room), used = 0, produced = 0
        let error = output.withUnsafeMutableBufferPointer { target in
            guard let input else {
                return soxr_process(handle, nil, 0, nil, target.baseAddress, target.count, &produced)
            }
            return input.withUnsafeBufferPointer {
                soxr_process(handle, $0.baseAddress, $0.count, &used, target.baseAddress, target.count, &produced)
            }
        }
        if let error { throw Resampler.Failure(from: from, to: to, reason: lowercasedFirst(String(cString: error))) }
        output.removeLast(room - produced)
        return (used, output)
    }
}
