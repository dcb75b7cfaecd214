import Foundation

/// What a deeper look at a checkpoint measured: it spoke the held-out clips' transcripts, always with the same numbers.
package struct CheckpointEvaluation: Sendable, Codable, Equatable {
    package var date: Date
    /// Clips that were spoken; `mel`, `ce` and `top3` are of all held-out ones.
    package var clips: Int
    /// The same for evaluations of the same clips, texts and settings, whose figures may be compared.
    package var basis: String
    package var figures: [CheckpointFigure: Double]
    /// The same figures of the recordings themselves, where they have them: no voice can be expected to do better.
    package var recordings: [CheckpointFigure: Double]
    /// Why a figure is missing, or what must be known beside it: a sentence.
    package var notes: [CheckpointFigure: String]
    /// False when the newest evaluation of the voice had another basis.
    package var isComparable = true

    package init(
        date: Date, clips: Int, basis: String, figures: [CheckpointFigure: Double] = [:],
        recordings: [CheckpointFigure: Double] = [:], notes: [CheckpointFigure: String] = [:]
    ) {
        self.date = date
        self.clips = clips
        self.basis = basis
        self.figures = figures
        self.recordings = recordings
        self.notes = notes
    }

    /// Why figures are missing, for a person; the same sentences for all checkpoints alike.
    package var remarks: [String] {
        let missing = CheckpointFigure.allCases.filter { figures[$0] == nil }
        let reasons = Dictionary(grouping: missing.filter { notes[$0] != nil }) { notes[$0] ?? "" }
        return reasons.map { reason, figures in
            "\(figures.map(\.rawValue).joined(separator: " and ")) not measured: \(reason)"
        }.sorted()
    }

    /// Its figures in a line: "mel 0.917, ce 3.401, top3 24.0 %, cer 71.3 % (recordings 20.1 %), repeats 2 (recordings 0)".
    package var line: String {
        CheckpointFigure.allCases.compactMap { figure in
            figures[figure].map { value in
                let control = recordings[figure].map { " (recordings \(figure.text($0)))" } ?? ""
                return "\(figure.rawValue) \(figure.text(value))\(control)"
            }
        }.joined(separator: ", ")
    }
}

/// What can stop an evaluation; each reads as one sentence.
package enum EvaluationError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case noHeldOutClips(voice: String)

    package var description: String {
        switch self {
        case .noHeldOutClips(let voice):
            "Voice \(voice) holds no clips out to measure it with: name some under [data] held_out in its voice.toml."
        }
    }
    package var errorDescription: String? { description }
}
