import ArgumentParser
import Checkpoint
import Foundation
import Tensor
import Training

struct CheckpointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints",
        abstract:
            "Look at a voice's checkpoints, go back and forth between them, mark, compare, thin out and copy them.")

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case list, show, verify, restore, undo, redo, pin, unpin, tag, untag, note, compare, evaluate, prune, export
        case `import`
    }

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Argument(
        help: """
            list; show, verify, restore, pin, unpin ID; undo or redo the last roll-back; tag ID NAME, untag NAME, \
            note ID TEXT; compare ID ID; evaluate ID …; prune; export ID PATH, import PATH.
            """)
    var action: Action = .list

    @Argument(
        help: """
            A checkpoint: main/g_0001000, a tag, or a branch's name for its newest. `restore` also takes a step that was \
            not saved, `verify` without one checks all, and `evaluate` \
            takes the newest.
            """)
    var id: String?

    @Argument(help: "What `tag`, `note`, `compare` and `export` need besides.")
    var second: String?

    @Argument(help: "Further checkpoints for `evaluate`.")
    var further: [String] = []

    @Flag(help: "With evaluate: every checkpoint there is.")
    var all = false

    @Option(help: "With evaluate: held-out clips to speak at most.")
    var clips = CheckpointEvaluator.Options().clips

    @Option(help: "With list: the best first by mel, ce, top3, cer, repeats, skips or similarity.")
    var sort: CheckpointFigure?

    @Flag(help: "JSON on standard output.")
    var json = false

    @Flag(help: "With prune: only say what would go.")
    var dryRun = false

    @Flag(help: "With export: one safetensors file instead of a folder.")
    var singleFile = false

    @Flag(help: "With export: only the adapters of [lora], as Hugging Face's PEFT reads them.")
    var peft = false

    @Option(
        name: .customLong("for"), help: "With export: synthesis, for one file that speaks without the voice's folder.")
    var purpose: Purpose?

    @Option(help: "With --for synthesis: float32, or bfloat16 or int8, which are smaller and a little less exact.")
    var weights: WeightFormat?

    @Option(help: "With --for synthesis: a recording whose style is taken; a clip of the voice by default.")
    var reference: String?

    @Flag(help: "With --for synthesis: take the place of such a file.")
    var replace = false

    @Option(help: "With import: the global step of files that do not say it.")
    var step: Int?

    func validate() throws {
        if !further.isEmpty, action != .evaluate {
            throw ValidationError(
                "`\(action.rawValue)` takes no \(further[0]); `evaluate` alone takes several checkpoints.")
        }
        if clips < 1 { throw ValidationError("--clips must be at least 1.") }
        if all, id != nil { throw ValidationError("Name checkpoints, or give --all for every one.") }
        let needs: [Action: (count: Int, what: String)] = [
            .show: (1, "a checkpoint's ID"), .restore: (1, "a checkpoint's ID or a step's"),
            .pin: (1, "a checkpoint's ID"), .unpin: (1, "a checkpoint's ID"), .tag: (2, "a checkpoint's ID and a name"),
            .untag: (1, "a tag's name"), .note: (2, "a checkpoint's ID and the note in quotes"),
            .compare: (2, "two checkpoints' IDs"), .export: (2, "a checkpoint's ID and the path to write"),
            .import: (1, "the path to read"),
        ]
        if let (count, what) = needs[action], [id, second].compactMap({ $0 }).count < count {
            throw ValidationError("`\(action.rawValue)` needs \(what); `list` shows what there is.")
        }
        try validateSynthesis()
    }

    func run() throws {
        let voice = try Voice.open(voice)
        switch action {
        case .list: try list(reading(voice), voice)
        case .show: try show(reading(voice))
        case .verify: try verify(reading(voice))
        case .compare: try compare(reading(voice), voice)
        case .evaluate: try evaluate(reading(voice), voice)
        case .export where purpose == .synthesis: try exportForSynthesis(reading(voice), voice)
        case .export: try export(reading(voice), voice)
        case .prune where dryRun: try previewPrune(reading(voice), voice)
        case .restore, .undo, .redo, .pin, .unpin, .tag, .untag, .note, .prune, .import: try change(voice)
        }
    }

    private func reading(_ voice: Voice) throws -> CheckpointStore {
        try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
    }

    func resolved(_ store: CheckpointStore, _ text: String? = nil) throws -> CheckpointID {
        try store.resolve(text ?? id ?? "")
    }

    func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func size(_ bytes: Int) -> String {
        ByteCountFormatter.string(fromByteCount: Int64(bytes), countStyle: .memory)
    }
}

extension CheckpointFigure: ExpressibleByArgument {}
