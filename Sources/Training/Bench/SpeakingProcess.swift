import Foundation

/// `reprise say` with a speech file, as a small device runs it: what it takes of time and memory from start to end.
struct SpeakingProcess {
    private let program: URL

    init(_ program: URL) { self.program = program }

    /// Wall seconds, and the most memory that it held, in MB.
    ///
    /// - Throws: `SpeakingFailed`, `CancellationError` where the listener wants no more.
    func say(
        _ text: String, with file: URL, to sound: URL, _ progress: BenchmarkProgress, _ what: String
    ) throws -> (seconds: Double, megabytes: Double) {
        let process = Process()
        process.executableURL = program
        process.arguments = ["say", "--out", sound.path, "--", file.path, text]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let started = ContinuousClock.now
        try process.run()
        var peak = 0.0, looks = 0, ended: ContinuousClock.Instant?
        while ended == nil {
            // The mark only rises, and a process has none any more when it has ended: the last look counts.
            if let megabytes = PeakMemory.megabytes(of: "\(process.processIdentifier)") { peak = max(peak, megabytes) }
            if !process.isRunning { ended = .now }
            looks += 1
            do { if looks % 50 == 1 { try tell(progress, what) } } catch {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                throw error
            }
            usleep(2000)
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw SpeakingFailed(program: program.path, text: text)
        }
        return (((ended ?? .now) - started).inSeconds, peak)
    }
}

/// A speech file that was made a moment ago does not speak.
struct SpeakingFailed: Error, CustomStringConvertible, LocalizedError {
    var program, text: String
    var description: String {
        "\(program) could not speak “\(text.prefix(60))” in a process of its own: try `reprise doctor`"
    }
    var errorDescription: String? { description }
}
