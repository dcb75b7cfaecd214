import Audio
import Checkpoint
import Foundation
import Tensor
import VoiceModel

/// How like the voice a sound is, where that may be said at all: by the speaker encoder of a base that many speakers
/// trained and whose error rate among speakers it never heard is on record. An encoder that knows one speaker calls
/// everything alike.
package enum SpeakerLikeness {
    /// With the reason, for a person.
    case unknown(String)
    case known(Encoder)

    /// - Throws: what reading the base throws.
    package init(_ voice: Voice) throws {
        guard let base = voice.configuration.base else {
            self = .unknown("the voice has no base that many speakers trained")
            return
        }
        let fewest = VoiceConfiguration.Speaker.fewest
        let record = try Voice.open(base.voice).configuration.speaker
        guard let record, record.speakers >= fewest else {
            self = .unknown(
                "the base \(base.voice) says of no \(fewest) speakers that they trained it ([speaker] speakers)")
            return
        }
        guard record.heldOutErrorRate > 0 else {
            self = .unknown(
                "the base \(base.voice) has no held-out error rate on record ([speaker] held_out_error_rate)")
            return
        }
        guard case .speaker = ReferenceEncoderConfiguration.preset(voice.configuration.voice.preset) else {
            self = .unknown("this preset's style encoder was not made to tell speakers apart")
            return
        }
        guard let loaded = try BaseVoice.load(voice.configuration) else {
            self = .unknown("the base \(base.voice) has no checkpoint")
            return
        }
        self = .known(try Encoder(loaded, record, voice))
    }

    /// The base's encoder as it was there: training on one voice makes it forget the others.
    package final class Encoder {
        private let sovits: SoVITS
        private let preset: ModelPreset
        private let reference: [Float]
        /// What must be known beside the figure.
        package let remark: String

        init(_ base: BaseVoice, _ record: VoiceConfiguration.Speaker, _ voice: Voice) throws {
            preset = voice.configuration.voice.preset
            let position: TrainingPosition = try base.image.position()
            let sizes = SoVITSConfiguration(preset, symbolCount: position.symbolCount, codeCount: position.codeCount)
            sovits = SoVITS(sizes)
            try WeightsImage(files: base.image.files, position: position, label: base.label)
                .load(into: sovits, preset.prior(for: sizes))
            reference = sovits.speakerVector(try ReferenceStyle.spectrum(of: nil, voice: voice)).values
            let rate = CheckpointFigure.characterError.text(record.heldOutErrorRate)
            remark = "by an encoder of \(record.speakers) speakers whose error rate among others is \(rate)"
        }

        /// Mean cosine of the sounds' vectors and the reference's, -1 ... 1; nil when every sound is too short.
        package func mean(of sounds: [Waveform]) throws -> Double? {
            let cosines = try sounds.compactMap { sound -> Double? in
                let own = try Resampler().resample(sound, to: preset.sampleRate)
                guard own.samples.count >= preset.sampleRate / 2 else { return nil }
                let bins = sovits.configuration.referenceEncoder.bins
                let spectrum = InputSpectrum(preset)(Tensor(own.samples, shape: [1, own.samples.count]))
                let vector = sovits.speakerVector(spectrum.sliced(axis: 1, 0..<bins)).values
                return Self.cosine(vector, reference)
            }
            return cosines.isEmpty ? nil : cosines.reduce(0, +) / Double(cosines.count)
        }

        private static func cosine(_ one: [Float], _ other: [Float]) -> Double {
            func product(_ first: [Float], _ second: [Float]) -> Double {
                zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            let length = (product(one, one) * product(other, other)).squareRoot()
            return length > 0 ? product(one, other) / length : 0
        }
    }
}
