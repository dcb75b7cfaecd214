import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// HiFi-GAN on a stretch of frames against HiFi-GAN on all of them.
@Suite struct DecoderWindowTests {
    /// Rates and kernels of both kinds of preset, few channels.
    private static let decoders: [(rates: [Int], kernels: [Int])] = [
        ([8, 5, 4, 2], [16, 11, 8, 4]), ([10, 8, 2, 2, 2], [16, 16, 8, 2, 2]),
    ]

    private func decoder(_ index: Int) -> HiFiGAN {
        let (rates, kernels) = Self.decoders[index]
        let decoder = HiFiGAN(inputs: 6, initialChannels: 64, rates: rates, kernels: kernels, speakerWidth: 5)
        decoder.initialize(seed: 2)
        decoder.freeze()
        return decoder
    }

    private let g = RandomStream(seed: 1, name: "g").normal([1, 5, 1])
    private func latents(_ frames: Int) -> Tensor { RandomStream(seed: 1, name: "z").normal([1, 6, frames]) }

    @Test(arguments: [0, 1], [1, 2, 25, 61])
    func windowsJoinToTheWhole(_ index: Int, _ length: Int) {
        let decoder = decoder(index), z = latents(61), whole = decoder(z, speaker: g).values
        var joined = [Float]()
        for start in stride(from: 0, to: 61, by: length) where length > 2 || start < 6 || start > 54 {
            let frames = start..<min(61, start + length)
            let samples = decoder(z, speaker: g, frames: frames).values
            #expect(samples.count == frames.count * whole.count / 61)
            let expected = whole[start * whole.count / 61..<frames.upperBound * whole.count / 61]
            #expect(zip(samples, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(frames)")
            joined += samples
        }
        #expect(length <= 2 || joined.count == whole.count)
    }

    /// A window's own frames reach no further than the plan says, and not much less either.
    @Test(arguments: [0, 1])
    func framesFarAwayDoNotMatter(_ index: Int) {
        let decoder = decoder(index)
        func window(changing frame: Int) -> [Float] {
            let z = latents(80), changed = z.copied()
            for channel in 0..<6 { changed.pointer[channel * 80 + frame] += 3 }
            return (decoder(changed, speaker: g, frames: 40..<42) - decoder(z, speaker: g, frames: 40..<42)).values
        }
        #expect(window(changing: 20).allSatisfy { $0 == 0 })
        #expect(window(changing: 61).allSatisfy { $0 == 0 })
        #expect(window(changing: 34).contains { $0 != 0 })
        #expect(window(changing: 47).contains { $0 != 0 })
    }
}
