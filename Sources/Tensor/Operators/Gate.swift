import CKernels

extension Tensor {
    /// WaveNet's gate (van den Oord et al. 2016): [B, 2H, T] -> [B, H, T], tanh of the first half times σ of the second.
    ///
    /// `condition` [B, C, 1] is added first: its channels from `channel` on, one for each of the 2H.
    package func gated(condition: Tensor, from channel: Int) -> Tensor {
        let batch = shape[0], half = shape[1] / 2, frames = shape[2], width = condition.shape[1]
        precondition(
            condition.shape == [batch, width, 1] && channel >= 0 && channel + 2 * half <= width,
            "a condition of \(condition.shape) from \(channel) on does not fit \(shape)")
        let y = Tensor(uninitialized: [batch, half, frames])
        let (px, pc, py) = (pointer, condition.pointer, y.pointer)
        parallelRows(batch * half, frames) { row in
            let b = row / half, h = row % half
            let a = px + (2 * b * half + h) * frames, c = pc + b * width + channel + h
            ck_gate(Int64(frames), a, c[0], a + half * frames, c[half], py + row * frames)
        }
        let (saved, added) = (detached(), condition.detached())
        let wanted = condition.requiresGradient
        return y.recorded([self, condition]) { dy in
            let dx = Tensor(uninitialized: saved.shape)
            let dCondition = wanted ? Tensor.zeros(added.shape) : nil
            let (px, pc, pd, out, sums) = (
                saved.pointer, added.pointer, dy.pointer, dx.pointer, dCondition?.pointer
            )
            parallelRows(batch * half, frames) { row in
                let b = row / half, h = row % half, at = (2 * b * half + h) * frames, next = at + half * frames
                let place = b * width + channel + h, c = pc + place
                ck_gate_backward(
                    Int64(frames), px + at, c[0], px + next, c[half], pd + row * frames, out + at, out + next)
                guard let sums else { return }
                sums[place] = ck_sum(Int64(frames), out + at)
                sums[place + half] = ck_sum(Int64(frames), out + next)
            }
            return [dx, dCondition]
        }
    }
}
