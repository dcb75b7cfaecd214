import Foundation
import Tensor

/// Turns speech into semantic tokens, 25 per second: what the prior predicts and SoVITS is conditioned on.
///
/// Fitted once per voice and never changed after, so that a token always means the same.
package protocol SemanticTokenizer: Sendable {
    /// Tokens are 0 ..< codeCount.
    var codeCount: Int { get }

    /// One token per two frames of a log mel spectrogram [80, T] or [1, 80, T] at 50 frames per second: T / 2.
    func tokens(of mel: Tensor) -> [Int]

    /// All it remembers, under names for the checkpoint, in a fixed order.
    var state: [(name: String, tensor: Tensor)] { get }
}

/// Why a tokenizer could not be made.
package enum TokenizerError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// Seconds.
    case tooLittleSpeech(found: Double, needed: Double)
    case nonFinite
    case unreadableState(tensor: String)

    package var description: String {
        switch self {
        case .tooLittleSpeech(let found, let needed):
            return String(
                format: "The voice has %.1f s of speech, but at least %.1f s are needed to find its tokens; "
                    + "add recordings.", found, needed)
        case .nonFinite:
            return "A mel spectrogram holds values that are not finite, so no tokens can be found in it."
        case .unreadableState(let tensor):
            return "The tokenizer's tensor \(tensor) is missing or has the wrong shape; "
                + "go back to another checkpoint of this voice."
        }
    }

    package var errorDescription: String? { description }
}
