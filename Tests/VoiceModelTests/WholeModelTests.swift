import Neural
import Tensor
import Testing
import VoiceModel

/// The whole graph, put together: shapes, names, sizes, and where gradients go.
@Suite struct WholeModelTests {
    private func sovits(_ preset: ModelPreset) -> SoVITS {
        SoVITS(SoVITSConfiguration(preset, symbolCount: 40, codeCount: 16))
    }

    private func batch(_ preset: ModelPreset) -> SoVITSBatch {
        let noise = RandomStream(seed: 1, name: "batch"), frames = 48, hop = preset.hopLength
        let bins = InputSpectrum(preset).bins, referenceBins = ReferenceEncoderConfiguration.preset(preset).bins
        return SoVITSBatch(
            spectrum: noise.normal([2, bins, frames]) * Tensor.mask(lengths: [48, 40], frames: frames),
            lengths: [48, 40],
            waveform: RandomStream(seed: 2, name: "wave").uniform([2, 1, frames * hop]),
            tokens: [(0..<24).map { $0 % 16 }, (0..<20).map { $0 * 7 % 16 }],
            features: preset.readsRecordedFeatures
                ? RandomStream(seed: 4, name: "features").normal([2, 768, frames]) : nil,
            text: PaddedText([[1, 5, 9], [2, 3, 4, 39]]),
            reference: RandomStream(seed: 3, name: "reference").normal([2, referenceBins, 150]))
    }

    private func hasGradient(_ module: any Module, _ prefix: String) -> Bool {
        let parameters = module.parameters.filter { $0.name.hasPrefix(prefix) }
        return !parameters.isEmpty
            && parameters.contains { $0.tensor.gradient?.values.contains { $0 != 0 && $0.isFinite } == true }
    }

