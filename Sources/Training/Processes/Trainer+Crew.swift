import Foundation

// Rank 0 of several processes.
extension Trainer {
    /// One step, done together with the other processes, if there are any.
    func perform(_ engine: TrainingEngine) throws -> StepRecord {
        guard let crew else { return try engine.performStep(branch: branch) }
        if engine.crew == nil {
            let size = settingsInForce.training.batchSize
            guard crew.group.count <= size else {
                throw TrainingError.tooManyProcesses(count: crew.group.count, batchSize: size)
            }
            engine.crew = crew
            crew.give(
                .init(
                    kind: .begin, position: engine.position, fingerprint: fingerprint,
                    settings: voice.configuration.toml))
            try crew.share(engine.stateImage(texts: []))
        } else if !isStateShared {
            crew.give(.init(kind: .restore, position: engine.position))
            try crew.share(engine.stateImage(texts: []))
        }
        isStateShared = true
        crew.give(.init(kind: .step, position: engine.position, branch: branch))
        do {
            return try engine.performStep(branch: branch)
        } catch let error as TrainingError {
            throw error
        } catch {
            // The others are in the middle of a step that this one cannot end.
            log(.failure, "\(error)")
            crew.group.abort()
        }
    }
}
