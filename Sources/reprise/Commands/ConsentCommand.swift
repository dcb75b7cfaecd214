import ArgumentParser
import Foundation
import Training

struct ConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent", abstract: "Show, write down or withdraw the consent behind a voice.")

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Option(help: "Who gave it: the speaker, or who may speak for them.")
    var by: String?

    @Option(help: "How it was given, e.g. \"signed form of 2026-03-01\".")
    var how: String?

    @Option(help: "A recording of it, which is copied into the voice's folder.")
    var clip: String?

    @Flag(help: "From now on nothing is spoken with the voice.")
    var withdraw = false

    func validate() throws {
        guard (by == nil) == (how == nil), clip == nil || by != nil else {
            throw ValidationError("Say both who gave the consent (--by) and how (--how).")
        }
        guard !withdraw || by == nil else { throw ValidationError("Either --withdraw, or --by and --how.") }
    }

    func run() throws {
        let voice = try Voice.open(voice)
        if let by, let how {
            try VoiceConsent.record(by: by, how: how, clip: clip.map { URL(fileURLWithPath: $0) }, for: voice)
        }
        if withdraw { try VoiceConsent.withdraw(voice) }
        print(VoiceConsent.text(of: try Voice(directory: voice.directory)))
    }
}