    @Test(arguments: ModelPreset.allCases)
    func namesAreUniqueAndThePublicOnes(_ preset: ModelPreset) {
        let sizes = SoVITSConfiguration(preset, symbolCount: 40, codeCount: 16)
        let modules: [any Module] = [
            SoVITS(sizes), Discriminators(sizes),
            Prior(.preset(preset, symbolCount: 40, codeCount: 16, speakerWidth: sizes.speakerWidth)),
        ]
        for module in modules {
            let names = module.state.map(\.name)
            #expect(Set(names).count == names.count)
            for name in names {
                #expect(
                    name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "_") }, "\(name)")
            }
        }
        let names = Set(modules[0].state.map(\.name))
        for name in [
            "enc_p.ssl_proj.weight", "enc_p.text_embedding.weight", "enc_p.mrte.c_pre.weight", "enc_p.proj.bias",
            "enc_p.encoder_text.attn_layers.0.emb_rel_k", "enc_q.enc.in_layers.0.weight_g", "enc_q.pre.weight",
            "flow.flows.0.enc.cond_layer.weight_v", "dec.conv_pre.weight", "dec.ups.0.weight_g", "dec.conv_post.weight",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }

    @Test func tinyIsSmall() {
        let sizes = SoVITSConfiguration(.tiny, symbolCount: 200, codeCount: 64)
        let sovits = SoVITS(sizes).parameterCount
        let prior = Prior(.preset(.tiny, symbolCount: 200, codeCount: 64, speakerWidth: sizes.speakerWidth))
            .parameterCount
        print("tiny: sovits \(sovits * 4) bytes, prior \(prior * 4) bytes")
        #expect((sovits + prior) * 4 <= 4 << 20)
    }

    @Test func speechIsAsLongAsItsTokens() {
        for preset in [ModelPreset.tiny, .standard, .v2] {
            let batch = batch(preset), reference = batch.reference.sliced(axis: 0, 0..<1)
            let model = sovits(preset)
            model.initialize(seed: 1)
            model.freeze()
            let g = model.speakerVector(reference)
            #expect(g.shape == [1, model.configuration.speakerWidth, 1])
            for tokens in [1, 5] {
                let speech = model.synthesize(
                    tokens: (0..<tokens).map { $0 }, text: [1, 2, 3], speaker: g, noiseScale: 0.5,
                    random: RandomStream(seed: 1, name: "noise"))
                #expect(speech.shape == [1, 1, 2 * tokens * preset.hopLength])
                #expect(speech.values.allSatisfy { $0.isFinite && abs($0) <= 1 })
            }
            let copy = model.reconstruct(
                spectrum: batch.spectrum.sliced(axis: 0, 0..<1).sliced(axis: 2, 0..<10), reference: reference)
            #expect(copy.shape == [1, 1, 10 * preset.hopLength])
        }
    }

    @Test func thePassHearsTheSameSliceOfBoth() {
        let model = sovits(.tiny)
        model.initialize(seed: 1)
        let batch = batch(.tiny)
        let pass = model.trainingPass(batch, StepRandomness(seed: 1, step: 1))
        #expect(pass.generated.shape == [2, 1, 32 * 320] && pass.real.shape == [2, 1, 32 * 320])
        let (whole, real) = (batch.waveform.values, pass.real.values)
        for (b, frames) in [48, 40].enumerated() {
            let slice = Array(real[b * 10240..<(b + 1) * 10240])
            // Whole frames, within the clip.
            #expect(
                (0...frames - 32).contains { start in
                    let from = b * 48 * 320 + start * 320
                    return Array(whole[from..<from + 10240]) == slice
                })
        }
        let again = model.trainingPass(batch, StepRandomness(seed: 1, step: 1))
        #expect(again.real.values == real && again.kl.item == pass.kl.item)
        let next = model.trainingPass(batch, StepRandomness(seed: 1, step: 2))
        #expect(next.kl.item != pass.kl.item)
    }

    @Test func theKLTrainsBothSidesAndTheFlow() {
        let model = sovits(.tiny)
        model.initialize(seed: 1)
        model.trainingPass(batch(.tiny), StepRandomness(seed: 1, step: 1)).kl.backward()
        for part in [
            "enc_p.proj", "enc_p.encoder2", "enc_p.mrte", "enc_p.encoder_text", "enc_p.text_embedding",
            "enc_p.ssl_proj",
            "flow", "enc_q.proj", "enc_q.enc", "enc_q.pre", "quantizer.codes", "ref_enc",
        ] {
            #expect(hasGradient(model, part), "\(part)")
        }
        #expect(!hasGradient(model, "dec"))
    }

    @Test func theWaveformTrainsDecoderPosteriorAndSpeaker() {
        let model = sovits(.tiny)
        model.initialize(seed: 1)
        let pass = model.trainingPass(batch(.tiny), StepRandomness(seed: 1, step: 1))
        (pass.generated - pass.real).squared().sum().backward()
        for part in ["dec", "enc_q", "ref_enc"] { #expect(hasGradient(model, part), "\(part)") }
        // Only the posterior speaks in training: text and codes learn from the KL alone.
        for part in ["enc_p", "flow", "quantizer"] { #expect(!hasGradient(model, part), "\(part)") }
    }

    @Test func thePaddingOfABatchIsNotHeard() {
        let model = sovits(.tiny)
        model.initialize(seed: 1)
        model.freeze()
        let batch = batch(.tiny)
        var loud = batch
        // Anything may stand after an item's end.
        let outside = (Tensor.mask(lengths: [48, 40], frames: 48) - 1) * 5
        loud.spectrum = batch.spectrum + outside
        let (a, b) = (StepRandomness(seed: 1, step: 1), StepRandomness(seed: 1, step: 1))
        let (plain, padded) = (model.trainingPass(batch, a), model.trainingPass(loud, b))
        #expect(abs(plain.kl.item - padded.kl.item) <= 1e-3 * abs(plain.kl.item))
    }
}
