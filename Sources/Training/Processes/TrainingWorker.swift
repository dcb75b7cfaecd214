import Foundation
import Tensor

/// What a rank other than 0 does: it computes its part of every step that rank 0 orders, and keeps no files.
package struct TrainingWorker {
    private let voice: Voice
    private let crew: ProcessCrew

    package init(_ voice: Voice, crew: ProcessCrew) {
        self.voice = voice
        self.crew = crew
    }

    /// Obeys until rank 0 ends; returns the status that it ends with.
    ///
    /// - Throws: what preparing the clips throws, `TrainingError.otherVoice`; the other processes must be ended then.
    package func run(threads: Int) throws -> Int32 {
        Threads.use(threads)
        var engine: TrainingEngine?
        while true {
            let order = try crew.nextOrder()
            switch order.kind {
            case .end: return order.status
            case .begin: engine = try prepared(order)
            case .restore:
                guard let engine, let position = order.position else { continue }
                let image = try crew.takeState(at: position)
                try engine.model.restore(image, at: position, checkpoint: "of rank 0")
                engine.position = position
            case .step:
                guard let engine, let position = order.position else { continue }
                engine.position = position
                // What fails everywhere alike is told, and ended, by rank 0.
                do { _ = try engine.performStep(branch: order.branch) } catch is TrainingError {}
            }
        }
    }

    /// The same engine as rank 0 has, from this host's copy of the voice.
    private func prepared(_ order: ProcessCrew.Order) throws -> TrainingEngine {
        guard let position = order.position else { throw TrainingError.otherVoice(rank: crew.group.rank) }
        let image = try crew.takeState(at: position)
        guard order.settings == voice.configuration.toml, try voice.fingerprint() == order.fingerprint else {
            throw TrainingError.otherVoice(rank: crew.group.rank)
        }
        let known =
            voice.configuration.voice.preset.readsRecordedFeatures ? nil : try TrainingEngine.tokenizer(of: image)
        let (dataset, tokenizer) = try Dataset.prepare(voice, tokenizer: known) { _, _ in true }
        let engine = TrainingEngine(
            configuration: voice.configuration, symbolCount: try voice.textFrontEnd().symbolTable.count,
            dataset: dataset, tokenizer: tokenizer)
        try engine.model.restore(image, at: position, checkpoint: "of rank 0")
        engine.position = position
        engine.crew = crew
        return engine
    }
}
