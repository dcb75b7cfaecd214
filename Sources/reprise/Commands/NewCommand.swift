import ArgumentParser
import Foundation
import Training
import VoiceModel

struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a voice of a folder of recordings and their transcripts.")

    @Argument(help: "A name, kept under $XDG_DATA_HOME/reprise, or a path.")
    var name: String

    @Option(help: "A folder with metadata.csv (id|text) or a .list file (path|speaker|language|text).")
    var from: String

    @Option(help: "Start from another voice's weights: VOICE or VOICE@CHECKPOINT.")
    var base: String?

    @Option(help: "With --base: train adapters of this rank on its prior (LoRA) instead of the prior's weights.")
    var lora: Int?

    @Option(help: "tiny, nano or standard.")
    var preset: ModelPreset?

    @Option(help: "A language of espeak-ng, such as en-us or cmn, or graphemes.")
    var language: String?

    @Option(help: "The folder of a BERT that reads the texts, or none; $XDG_DATA_HOME/reprise/bert when it is there.")
    var bert: String?

    func validate() throws {
        guard let lora else { return }
        guard base != nil else { throw ValidationError("--lora adapts a base's weights: name one with --base.") }
        guard (1...256).contains(lora) else { throw ValidationError("--lora takes a whole number from 1 to 256.") }
    }

    func run() throws {
        let line = ProgressLine(), watch = SignalWatch {}
        let options = VoiceImporter.Options(
            name: name, source: URL(fileURLWithPath: from), preset: preset, language: language, base: base,
            lora: lora,
            bert: bert == "none" ? "" : bert.map { URL(fileURLWithPath: $0).path })
        let report: ImportReport
        do {
            defer { line.clear() }
            report = try VoiceImporter(options).run(
                progress: { line.show("Reading \($0.id)  (\($0.done)/\($0.total))") },
                isCancelled: { watch.signalNumber != nil })
        } catch VoiceError.cancelled {
            printError("reprise: \(VoiceError.cancelled)")
            throw ExitStatus.signal(watch.signalNumber ?? SIGINT)
        }
        print(report.text)
        print("Open it with: reprise \(name)")
    }
}

extension ModelPreset: ExpressibleByArgument {}
