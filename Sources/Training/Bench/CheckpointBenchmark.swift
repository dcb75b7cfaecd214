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
        /// Processor seconds of reading it back from the disk, which is done once, later, by a thread that gives way.
        package let readBackWork: Double
        /// Bytes of the disk that going back to a checkpoint as a new branch takes, until that is saved.
        package let forkBytes: Int
        /// From the start of `reprise train`, after it was killed, to its first step on standard output, median; nil for
        /// a preset whose clips need recorded features. The step itself is `firstStepSeconds` of it.
        package let openSeconds, firstStepSeconds: Double?

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, repeats, bytes, stallMedian, stallP99, writeSeconds, writeWork
            case shareAtOneMinute, readBackWork, forkBytes, openSeconds, firstStepSeconds
        }

        package var text: String {
            func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", 1000 * seconds) }
            let open = openSeconds.map { seconds in
                "\nopen to first step       "
                    + String(format: "%.2f s after a kill, %.2f s of it the step", seconds, firstStepSeconds ?? 0)
            }
            return """
                \(preset): a checkpoint of \(String(format: "%.1f", Double(bytes) / 1e6)) MB, \(threads) threads, \
                \(repeats) saves
                training stands still   median \(milliseconds(stallMedian))   p99 \(milliseconds(stallP99))
                written in              \(milliseconds(writeSeconds)), \(milliseconds(writeWork)) of one processor
                a save every 60 s       \(String(format: "%.2f", 100 * shareAtOneMinute)) % of the wall time
                read back later by      \(milliseconds(readBackWork)) of one processor
                a fork takes            \(CheckpointError.size(forkBytes)) until it is saved
                """ + (open ?? "")
        }
    }

    private let options: BenchmarkOptions
    private let folder: URL
    /// The program that trains, to be killed and opened again; nil leaves that out.
    private let program: URL?

    /// `folder` is on the disk to measure; a folder is made in it and removed again.
    ///
    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions, in folder: URL, program: URL? = nil) throws {
        try options.validate()
        self.options = options
        self.program = program
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
        let before = CheckpointWriter.processorTime
        guard let parent else { throw CancellationError() }
        _ = try store.verify(parent)
        let readBackWork = CheckpointWriter.processorTime - before
        let used = Self.diskUse(of: folder)
        _ = try store.newBranch(from: parent)
        let forkBytes = Self.diskUse(of: folder) - used
        let opened = try program.flatMap { program in
            try OpeningBenchmark(preset: options.preset, threads: options.threads, program: program, in: folder)?
                .run(progress)
        }
        let sorted = stalls.sorted()
        let cost = median(stalls) + median(works) / Double(options.threads)
        return Report(
            preset: options.preset.rawValue, threads: options.threads, repeats: options.repeats, bytes: bytes,
            stallMedian: median(stalls), stallP99: sorted[min(sorted.count - 1, sorted.count * 99 / 100)],
            writeSeconds: median(writes), writeWork: median(works), shareAtOneMinute: cost / (60 + cost),
            readBackWork: readBackWork, forkBytes: forkBytes, openSeconds: opened?.seconds,
            firstStepSeconds: opened?.step)
    }

    /// Bytes of the disk below a folder, each file once however many names it has.
    private static func diskUse(of folder: URL) -> Int {
        var seen: Set<FileStatus.Identity> = []
        var total = 0
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return 0 }
        for case let name as String in walk {
            guard let status = try? SystemCalls.system.status(folder.appendingPathComponent(name).path).get(),
                seen.insert(status.identity).inserted
            else { continue }
            total += status.allocated
        }
        return total
    }
}

extension TrainingEngine {
    /// Changes something in every file of a checkpoint, as a step does: nothing can be linked.
    fileprivate func disturb() {
        model.disturb()
    }
}
