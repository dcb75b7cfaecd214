import CKernels

/// A range of one axis of a tensor, all of the other axes: what slices, joins and paddings copy.
struct AxisPart {
    /// Runs of numbers that lie together: how many, how far apart, where in each the part begins and how long it is.
    private let runs, pitch, start, count: Int

    init(_ shape: [Int], _ axis: Int, _ range: Range<Int>) {
        let inner = shape[(axis + 1)...].reduce(1, *)
        runs = shape[..<axis].reduce(1, *)
        pitch = shape[axis] * inner
        start = range.lowerBound * inner
        count = range.count * inner
    }

    /// Copies the part of `whole`.
    func take(from whole: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        parallelRows(runs, count) { run in
            (target + run * count).update(from: whole + run * pitch + start, count: count)
        }
    }

    /// Writes the part of `whole`, and nothing else of it.
    func put(_ source: UnsafeMutablePointer<Float>, into whole: UnsafeMutablePointer<Float>) {
        parallelRows(runs, count) { run in
            (whole + run * pitch + start).update(from: source + run * count, count: count)
        }
    }

    /// Writes all of `whole`: zeros around the part.
    func place(_ source: UnsafeMutablePointer<Float>, in whole: UnsafeMutablePointer<Float>) {
        parallelRows(runs, pitch) { run in
            let line = whole + run * pitch
            line.update(repeating: 0, count: start)
            (line + start).update(from: source + run * count, count: count)
            (line + start + count).update(repeating: 0, count: pitch - start - count)
        }
    }

    /// Adds to the part of `whole`.
    func accumulate(_ source: UnsafeMutablePointer<Float>, into whole: UnsafeMutablePointer<Float>) {
        parallelRows(runs, count) { run in
            ck_accumulate(Int64(count), source + run * count, whole + run * pitch + start)
        }
    }
}

extension Tensor {
    /// (x + channels `first` ... of `other`) · mask, in one pass: [B, C, T] with [B, more, T] and a mask [B, 1, T], or
    /// none.
    package func adding(channelsOf other: Tensor, from first: Int, mask: Tensor? = nil) -> Tensor {
        let batch = shape[0], channels = shape[1], frames = shape[2], all = other.shape[1]
        precondition(
            other.shape == [batch, all, frames] && first >= 0 && first + channels <= all,
            "channels of \(other.shape) from \(first) on cannot be added to \(shape)")
        precondition(mask.map { $0.shape == [batch, 1, frames] } ?? true, "a mask has one channel")
        let y = Tensor(uninitialized: shape)
        let (px, po, pm, py) = (pointer, other.pointer, mask?.pointer, y.pointer)
        parallelRows(batch * channels, frames) { row in
            let item = row / channels
            ck_masked_sum(
                Int64(frames), px + row * frames, po + (item * all + first + row % channels) * frames,
                pm.map { $0 + item * frames }, py + row * frames)
        }
        let saved = mask?.detached()
        let part = AxisPart(other.shape, 1, first..<first + channels)
        return y.recorded([self, other], part: part) { dy in
            let d = saved.map { dy.detached() * $0 } ?? dy
            return [d, d]
        }
    }
}
