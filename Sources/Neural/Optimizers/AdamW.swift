import CKernels
import Tensor

/// AdamW (Loshchilov & Hutter 2019) over a fixed list of parameters.
package final class AdamW {
    package struct Settings: Sendable, Equatable {
        package var beta1: Float
        package var beta2: Float
        package var epsilon: Float
        package var weightDecay: Float

        package init(beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
        }
    }

    /// One parameter with its moments, which take no memory before its first update.
    package final class Slot {
        package let name: String
        package let parameter: Tensor
        package private(set) lazy var first = Tensor.zeros(parameter.shape)
        package private(set) lazy var second = Tensor.zeros(parameter.shape)
        /// Multiplies the learning rate of this parameter.
        package let rateFactor: Float

        fileprivate init(name: String, parameter: Tensor, rateFactor: Float) {
            self.name = name
            self.parameter = parameter
            self.rateFactor = rateFactor
        }
    }

    package let slots: [Slot]
    package let settings: Settings
    private let pieces: [Piece]
    /// Updates done so far: t of the bias corrections.
    package var updates = 0

    package init(_ parameters: [StateEntry], settings: Settings, rateFactor: (String) -> Float = { _ in 1 }) {
        self.settings = settings
        slots = parameters.map {
            Slot(name: $0.name, parameter: $0.tensor, rateFactor: rateFactor($0.name))
        }
        pieces = slots.enumerated().flatMap { index, slot in
            let count = slot.parameter.count
            return stride(from: 0, to: count, by: Piece.most).map {
                Piece(slot: index, start: $0, count: min(Piece.most, count - $0))
            }
        }
    }

    /// Part of a parameter: pieces of one size keep all threads busy where one parameter holds a tenth of a model.
    private struct Piece {
        static let most = 1 << 16
        let slot, start, count: Int
    }

    /// The norm of all gradients together, summed in the order of the parameters.
    package func gradientNorm() -> Float {
        var squares = [Double](repeating: 0, count: pieces.count)
        squares.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let results = buffer
            parallelFor(pieces.count) { index in
                let piece = pieces[index]
                guard let gradient = slots[piece.slot].parameter.gradient else { return }
                results[index] = ck_square_sum(Int64(piece.count), gradient.pointer + piece.start)
            }
        }
        return Float(squares.reduce(0, +).squareRoot())
    }

    /// Updates every parameter that has a gradient, read times `gradientScale`, and forgets the gradients.
    package func update(learningRate: Float, gradientScale: Float = 1) {
        WorkCounter.record(
            .adamw, .update,
            .parameters(count: slots.reduce(0) { $0 + ($1.parameter.gradient == nil ? 0 : $1.parameter.count) }))
        updates += 1
        let correction1 = 1 - power(settings.beta1, updates), correction2 = 1 - power(settings.beta2, updates)
        // Made here, not by whichever thread comes first.
        for slot in slots where slot.parameter.gradient != nil { _ = (slot.first, slot.second) }
        parallelFor(pieces.count) { index in
            let piece = pieces[index], slot = slots[piece.slot]
            guard let gradient = slot.parameter.gradient else { return }
            ck_adamw(
                Int64(piece.count), slot.parameter.pointer + piece.start, gradient.pointer + piece.start,
                slot.first.pointer + piece.start, slot.second.pointer + piece.start, gradientScale,
                learningRate * slot.rateFactor, settings.beta1, settings.beta2, settings.epsilon,
                settings.weightDecay, correction1, correction2)
        }
        for slot in slots { slot.parameter.gradient = nil }
    }

    /// base^exponent by squaring, in double: the same bits whatever libm is at hand.
    private func power(_ base: Float, _ exponent: Int) -> Float {
        var result = 1.0, factor = Double(base), rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return Float(result)
    }
}

/// The factor that brings gradients of this norm down to `limit` (Pascanu et al. 2013).
package func clippingScale(norm: Float, limit: Float) -> Float {
    norm > limit ? limit / (norm + 1e-6) : 1
}
