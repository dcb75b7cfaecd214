import Checkpoint
import Foundation
import Training

// What only looks: it takes no lock, and a training process is never disturbed by it.
extension CheckpointsCommand {
    func list(_ store: CheckpointStore, _ voice: Voice) throws {
        var summaries = try overview(store, voice).summaries()
        if let sort { summaries.sort { CheckpointSummary.isBetter($0, $1, by: sort) } }
        if json { return try printJSON(summaries) }
        let known = Dictionary(summaries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var listings = try store.list()
        if sort != nil {
            let places = Dictionary(summaries.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
            func place(_ listing: CheckpointListing) -> Int { places[listing.id.description] ?? .max }
            listings.sort { place($0) < place($1) }
        }
        let figures = CheckpointFigure.allCases.filter { figure in summaries.contains { $0.figure(figure) != nil } }
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
                        + "\(Self.size(header.bytes))\(parent)  \(Self.state(known[item.id.description]))"
                        + Self.columns(known[item.id.description], figures) + end)
            } else {
                print("\(item.id)  damaged: \(item.defect ?? "unreadable")\(end)")
            }
        }
        for name in try store.listSetAside() { print("\(name)  damaged, set aside; nothing reads it any more") }
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

    func compare(_ store: CheckpointStore, _ voice: Voice) throws {
        for line in try overview(store, voice).compare(id ?? "", second ?? "").lines { print(line) }
    }

    /// The history with its losses, where there is a journal.
    func overview(_ store: CheckpointStore, _ voice: Voice) throws -> CheckpointOverview {
        let hasJournal = FileManager.default.fileExists(atPath: voice.journalURL.path)
        return CheckpointOverview(store: store, journal: hasJournal ? try Journal(readOnly: voice.journalURL) : nil)
    }

    /// The figures that some checkpoint has, one below the other.
    private static func columns(_ summary: CheckpointSummary?, _ figures: [CheckpointFigure]) -> String {
        figures.map { figure in
            let text = summary?.figure(figure).map(figure.text) ?? "–"
            return "  \(figure.rawValue) " + String(repeating: " ", count: max(0, 7 - text.count)) + text
        }.joined()
    }

    private static func state(_ summary: CheckpointSummary?) -> String {
        switch summary?.verification {
        case .sound(let date): "verified \(date.formatted(.iso8601))"
        case .damaged(let defect): "damaged: \(defect)"
        case .notYet, nil: "not verified yet"
        }
    }

    func export(_ store: CheckpointStore, _ voice: Voice) throws {
        let id = try resolved(store)
        let target = URL(fileURLWithPath: second ?? "")
        let bytes =
            peft
            ? try AdapterExport.write(store.load(id), base: voice.configuration.base?.voice ?? "", to: target)
            : try store.export(id, to: target, as: singleFile ? .singleFile : .folder)
        print("\(id) is written to \(target.path), \(Self.size(bytes)).")
    }

    func previewPrune(_ store: CheckpointStore, _ voice: Voice) throws {
        let plan = try overview(store, voice).prunePreview(voice.configuration.training)
        for kept in plan.kept { print("\(kept.checkpoint.id)  stays: \(kept.reasons.joined(separator: ", "))") }
        for leaving in plan.leaving {
            print("\(leaving.checkpoint.id)  would go, freeing \(Self.size(leaving.bytesFreed))")
        }
        print(
            plan.leaving.isEmpty
                ? "Nothing to remove."
                : "Would remove \(plan.leaving.map(\.checkpoint.id).joined(separator: ", ")), "
                    + "freeing \(Self.size(plan.bytesFreed)).")
    }
}
