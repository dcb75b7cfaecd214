import Audio
import Foundation

/// What can go wrong with the recogniser; each reads as one sentence.
package enum RecognizerError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case failed(program: String, reason: String)
    case tookTooLong(program: String, seconds: Int)

    package var description: String {
        switch self {
        case .failed(let program, let reason):
            "\(program) could not hear a take: \(reason); install pocketsphinx and pocketsphinx-en-us anew"
        case .tookTooLong(let program, let seconds):
            "\(program) took over \(seconds) s for a take and was ended; evaluate fewer clips, or when less goes on"
        }
    }
    package var errorDescription: String? { description }
}

/// CMU PocketSphinx, run as a program when it is installed: it writes down English that it hears.
package struct SpeechRecognizer: Sendable {
    package static let program = "pocketsphinx_continuous"
    /// Hz that its models were made for.
    private static let sampleRate = 16_000
    private static let patience = 120

    private let url: URL

    /// nil where no folder of `path` has it.
    package init?(path: String? = ProcessInfo.processInfo.environment["PATH"]) {
        let folders = (path ?? "").split(separator: ":").map(String.init)
        guard
            let found = folders.map({ URL(fileURLWithPath: $0).appendingPathComponent(Self.program) })
                .first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
        else { return nil }
        url = found
    }

    /// What is heard, in words; empty when nothing is. Its own messages go nowhere.
    ///
    /// - Parameter isCancelled: asked every few hundredths of a second.
    /// - Throws: `RecognizerError`, `CancellationError`.
    package func transcribe(_ sound: Waveform, isCancelled: () -> Bool = { false }) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (take, words) = (folder.appendingPathComponent("take.wav"), folder.appendingPathComponent("words.txt"))
        try AudioFile.write(Resampler().resample(sound, to: Self.sampleRate), to: take)
        try Data().write(to: words)
        let process = Process()
        process.executableURL = url
        process.arguments = ["-infile", take.path, "-logfn", "/dev/null"]
        process.standardInput = FileHandle.nullDevice
        // A file takes any amount without somebody reading along.
        process.standardOutput = try FileHandle(forWritingTo: words)
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw RecognizerError.failed(program: url.path, reason: "it cannot be run (\(error.localizedDescription))")
        }
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while process.isRunning {
            let isLate = ContinuousClock.now > deadline
            if isLate || isCancelled() {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if isLate { throw RecognizerError.tookTooLong(program: url.path, seconds: Self.patience) }
                throw CancellationError()
            }
            usleep(20_000)
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw RecognizerError.failed(
                program: url.path,
                reason:
                    "it ended with \(process.terminationReason == .exit ? "code" : "signal") \(process.terminationStatus)"
            )
        }
        return String(decoding: try Data(contentsOf: words), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
