import ArgumentParser
import Checkpoint
import Foundation
import Training

struct CheckpointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints", abstract: "List, show, verify, restore, pin or prune a voice's checkpoints.")

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case list, show, verify, restore, pin, unpin, prune
    }

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Argument(help: "list, show, verify, restore, pin, unpin or prune.")
    var action: Action = .list

    @Argument(help: "A checkpoint's ID, such as main/g_0001000; verify without one checks all.")
    var id: String?

    @Flag(help: "JSON on standard output.")
    var json = false

    @Flag(help: "With prune: only say what would go.")
    var dryRun = false

    func validate() throws {
        if [.show, .restore, .pin, .unpin].contains(action), id == nil {
            throw ValidationError("`\(action.rawValue)` needs a checkpoint's ID; `list` names them.")
        }
    }

    func run() throws {
        let voice = try Voice.open(voice)
        switch action {
        case .list: try list(reading(voice))
        case .show: try show(reading(voice), parsed())
        case .verify: try verify(reading(voice))
        case .restore, .pin, .unpin, .prune: try change(voice)
        }
    }

    private func reading(_ voice: Voice) throws -> CheckpointStore {
        try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
    }

    private func parsed() throws -> CheckpointID { try CheckpointID(parsing: id ?? "") }

    private func list(_ store: CheckpointStore) throws {
        let listings = try store.list()
        if json {
            return try printJSON(
                listings.compactMap { item in item.header.map { CheckpointSummary($0, isPinned: item.isPinned) } })
        }
        if listings.isEmpty { print("No checkpoints yet.") }
        for item in listings {
            let marks = (item.isHead ? " HEAD" : "") + (item.isPinned ? " pinned" : "")
            if let header = item.header {
                let size = ByteCountFormatter.string(fromByteCount: Int64(header.bytes), countStyle: .memory)
                let parent = header.parent.map { "  from \($0)" } ?? ""
                print(
                    "\(item.id)  \(header.date.formatted(.iso8601))  \(header.reason.rawValue)  \(size)\(parent)\(marks)"
                )
            } else {
                print("\(item.id)  damaged: \(item.defect ?? "unreadable")\(marks)")
            }
        }
    }

    private func show(_ store: CheckpointStore, _ id: CheckpointID) throws {
        let manifest = try store.manifest(id)
        if json { return try printJSON(manifest) }
        let header = manifest.header
        print("\(header.id), saved \(header.date.formatted(.iso8601)) (\(header.reason.rawValue))")
        print("parent   \(header.parent?.description ?? "none")")
        print("clips    \(header.datasetFingerprint)")
        print("machine  \(header.machine.processor), OpenBLAS core \(header.machine.blasCore)")
        for file in manifest.files { print("\(file.digest)  \(file.bytes)  \(file.name)") }
    }

    /// Reads every byte; fails when one checkpoint is damaged, after naming all that are.
    private func verify(_ store: CheckpointStore) throws {
        let ids = try id == nil ? store.list().map(\.id) : [parsed()]
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

    /// What changes the store takes the voice's lock: never under a training process.
    private func change(_ voice: Voice) throws {
        let lock = try StoreLock(url: voice.lockURL)
        defer { withExtendedLifetime(lock) {} }
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        switch action {
        case .restore:
            let id = try parsed()
            _ = try store.verify(id)
            let branch = try Lineage.startBranch(at: id, store: store, journal: Journal(url: voice.journalURL))
            print("Training goes on from \(id) as \(branch); nothing was deleted.")
        case .pin, .unpin:
            try store.setPinned(parsed(), action == .pin)
            print("\(try parsed()) is \(action == .pin ? "pinned" : "not pinned any more").")
        case .prune:
            let gone = try store.prune(keepingLast: voice.configuration.training.keepCheckpoints, dryRun: dryRun)
            print(
                gone.isEmpty
                    ? "Nothing to remove."
                    : "\(dryRun ? "Would remove" : "Removed") \(gone.map(\.description).joined(separator: ", ")).")
        case .list, .show, .verify: break
        }
    }

    private func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
