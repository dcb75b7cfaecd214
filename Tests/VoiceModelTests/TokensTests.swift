import Foundation
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

@Suite struct TokensTests {
    /// A made-up voice: `kinds` spectral shapes, each held for six frames, with a little noise.
    private func voice(frames: Int, kinds: Int = 30, seed: UInt64 = 1) -> Tensor {
        let shapes = RandomStream(seed: 9, name: "shapes").normal([kinds, 80])
        let noise = RandomStream(seed: seed, name: "noise").normal([80, frames])
        let order = RandomStream(seed: seed, name: "order")
        let mel = Tensor(uninitialized: [80, frames])
        for frame in 0..<frames {
            let kind = order.integer(below: kinds, at: frame / 6)
            for band in 0..<80 {
                mel.pointer[band * frames + frame] =
                    shapes.pointer[kind * 80 + band] + 0.05 * noise.pointer[band * frames + frame]
            }
        }
        return mel
    }

    @Test func oneTokenForTwoFrames() throws {
        let tokenizer = try KMeansTokenizer.fit([voice(frames: 400)], limit: 64, seed: 1)
        for frames in [0, 1, 2, 7, 100] {
            let tokens = tokenizer.tokens(of: voice(frames: frames, seed: 2))
            #expect(tokens.count == frames / 2)
            #expect(tokens.allSatisfy { (0..<tokenizer.codeCount).contains($0) })
        }
        let batched = voice(frames: 100).reshaped([1, 80, 100])
        #expect(tokenizer.tokens(of: batched) == tokenizer.tokens(of: voice(frames: 100)))
    }

    @Test func codesFollowTheAmountOfSpeech() throws {
        // 200 + 150 tokens / 12
        #expect(try KMeansTokenizer.fit([voice(frames: 401), voice(frames: 300)], limit: 64, seed: 1).codeCount == 29)
        #expect(try KMeansTokenizer.fit([voice(frames: 400)], limit: 10, seed: 1).codeCount == 10)
        #expect(ModelPreset.allCases.map(KMeansTokenizer.codeLimit) == [64, 512, 1024, 1024])
    }

    @Test func tooLittleSpeechIsRefused() throws {
        #expect(try KMeansTokenizer.fit([voice(frames: 192)], limit: 64, seed: 1).codeCount == 8)
        #expect(throws: TokenizerError.tooLittleSpeech(found: 3.8, needed: 3.84)) {
            try KMeansTokenizer.fit([voice(frames: 191)], limit: 64, seed: 1)
        }
        #expect(
            TokenizerError.tooLittleSpeech(found: 1, needed: 3.84).description
                == "The voice has 1.0 s of speech, but at least 3.8 s are needed to find its tokens; add recordings.")
        let broken = voice(frames: 400)
        broken.pointer[17] = .nan
        #expect(throws: TokenizerError.nonFinite) { try KMeansTokenizer.fit([broken], limit: 64, seed: 1) }
    }

    @Test func sameSoundsGetTheSameToken() throws {
        // As many codes as there are spectra: every stretch of six frames is three times one token.
        let mel = voice(frames: 1200, kinds: 20)
        let tokens = try KMeansTokenizer.fit([mel], limit: 20, seed: 1).tokens(of: mel)
        let whole = stride(from: 0, to: tokens.count, by: 3).count { Set(tokens[$0..<$0 + 3]).count == 1 }
        #expect(Float(whole) > 0.95 * Float(tokens.count / 3))
        #expect(Set(tokens).count >= 18)
    }

    @Test func aSeedDecidesAtAnyThreadCount() throws {
        let mels = [voice(frames: 1300), voice(frames: 900, seed: 2)]
        let before = Threads.count
        defer { Threads.use(before) }
        Threads.use(1)
        let one = try KMeansTokenizer.fit(mels, limit: 64, seed: 5)
        Threads.use(2)
        let two = try KMeansTokenizer.fit(mels, limit: 64, seed: 5)
        #expect(zip(one.state, two.state).allSatisfy { $0.tensor.values == $1.tensor.values })
        #expect(one.tokens(of: mels[0]) == two.tokens(of: mels[0]))
        #expect(try KMeansTokenizer.fit(mels, limit: 64, seed: 6) != one)
    }

    @Test func silenceAloneStillMakesATokenizer() throws {
        let tokenizer = try KMeansTokenizer.fit([Tensor(repeating: -11.5, shape: [80, 400])], limit: 64, seed: 1)
        #expect(tokenizer.codeCount == 16)
        #expect(Set(tokenizer.tokens(of: Tensor(repeating: -11.5, shape: [80, 40]))) == [0])
    }

    @Test func stateBringsItBack() throws {
        let mel = voice(frames: 800)
        let tokenizer = try KMeansTokenizer.fit([mel], limit: 64, seed: 1)
        var saved = Dictionary(uniqueKeysWithValues: tokenizer.state.map { ($0.name, $0.tensor) })
        let restored = try KMeansTokenizer { saved[$0] }
        #expect(restored == tokenizer)
        #expect(restored.tokens(of: mel) == tokenizer.tokens(of: mel))
        saved["mean"] = Tensor.zeros([3])
        #expect(throws: TokenizerError.unreadableState(tensor: "mean")) { try KMeansTokenizer { saved[$0] } }
    }

    @Test func reportsProgressAndCanBeCancelled() throws {
        var steps = [KMeansTokenizer.FittingProgress]()
        _ = try KMeansTokenizer.fit([voice(frames: 400)], limit: 16, seed: 1) {
            steps.append($0)
            return true
        }
        let seeding = (1...16).map { KMeansTokenizer.FittingProgress.seeding(found: $0, of: 16) }
        #expect(Array(steps.prefix(16)) == seeding)
        #expect(steps.count > 16)
        for stop in [3, 17] {
            var calls = 0
            #expect(throws: CancellationError.self) {
                try KMeansTokenizer.fit([voice(frames: 400)], limit: 16, seed: 1) { _ in
                    calls += 1
                    return calls < stop
                }
            }
            #expect(calls == stop)
        }
    }
}
