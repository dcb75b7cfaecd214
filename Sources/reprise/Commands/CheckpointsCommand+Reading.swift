import Checkpoint
import Foundation
import Training

// What only looks: it takes no lock, and a training process is never disturbed by it.
extension CheckpointsCommand {
    func list(_ store: CheckpointStore) throws {
        if json { return try printJSON(store.summaries()) }
        let listings = try store.list()
        if listings.isEmpty { print("No checkpoints yet.") }
        for item in listings {
            let marks =
                (item.isHead ? ["HEAD"] : []) + (item.isPinned ? ["pinned"] : []) + item.tags.map { "[\($0)]" }
                + (item.note.map { ["“\($0)”"] } ?? [])
            let end = marks.isEmpty ? "" : "  \(marks.joined(separator: " "))"
            if let header = item.header {
                let parent = header.parent.map { "  from \($0)" } ?? ""
                print(
                    "\(item.id)  \(header.date.formatted(.iso8601))  \(header.reason.rawValue)  "
                        + "\(Self.size(header.bytes))\(parent)\(end)")
            } else {
                print("\(item.id)  damaged: \(item.defect ?? "unreadable")\(end)")
            }
        }
    }

    func show(_ store: CheckpointStore) throws {
        let manifest = try store.manifest(resolved(store))
        if json { return try printJSON(manifest) }
        let header = manifest.header
        print("\(header.id), saved \(header.date.formatted(.iso8601)) (\(header.reason.rawValue))")
        print("parent   \(header.parent?.description ?? "none")")
        print("clips    \(header.datasetFingerprint)")
        print("machine  \(header.machine.processor), OpenBLAS core \(header.machine.blasCore)")
        for file in manifest.files { print("\(file.digest)  \(file.bytes)  \(file.name)") }
    }

    /// Reads every byte; fails when one checkpoint is damaged, after naming all that are.
    func verify(_ store: CheckpointStore) throws {
        let ids = try id == nil ? store.list().map(\.id) : [resolved(store)]
        var isSound = true
        for id in ids {
            do {
                _ = try store.verify(id)
                print("\(id)  sound")
            } catch let error as CheckpointError {
                isSound = false
                printError("reprise: \(error)")
            }
        }
        if !isSound { throw ExitStatus.failed }
    }

    func compare(_ store: CheckpointStore) throws {
        let comparison = try store.compare(resolved(store), resolved(store, second))
        let (first, second) = (comparison.first.header, comparison.second.header)
        print("\(first.id) → \(second.id): \(comparison.steps) steps, \(Self.size(abs(comparison.bytes))) apart")
        for text in comparison.texts where text.name != "journal.jsonl" {
            print(text.name)
            for line in text.removed { print("  - \(line)") }
            for line in text.added { print("  + \(line)") }
            if text.more > 0 { print("  and \(text.more) further lines") }
        }
        let largest = comparison.tensors.map { ($0, Self.extent(of: $0)) }.sorted { $0.1 > $1.1 }
        for (tensor, _) in largest.prefix(12) {
            print("\(tensor.file) \(tensor.name)  \(Self.describe(tensor.kind))")
        }
        let rest = comparison.tensors.count - min(12, comparison.tensors.count)
        print("\(comparison.equalTensors) tensors are equal\(rest > 0 ? ", \(rest) more differ by less" : "")")
    }

    private static func extent(of difference: Comparison.TensorDifference) -> Double {
        if case .values(let maximum) = difference.kind { return maximum }
        return .infinity
    }

    private static func describe(_ kind: Comparison.TensorDifference.Kind) -> String {
        switch kind {
        case .added: "only in the second"
        case .removed: "only in the first"
        case .shape(let first, let second): "shape \(first) → \(second)"
        case .type(let first, let second): "type \(first.rawValue) → \(second.rawValue)"
        case .values(let maximum): "by at most \(String(format: "%.3g", maximum))"
        }
    }

    func export(_ store: CheckpointStore) throws {
        let id = try resolved(store)
        let target = URL(fileURLWithPath: second ?? "")
        let bytes = try store.export(id, to: target, as: singleFile ? .singleFile : .folder)
        print("\(id) is written to \(target.path), \(Self.size(bytes)).")
    }

    func previewPrune(_ store: CheckpointStore, _ voice: Voice) throws {
        let plan = try store.retentionPlan(
            RetentionPolicy(keepLast: voice.configuration.training.keepCheckpoints), keeping: best(store, voice))
        for kept in plan.kept {
            print("\(kept.id)  stays: \(kept.reasons.map(\.rawValue).joined(separator: ", "))")
        }
        for leaving in plan.leaving { print("\(leaving.id)  would go, freeing \(Self.size(leaving.bytesFreed))") }
        print(
            plan.leaving.isEmpty
                ? "Nothing to remove."
                : "Would remove \(plan.leaving.map(\.id.description).joined(separator: ", ")), "
                    + "freeing \(Self.size(plan.bytesFreed)).")
    }
}
