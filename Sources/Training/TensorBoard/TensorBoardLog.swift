import Audio
import Checkpoint
import Foundation
import Tensor
import VoiceModel

/// Writes what is trained where TensorBoard reads it: `tensorboard/BRANCH`, one run a branch, so that a roll-back begins
/// a curve of its own and never folds one back.
///
/// Scalars of every step, the settings as text, and of every take its sound and its mel picture. It is a copy for looking
/// at: the journal stays what counts, and what cannot be written here stops nothing.
package final class TensorBoardLog {
    private let folder: URL
    /// One a branch that was written to.
    private var files: [String: EventFile] = [:]
    /// The first thing that went wrong; nothing is written after it.
    package private(set) var problem: String?

    package init(_ folder: URL) { self.folder = folder }

    /// Adds a step's figures.
    package func add(_ record: StepRecord, date: Date = Date()) {
        attempt {
            let file = try file(of: record.branch, next: record.step)
            var values = record.metrics.map { ("\(record.stage.rawValue)/\($0.key.rawValue)", $0.value) }
            values.append(("\(record.stage.rawValue)/learning_rate", Float(record.learningRate)))
            values.append(("\(record.stage.rawValue)/step_seconds", Float(record.seconds)))
            let sorted = values.sorted { $0.0 < $1.0 }.map { BoardValue(tag: $0.0, content: .number($0.1)) }
            try file.append(BoardEvent(date: date, step: record.step, content: .summary(sorted)))
        }
    }

    /// Adds a text, such as voice.toml or a settings command, shown as it is.
    package func add(text: String, named name: String, branch: String, step: Int, date: Date = Date()) {
        attempt {
            let block = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
            let value = BoardValue(tag: name, content: .text(block.joined(separator: "\n")))
            try file(of: branch, next: step + 1).append(
                BoardEvent(date: date, step: step, content: .summary([value])))
        }
    }

    /// Adds what an evaluation measured, at its checkpoint's step: a line of points of their own, in any order.
    package func add(_ evaluation: CheckpointEvaluation, of id: CheckpointID) {
        let values = CheckpointFigure.allCases.compactMap { figure in
            evaluation.figures[figure].map {
                BoardValue(tag: "evaluation/\(figure.rawValue)", content: .number(Float($0)))
            }
        }
        attempt {
            try file(of: id.branch, next: nil).append(
                BoardEvent(date: evaluation.date, step: id.step, content: .summary(values)))
        }
    }

    /// Adds a take's sound and its mel picture.
    package func add(_ take: Take, branch: String) {
        attempt {
            let url = URL(fileURLWithPath: take.path)
            let sound = try Data(contentsOf: url)
            let picture = try Self.picture(of: AudioFile.read(url))
            let values = [
                BoardValue(
                    tag: "takes/\(take.source)",
                    content: .sound(sound, sampleRate: take.sampleRate, sampleCount: take.sampleCount)),
                BoardValue(tag: "mel/\(take.source)", content: .picture(picture)),
            ]
            // A take of a line that is not being trained takes nothing back there.
            try file(of: branch, next: nil).append(
                BoardEvent(date: take.date, step: take.step, content: .summary(values)))
        }
    }

    /// Ends the files.
    package func close() {
        attempt { for file in files.values { try file.close() } }
        files = [:]
    }

    // MARK: Files

    private func attempt(_ body: () throws -> Void) {
        guard problem == nil else { return }
        do { try body() } catch {
            problem =
                "TensorBoard's files in \(folder.path) could not be written (\(error.localizedDescription)); "
                + "training goes on without them."
        }
    }

    private func file(of branch: String, next step: Int?) throws -> EventFile {
        if let file = files[branch] { return file }
        let new = try EventFile(in: folder.appendingPathComponent(branch), restart: step)
        files[branch] = new
        return new
    }

    // MARK: Pictures

    /// The log mel spectrogram over the 80 dB below its loudest place; a band and a frame a dot, long ones thinned.
    static func picture(of waveform: Waveform) -> PortableImage {
        let mel = MelSpectrogram(sampleRate: waveform.sampleRate, fftSize: 1024, hop: 320, bands: 80)
        let values = mel(waveform)
        let (bands, frames) = (values.shape[1], values.shape[2])
        let numbers = values.values
        let top = numbers.max() ?? 0
        // The logarithm is natural: 80 dB of amplitude are ln 10⁴.
        let range = Float(log(10.0) * 4)
        return PortableImage(numbers.map { ($0 - top + range) / range }, rows: bands, columns: frames)
    }
}
