import Checkpoint
import Foundation
import Tensor
import Training

// A deeper look at checkpoints. The store is only read; what was measured goes into the journal, which takes it beside a
// training process.
extension CheckpointsCommand {
    func evaluate(_ store: CheckpointStore, _ voice: Voice) throws {
        let ids =
            all
            ? try store.list().filter { $0.header != nil }.map(\.id)
            : try ([id ?? "HEAD"] + [second].compactMap { $0 } + further).map { try resolved(store, $0) }
        let evaluator = try CheckpointEvaluator(voice: voice, store: store, options: .init(clips: clips))
        let journal = try Journal(url: voice.journalURL)
        Threads.use(ProcessInfo.processInfo.activeProcessorCount)
        let line = ProgressLine(), watch = SignalWatch {}
        defer { line.clear() }
        var told: Set<String> = [], results: [Evaluated] = []
        do {
            for (index, id) in ids.enumerated() {
                let place = ids.count > 1 ? " (\(index + 1) of \(ids.count))" : ""
                let evaluation = try evaluator.evaluate(id) { share in
                    line.show("Evaluating \(id)\(place): \(Int(100 * share)) %")
                    return watch.signalNumber == nil
                }
                try journal.add(evaluation, of: id)
                line.clear()
                if json {
                    results.append(Evaluated(id: id.description, evaluation: evaluation))
                } else {
                    printLine("\(id)  \(evaluation.line)")
                }
                for remark in evaluation.remarks where told.insert(remark).inserted { printError(remark) }
            }
        } catch is CancellationError {
            throw ExitStatus.signal(watch.signalNumber ?? SIGINT)
        }
        if json { try printJSON(results) }
    }

    private struct Evaluated: Encodable {
        var id: String
        var evaluation: CheckpointEvaluation
    }
}
