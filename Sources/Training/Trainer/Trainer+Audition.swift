import Audio
import Checkpoint
import Foundation
import Synchronization
import Tensor

// Sentences to hear while training goes on.
extension Trainer {
    package nonisolated func audition(
        _ request: AuditionRequest, progress: @escaping @Sendable (AuditionProgress) -> Void
    ) async throws -> Take {
        var present = TakeMaker.Material()
        if request.checkpoint == nil || request.fromHeldOutClip {
            progress(.waitingForStep)
            present = try await presentMaterial(for: request)
        }
        let (voice, store, material) = (voice, store, present)
        let (take, remarks) = try await BackgroundThread.run("audition") { isCancelled in
            progress(.loadingWeights)
            return try TakeMaker(voice: voice, store: store).speak(request, material, isCancelled, progress)
        }
        // The step in hand need not be waited for: the trainer notes it between two steps.
        spoken.withLock { $0.append((take, remarks)) }
        mailbox.ring()
        return take
    }

    /// Copied between two steps.
    private func presentMaterial(for request: AuditionRequest) throws -> TakeMaker.Material {
        guard let engine else { throw SessionError.notReady }
        var present = TakeMaker.Material()
        if request.checkpoint == nil {
            present.weights = WeightsImage(
                files: engine.model.weights(), position: engine.position, label: "\(branch)@\(engine.position.step)")
        }
        if request.fromHeldOutClip { present.clip = engine.dataset.heldOut.first ?? engine.dataset.training.first }
        return present
    }

    /// Tells of the takes that were made since the last step.
    func noteSpokenTakes() {
        let new = spoken.withLock { takes in
            defer { takes = [] }
            return takes
        }
        for (take, remarks) in new {
            for remark in remarks { log(.warning, remark) }
            // "main/g_0000120" or "main@120", whichever weights spoke.
            writeToBoard { $0.add(take, branch: String(take.checkpoint.prefix { $0 != "/" && $0 != "@" })) }
            log(
                .take,
                "Spoke \(take.text.isEmpty ? take.source : "“\(take.text)”") with \(take.checkpoint): \(take.path)")
        }
    }
}
