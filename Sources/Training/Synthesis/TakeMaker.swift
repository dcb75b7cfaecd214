import Audio
import Checkpoint
import Foundation
import Synchronization
import Tensor

/// Makes takes of a voice, on whatever thread it is called.
struct TakeMaker: Sendable {
    /// What only a trainer has: the weights between two steps, and its held-out clip.
    struct Material: Sendable {
        var weights: WeightsImage?
        var clip: PreparedClip?
    }

    let voice: Voice
    let store: CheckpointStore

    /// Synthesizes what a request asks for, keeps the take and returns it with what was remarked on the way.
    func speak(
        _ request: AuditionRequest, _ present: Material,
        _ isCancelled: @escaping @Sendable () -> Bool, _ progress: @escaping (AuditionProgress) -> Void
    ) throws -> (Take, remarks: [String]) {
        try VoiceConsent.require(voice)
        let weights = try present.weights ?? WeightsImage(store.load(store.resolve(request.checkpoint ?? "")))
        if isCancelled() { throw CancellationError() }
        let synthesizer = try Synthesizer(weights, voice: voice)
        let reference = try style(request.reference)
        if let sampling = request.sampling { sampling.apply(to: &synthesizer.sampling) }
        if isCancelled() { throw CancellationError() }
        progress(.speaking(0))
        let waveform: Waveform
        if let clip = present.clip {
            waveform = synthesizer.resynthesize(clip, reference: reference, seed: request.seed)
        } else {
            // A token of the prior and the twenty-fifth of a second that it becomes take about as long.
            let expected = Double(try synthesizer.expectedTokens(request.text))
            var (tokens, samples, told) = (0, 0, 0.0)
            func tell() -> Bool {
                let spoken = Double(samples) / Double(synthesizer.sampleRate) * 25
                let done = min(0.99, (Double(tokens) / expected + spoken / expected) / 2)
                if done >= told + 0.01 {
                    told = done
                    progress(.speaking(done))
                }
                return !isCancelled()
            }
            waveform = try synthesizer.speak(request.text, reference: reference, seed: request.seed) {
                tokens = $0
                return tell()
            } onAudio: {
                samples += $0.count
                return tell()
            }
        }
        if isCancelled() { throw CancellationError() }
        let take = try TakeLibrary(voice).save(
            waveform, text: request.text, weights: weights, seed: request.seed, source: present.clip?.id ?? "prior",
            reference: request.reference, sampling: AuditionSampling(synthesizer.sampling))
        let style = request.reference == nil ? try ReferenceStyle.remark(voice) : nil
        return (take, (style.map { [$0] } ?? []) + synthesizer.remarks)
    }

    private func style(_ id: String?) throws -> Tensor {
        guard let id else { return try ReferenceStyle.spectrum(of: nil, voice: voice) }
        guard let clip = voice.clips.first(where: { $0.id == id }) else {
            throw SessionError.noSuchClip(id)
        }
        return try ReferenceStyle.spectrum(of: clip, voice: voice)
    }
}

extension AuditionSampling {
    init(_ sampling: VoiceConfiguration.Sampling) {
        self.init(
            topK: sampling.topK, topP: sampling.topP, temperature: sampling.temperature,
            repetitionPenalty: sampling.repetitionPenalty)
    }

    func apply(to sampling: inout VoiceConfiguration.Sampling) {
        sampling.topK = topK
        sampling.topP = topP
        sampling.temperature = temperature
        sampling.repetitionPenalty = repetitionPenalty
    }
}

/// Long work that blocks, on a thread of its own: the cooperative threads, of which a small machine has one, stay free
/// for keys and updates.
enum BackgroundThread {
    /// - Parameter body: is given a function that says whether the waiting task was cancelled.
    static func run<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Value
    ) async throws -> Value {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let thread = Thread {
                    continuation.resume(with: Result { try body { flag.isSet } })
                }
                thread.name = name
                thread.stackSize = 16 << 20
                thread.start()
            }
        } onCancel: {
            flag.set()
        }
    }
}

private final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
