import Foundation

/// What can stop training, each in one sentence: what, where, what to do.
package enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case noTrainingClips(voice: String)
    case clipTooShort(clip: String)
    case wrongSampleRate(clip: String, found: Int, wanted: Int)
    /// A loss or gradient is not a number; the step was not applied to what it belongs to.
    case notFinite(term: String, step: Int)
    /// A checkpoint's tensors do not fit the model that voice.toml describes.
    case incompatible(checkpoint: String, difference: String)
    case missingTensor(checkpoint: String, name: String)
    case nothingToSay
    case emptyBase(voice: String)
    /// A word of [lora] that no part of the model has.
    case unknownTarget(String)
    case nothingAdapted(checkpoint: String)
    case withdrawn(voice: String, since: String)
    case nothingTrained(voice: String)
    case referenceTooShort(file: String)
    /// Of the stage speaker.
    case noSpeakerEncoder(preset: String)
    case frozenSpeakerEncoder
    case tooFewSpeakers(found: Int, needed: Int)
    case unusableFeatures(file: String, problem: String)
    case drifted(rank: Int, step: Int)
    case otherVoice(rank: Int)
    case tooManyProcesses(count: Int, batchSize: Int)

    package var description: String {
        switch self {
        case .drifted(let rank, let step):
            "Process \(rank) came out of step \(step) with other weights than process 0: let all of them run on like processors, with the same libraries; nothing of this step was saved."
        case .otherVoice(let rank):
            "Process \(rank) has another voice than process 0: copy the voice's folder, voice.toml and clips, to its host."
        case .tooManyProcesses(let count, let batchSize):
            "\(count) processes cannot share a batch of \(batchSize): start at most \(batchSize), or raise batch_size in voice.toml."
        case .noTrainingClips(let voice):
            "Voice \(voice) has no clips left to train on: shorten held_out in its voice.toml or add recordings."
        case .clipTooShort(let clip):
            "Clip \(clip) is shorter than 0.8 s: remove its line from metadata.csv or join it with its neighbour."
        case .wrongSampleRate(let clip, let found, let wanted):
            "Clip \(clip) has \(found) Hz where this voice's preset needs \(wanted) Hz: make the voice anew with `reprise new`."
        case .notFinite(let term, let step):
            "\(term) is not a finite number at step \(step): roll back to the last good checkpoint and lower the learning rate."
        case .incompatible(let checkpoint, let difference):
            "Checkpoint \(checkpoint) was made for another configuration (\(difference)): restore that setting in voice.toml or start a new voice."
        case .missingTensor(let checkpoint, let name):
            "Checkpoint \(checkpoint) lacks the tensor \(name): go back to another checkpoint."
        case .noSpeakerEncoder(let preset):
            "The stage speaker cannot train preset \(preset), whose style encoder was not made to tell speakers apart: leave it out of [training] schedule and --stage."
        case .frozenSpeakerEncoder:
            "The stage speaker cannot train the speaker encoder, which [lora] sovits_targets leaves as it is in the base: leave one of the two out."
        case .tooFewSpeakers(let found, let needed):
            "The stage speaker takes a voice of \(needed) speakers or more, and this one has \(found): make it of a .list that names them (path|speaker|language|text)."
        case .nothingToSay:
            "There is nothing to say in this text: type a sentence with at least one word."
        case .nothingTrained(let voice):
            "Voice \(voice) has no checkpoint yet: train it first with `reprise train`."
        case .referenceTooShort(let file):
            "The reference \(file) has less than one second of sound: name a longer recording."
        case .unusableFeatures(let file, let problem):
            "The recorded features \(file) cannot be used, as \(problem): record them again from this clip."
        case .unknownTarget(let target):
            "[lora] names \"\(target)\", which no layer of the model is called: write words of layers' names such as in_proj, out_proj, linear1 or enc_p."
        case .withdrawn(let voice, let since):
            "The consent for voice \(voice) is withdrawn since \(since): nothing is spoken with it. Whoever it belongs to can give it anew with `reprise consent`."
        case .nothingAdapted(let checkpoint):
            "Checkpoint \(checkpoint) has no adapters to export: its voice.toml has no [lora]; leave --peft out."
        case .emptyBase(let voice):
            "The base voice \(voice) has no checkpoint yet: train it first, or leave --base out."
        }
    }

    package var errorDescription: String? { description }
}
