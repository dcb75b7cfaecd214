import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// The modules of SoVITS against tensors of the public implementation.
@Suite struct SoVITSGoldenTests {
    @Test func waveNet() throws {
        let golden = try Golden("wavenet")
        let module = WaveNet(
            hidden: golden.number("hidden"), kernel: 5, dilationRate: golden.number("dilation_rate"),
            layers: golden.number("layers"), speakerWidth: golden.number("gin"))
        load(golden, into: module)
        let x = golden.leaf("x"), g = golden.leaf("g")
        let y = module(x, mask: golden["input/mask"], speaker: g)
        expectOutput(y, golden, "y")
        probeLoss([y]).backward()
        expectGradients(golden, of: module, inputs: ["x": x, "g": g])
    }

    @Test func posteriorEncoder() throws {
        let golden = try Golden("posterior_encoder")
        let module = PosteriorEncoder(
            bins: golden.number("spec"), outputs: golden.number("out"), hidden: golden.number("hidden"), kernel: 5,
            layers: golden.number("layers"), speakerWidth: golden.number("gin"))
        load(golden, into: module)
        let x = golden.leaf("x"), g = golden.leaf("g")
        let mask = Tensor.mask(lengths: golden.integers["input/lengths"] ?? [], frames: x.shape[2])
        let q = module(x, mask: mask, speaker: g)
        let z = q.sample(noise: golden["input/noise"], mask: mask)
        expectOutput(z, golden, "z")
        expectOutput(q.mean, golden, "m")
        expectOutput(q.logDeviation, golden, "logs")
        probeLoss([z, q.mean, q.logDeviation, mask]).backward()
        expectGradients(golden, of: module, inputs: ["x": x])
        #expect(g.gradient == nil, "the posterior must not teach the speaker encoder")
    }

    private func flow(_ golden: Golden) -> Flow {
        Flow(
            channels: golden.number("channels"), hidden: golden.number("hidden"), kernel: 5,
            couplings: golden.number("flows"), layers: golden.number("layers"), speakerWidth: golden.number("gin"))
    }

    @Test func flowForward() throws {
        let golden = try Golden("flow_forward")
        let module = flow(golden)
        load(golden, into: module)
        let x = golden.leaf("x"), g = golden.leaf("g")
        let y = module(x, mask: golden["input/mask"], speaker: g)
        expectOutput(y, golden, "y")
        probeLoss([y]).backward()
        expectGradients(golden, of: module, inputs: ["x": x, "g": g])
    }

    @Test func flowInverse() throws {
        let golden = try Golden("flow_reverse"), forward = try Golden("flow_forward")
        let module = flow(forward)
        load(golden, into: module)
        let y = module.inverse(golden["input/x"], mask: golden["input/mask"], speaker: golden["input/g"])
        expectOutput(y, golden, "y")
    }

    @Test func relativeEncoder() throws {
        let golden = try Golden("relative_encoder")
        let module = RelativeEncoder(
            channels: golden.number("hidden"), filter: golden.number("filter"), heads: golden.number("heads"),
            layers: golden.number("layers"), kernel: golden.number("kernel"), window: golden.number("window"),
            dropout: 0.1)
        load(golden, into: module)
        let x = golden.leaf("x")
        let y = module(x, mask: golden["input/mask"], lengths: golden.lengths("mask"), nil)
        expectOutput(y, golden, "y")
        probeLoss([y]).backward()
        expectGradients(golden, of: module, inputs: ["x": x])
    }

    @Test func textCrossAttention() throws {
        let golden = try Golden("mrte")
        let module = TextCrossAttention(channels: golden.number("content"), width: golden.number("hidden"), heads: 4)
        load(golden, into: module)
        let x = golden.leaf("x"), text = golden.leaf("text"), g = golden.leaf("ge")
        let y = module(
            x, mask: golden["input/mask"], text: text, textMask: golden["input/text_mask"],
            textLengths: golden.lengths("text_mask"), speaker: g)
        expectOutput(y, golden, "y")
        probeLoss([y]).backward()
        expectGradients(golden, of: module, inputs: ["x": x, "text": text, "ge": g])
    }

