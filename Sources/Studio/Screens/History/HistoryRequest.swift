import TerminalKit
import Training

/// What the history asks the session to read, beside training.
package enum HistoryRequest: Sendable, Hashable {
    /// A branch's steps from the first on.
    case line(String)
    case settings(String)
    case takes
    case comparison(String, String)
    case thinning

    package func answer(from session: any TrainingSession) async -> HistoryAnswer {
        do {
            switch self {
            case .line(let branch):
                return .line(
                    branch, Self.points(of: try await session.curves(onLineOf: branch, steps: 1...Int.max), branch))
            case .settings(let id): return .settings(id, try await session.settings(of: id))
            case .takes: return .takes(try await session.takes())
            case .comparison(let first, let second): return .comparison(try await session.compare(first, second))
            case .thinning: return .thinning(try await session.prunePreview())
            }
        } catch {
            return .failed(self, "\(error)")
        }
    }
}

extension HistoryRequest {
    /// The losses of a line as steps that stand for all of it: of each stretch the lowest value at its first step and the
    /// highest at its last, so that no spike is lost however long the line is.
    private static func points(of slice: CurveSlice, _ branch: String) -> [StepRecord] {
        var metrics: [Int: [Metric: Float]] = [:]
        for metric in MomentCurves.metrics {
            for span in slice.figures[.metric(metric)] ?? [] {
                metrics[Int(span.firstStep), default: [:]][metric] = span.finiteCount > 0 ? span.low : .nan
                if span.lastStep > span.firstStep { metrics[Int(span.lastStep), default: [:]][metric] = span.high }
            }
        }
        return metrics.sorted { $0.key < $1.key }.map { step, values in
            let stage: Stage = values[.crossEntropy] == nil ? .sovits : .prior
            return StepRecord(
                branch: branch, step: step, stage: stage, epoch: 0, batch: 0, learningRate: 0, metrics: values,
                seconds: 0)
        }
    }
}

package enum HistoryAnswer: Sendable {
    case line(String, [StepRecord])
    case settings(String, CheckpointSettings)
    case takes([Take])
    case comparison(CheckpointComparison)
    case thinning(PrunePreview)
    /// One sentence.
    case failed(HistoryRequest, String)
}

extension StudioState {
    mutating func take(_ answer: HistoryAnswer) {
        switch answer {
        case .line(let branch, let records):
            let later = recentSteps.filter { $0.branch == branch && $0.step > records.last?.step ?? 0 }
            history.moments.take(records + later, of: branch)
        case .settings(let id, let settings): history.moments.settings[id] = .success(settings)
        case .takes(let takes): history.moments.takes = takes
        case .comparison(let comparison): open(.comparison(comparison, from: 0))
        case .thinning(let preview): open(.thinning(preview, from: 0))
        case .failed(.line(let branch), let sentence):
            history.moments.take([], of: branch)
            notice = Notice(sentence, .bad)
        case .failed(.settings(let id), let sentence): history.moments.settings[id] = .failure(ReadError(sentence))
        case .failed(.takes, let sentence):
            history.moments.takes = []
            notice = Notice(sentence, .bad)
        case .failed(_, let sentence): notice = Notice(sentence, .bad)
        }
        history.moments.asked.remove(answer.request)
    }

    /// An answer never takes the place of what is being typed.
    private mutating func open(_ answer: Overlay) {
        guard overlay == nil else { return }
        overlay = answer
        notice = nil
    }

    /// What the moment that is shown still lacks. One of a kind is asked for at a time: who walks through a thousand
    /// checkpoints leaves no thousand questions behind.
    mutating func askForMoment() -> [StudioEffect] {
        guard screen == .history, let checkpoint = selectedCheckpoint else { return [] }
        let head = history.tree.head.map { checkpoints[$0].id }
        return history.moments.wanted(checkpoint, head: head).map { .ask($0) }
    }
}

extension HistoryAnswer {
    var request: HistoryRequest {
        switch self {
        case .line(let branch, _): .line(branch)
        case .settings(let id, _): .settings(id)
        case .takes: .takes
        case .comparison(let comparison): .comparison(comparison.first.id, comparison.second.id)
        case .thinning: .thinning
        case .failed(let request, _): request
        }
    }
}
