import Checkpoint
import Foundation
import Tensor
import VoiceModel

/// Times saving a complete state: how long training stands still for the copy, and what writing it takes.
package struct CheckpointBenchmark {
    package struct Report: Sendable, Encodable {
        package let subject = "checkpoint"
        package let preset: String
        package let threads, repeats, bytes: Int
        /// Seconds that training stands still, of all repeats.
        package let stallMedian, stallP99: Double
        /// Wall and processor seconds that the writer takes, medians.
        package let writeSeconds, writeWork: Double
        /// The share of the wall time that a save a minute takes from training.
        package let shareAtOneMinute: Double

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, repeats, bytes, stallMedian, stallP99, writeSeconds, writeWork
            case shareAtOneMinute
        }

        package var text: String {
            func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", 1000 * seconds) }
            return """
                \(preset): a checkpoint of \(String(format: "%.1f", Double(bytes) / 1e6)) MB, \(threads) threads, \
                \(repeats) saves
                training stands still   median \(milliseconds(stallMedian))   p99 \(milliseconds(stallP99))
                written in              \(milliseconds(writeSeconds)), \(milliseconds(writeWork)) of one processor
                a save every 60 s       \(String(format: "%.2f", 100 * shareAtOneMinute)) % of the wall time
                """
        }
    }

    private let options: BenchmarkOptions
    private let folder: URL

    /// `folder` is on the disk to measure; a folder is made in it and removed again.
    ///
    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions, in folder: URL) throws {
        try options.validate()
        self.options = options
        self.folder = folder.appendingPathComponent(".bench-\(UUID().uuidString)")
    }

    /// - Throws: `CancellationError`, `CheckpointError`.
    package func run(progress: BenchmarkProgress = { _ in true }) throws -> Report {
        Threads.use(options.threads)
        try tell(progress, "Making the models")
        let engine = try BenchmarkModel.engine(options, stage: .sovits)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try CheckpointStore(directory: folder.appendingPathComponent("checkpoints"))
        var stalls: [Double] = []
        var writes: [Double] = []
        var works: [Double] = []
        var parent: CheckpointID?
        var bytes = 0
        // The first one does not count: it fills the allocator.
        for index in 0...options.repeats {
            try tell(progress, index == 0 ? "Saving once" : "Timing save \(index) of \(options.repeats)")
            engine.disturb()
            engine.position.step += 1
            var copied: StateImage?
            let stall = try timed { copied = try engine.stateImage(texts: []) }
            guard let image = copied else { continue }
            let request = SaveRequest(
                id: CheckpointID(branch: CheckpointID.firstBranch, step: engine.position.step), reason: .autosave,
                parent: parent, datasetFingerprint: "", configurationDigest: "")
            let before = CheckpointWriter.processorTime
            var saved: SavedCheckpoint?
            let write = try timed { saved = try store.save(image, as: request) }
            let work = CheckpointWriter.processorTime - before
            bytes = saved?.manifest.header.bytes ?? 0
            parent = request.id
            if index > 0 {
                stalls.append(stall)
                writes.append(write)
                works.append(work)
            }
            _ = try store.prune(keepingLast: 1)
        }
        let sorted = stalls.sorted()
        let cost = median(stalls) + median(works) / Double(options.threads)
        return Report(
            preset: options.preset.rawValue, threads: options.threads, repeats: options.repeats, bytes: bytes,
            stallMedian: median(stalls), stallP99: sorted[min(sorted.count - 1, sorted.count * 99 / 100)],
            writeSeconds: median(writes), writeWork: median(works), shareAtOneMinute: cost / (60 + cost))
    }
}

extension TrainingEngine {
    /// Changes something in every file of a checkpoint, as a step does: nothing can be linked.
    fileprivate func disturb() {
        model.disturb()
    }
}
