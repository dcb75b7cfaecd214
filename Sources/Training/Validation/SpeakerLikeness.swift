import Audio
import Checkpoint
import Foundation
import Tensor
import VoiceModel

/// How like the voice a sound is, where that may be said at all: by the speaker encoder of a base that the stage
/// speaker taught to tell many speakers apart, its error rate among others measured of the very weights. An encoder that knows one speaker calls
/// everything alike.
package enum SpeakerLikeness {
    /// With the reason, for a person.
    case unknown(String)
    case known(Encoder)

    /// Fewer teach an encoder these speakers, not what makes a voice.
    package static let fewest = 50

    /// - Throws: what reading the base throws.
    package init(_ voice: Voice) throws {
        guard let base = voice.configuration.base else {
            self = .unknown("the voice has no base that many speakers trained")
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
        let position: TrainingPosition = try loaded.image.position()
        guard let record = position.speakers, record.names.count >= Self.fewest else {
            let count = position.speakers.map { "only \($0.names.count)" } ?? "no"
            self = .unknown(
                "the stage speaker taught the base \(base.voice) to tell \(count) speakers apart, of \(Self.fewest) that it "
                    + "takes")
            return
        }
        guard let heldOut = record.heldOut else {
            self = .unknown("no error rate among held-out speakers was measured of the base \(base.voice)")
            return
        }
        self = .known(try Encoder(loaded, position, trained: record.names.count, heldOut, voice))
    }

    /// The base's encoder as it was there: training on one voice makes it forget the others.
    package final class Encoder {
        private let sovits: SoVITS
        private let preset: ModelPreset
        private let voice: Voice
        /// By speaker, as they are asked for.
        private var references: [String: [Float]] = [:]
        /// What must be known beside the figure.
        package let remark: String

        init(
            _ base: BaseVoice, _ position: TrainingPosition, trained: Int, _ heldOut: HeldOutSpeakers, _ voice: Voice
        ) throws {
            self.voice = voice
            preset = voice.configuration.voice.preset
            let sizes = SoVITSConfiguration(preset, symbolCount: position.symbolCount, codeCount: position.codeCount)
            sovits = SoVITS(sizes)
            try WeightsImage(files: base.image.files, position: position, label: base.label)
                .load(into: sovits, preset.prior(for: sizes))
            let rate = CheckpointFigure.characterError.text(heldOut.errorRate)
            remark =
                "by an encoder that \(trained) speakers trained and whose error rate among \(heldOut.speakers) others is \(rate)"
        }

        /// Mean cosine of the sounds' vectors and those of their speakers' references, -1 ... 1; nil when every sound is
        /// too short.
        package func mean(of sounds: [(sound: Waveform, speaker: String)]) throws -> Double? {
            let cosines = try sounds.compactMap { sound, speaker -> Double? in
                let own = try Resampler().resample(sound, to: preset.sampleRate)
                guard own.samples.count >= preset.sampleRate / 2 else { return nil }
                let bins = sovits.configuration.referenceEncoder.bins
                let spectrum = InputSpectrum(preset)(Tensor(own.samples, shape: [1, own.samples.count]))
                let vector = sovits.speakerVector(spectrum.sliced(axis: 1, 0..<bins)).values
                return try SpeakerVerification.cosine(vector, reference(of: speaker))
            }
            return cosines.isEmpty ? nil : cosines.reduce(0, +) / Double(cosines.count)
        }

        private func reference(of speaker: String) throws -> [Float] {
            if let known = references[speaker] { return known }
            let vector = sovits.speakerVector(
                try ReferenceStyle.spectrum(of: nil, voice: voice, speaker: speaker)
            ).values
            references[speaker] = vector
            return vector
        }
    }
}