    @Test func hifiGAN() throws {
        let golden = try Golden("hifigan_generator")
        let module = HiFiGAN(
            inputs: 8, initialChannels: 32, rates: [4, 2], kernels: [8, 4], speakerWidth: golden.number("gin"),
            postBias: false)
        load(golden, into: module)
        let x = golden.leaf("x"), g = golden.leaf("g")
        let wave = module(x, speaker: g)
        expectOutput(wave, golden, "wave")
        probeLoss([wave]).backward()
        expectGradients(golden, of: module, inputs: ["x": x, "g": g])
    }

    @Test func scaleDiscriminator() throws {
        let golden = try Golden("discriminator_scale")
        let module = ScaleDiscriminator([
            .init(channels: 4, kernel: 15, stride: 1, groups: 1), .init(channels: 8, kernel: 41, stride: 4, groups: 2),
            .init(channels: 16, kernel: 41, stride: 4, groups: 4), .init(channels: 16, kernel: 5, stride: 1, groups: 1),
        ])
        load(golden, into: module)
        let x = golden.leaf("x")
        let judgement = module(x)
        for (index, feature) in judgement.features.enumerated() { expectOutput(feature, golden, "fmap\(index)") }
        expectOutput(judgement.score, golden, "score")
        probeLoss([judgement.score] + judgement.features).backward()
        expectGradients(golden, of: module, inputs: ["x": x])
    }

    /// Ours keeps the columns of the folded wave as batch items: [B·p, C, T/p] against [B, C, T/p, p].
    @Test func periodDiscriminator() throws {
        let golden = try Golden("discriminator_period")
        let period = golden.number("period")
        let module = PeriodDiscriminator(period: period, channels: [4, 8, 8, 12, 12])
        load(golden, into: module)
        let x = golden.leaf("x")
        let judgement = module(x)
        func unfolded(_ feature: Tensor) -> Tensor {
            let batch = feature.shape[0] / period, channels = feature.shape[1], rows = feature.shape[2]
            return feature.reshaped([batch, period, channels * rows]).transposed().reshaped([
                batch, channels, rows, period,
            ])
        }
        let features = judgement.features.map(unfolded)
        for (index, feature) in features.enumerated() { expectOutput(feature, golden, "fmap\(index)") }
        probeLoss([features[5].reshaped(golden["output/score"].shape)] + features).backward()
        expectGradients(golden, of: module, inputs: ["x": x])
    }

    @Test func losses() throws {
        let golden = try Golden("losses")
        var leaves = [String: Tensor]()
        for key in golden.floats.keys where key.hasPrefix("input/") {
            let name = String(key.dropFirst(6))
            leaves[name] = golden.leaf(name)
        }
        func leaf(_ name: String) throws -> Tensor { try #require(leaves[name]) }
        let real = try (0..<2).map { Judgement(score: try leaf("real\($0)"), features: [try leaf("fmap_real\($0)")]) }
        let fake = try (0..<2).map { Judgement(score: try leaf("fake\($0)"), features: [try leaf("fmap_fake\($0)")]) }
        expectOutput(SoVITSLoss.discriminator(real: real, generated: fake), golden, "discriminator")
        expectOutput(SoVITSLoss.adversarial(fake), golden, "generator")
        expectOutput(SoVITSLoss.featureMatching(real: real, generated: fake), golden, "feature")
        let prior = FrameDistribution(mean: try leaf("m_p"), logDeviation: try leaf("logs_p"))
        let kl = SoVITSLoss.kl(
            flowed: try leaf("z_p"), posteriorLogDeviation: try leaf("logs_q"), prior: prior, mask: try leaf("z_mask"))
        expectOutput(kl, golden, "kl")
        kl.backward()
        for name in ["z_p", "logs_q", "m_p", "logs_p"] {
            guard let expected = golden.floats["grad/kl.\(name)"] ?? golden.floats["grad/\(name)"] else { continue }
            let gradient = try #require(try leaf(name).gradient)
            #expect(relativeDifference(gradient, expected) < 1e-3, "gradient of \(name)")
        }
    }
}
