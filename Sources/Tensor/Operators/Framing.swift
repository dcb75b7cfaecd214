import CKernels

// Overlapping frames of a signal.

extension Tensor {
    /// [..., N] → [..., T, length], T = 1 + (N - length) / hop: frame t begins at sample t · hop. Samples behind the
    /// last whole frame are left out. Backward adds the frames where they overlap, in their order.
    package func framed(length: Int, hop: Int) -> Tensor {
        let samples = shape.last ?? 1
        precondition(length > 0 && hop > 0 && samples >= length, "no frame of \(length) fits into \(samples) samples")
        let frames = 1 + (samples - length) / hop, rows = shape.dropLast().reduce(1, *)
        let y = Tensor(uninitialized: shape.dropLast() + [frames, length])
        let (source, target) = (pointer, y.pointer)
        parallelFor(rows * frames) { item in
            let row = item / frames, frame = item % frames
            (target + item * length).update(from: source + row * samples + frame * hop, count: length)
        }
        let inputShape = shape
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            let (from, to) = (dy.pointer, dx.pointer)
            parallelFor(rows) { row in
                let out = to + row * samples
                out.update(repeating: 0, count: samples)
                for frame in 0..<frames {
                    ck_accumulate(Int64(length), from + (row * frames + frame) * length, out + frame * hop)
                }
            }
            return [dx]
        }
    }
}
