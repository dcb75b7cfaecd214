import Checkpoint
import Foundation
import Testing
import Training

/// TensorBoard's files as the `tensorboard` package itself reads them.
@Suite struct TensorBoardReaderTests {
    /// Trains, goes back, goes on, evaluates, speaks and resumes: what a folder of runs can hold.
    private func trainedFolder() async throws -> (folder: VoiceFolder, take: Take) {
        let folder = try VoiceFolder {
            $0.training.autosaveSteps = 2
            $0.training.tensorboard = "board"
        }
        let watched = try Watched(folder.voice())
        await watched.until(step: 4)
        await watched.until(.checkpoint)
        watched.trainer.send(.setLearningRateFactor(0.5))
        watched.trainer.send(.rollBack(to: "main/g_0000002"))
        await watched.until(step: 4, of: "branch-1")
        watched.trainer.send(.pause)
        watched.trainer.send(.evaluate("main/g_0000002"))
        #expect(await watched.until { _ in watched.obeyed.contains(.evaluate("main/g_0000002")) })
        let audition = AuditionRequest(text: "Good.", checkpoint: "main/g_0000002", seed: 1, fromHeldOutClip: false)
        let take = try await watched.trainer.audition(audition) { _ in }
        #expect(await watched.finish(.stop) == .stopped)
        try await train(folder.voice(), to: (watched.records.last?.step ?? 0) + 2)
        return (folder, take)
    }

    @Test func everyDashboardShowsWhatTheJournalHolds() async throws {
        let (folder, take) = try await trainedFolder()
        let voice = try folder.voice(), journal = try Journal(readOnly: voice.journalURL)
        let exported = folder.url.appendingPathComponent("exported")
        try voice.exportToTensorBoard(exported)
        let sound = try Data(contentsOf: URL(fileURLWithPath: take.path))
        let evaluated = try #require(try journal.evaluations()[CheckpointID(branch: "main", step: 2)]?.figures)
        #expect(evaluated[.mel] != nil && evaluated[.topThree] != nil)

        for board in [folder.url.appendingPathComponent("board"), exported] {
            let runs = try StockBoard.read(board), name = board.lastPathComponent
            #expect(runs.keys.sorted() == ["branch-1", "main"], "\(name)")
            for (branch, run) in runs {
                // Every figure of every step, learning rate and step time too, each once and in order: no more, no less.
                var wanted: [String: [BoardPoint]] = [:]
                for row in try journal.rows(branch: branch) {
                    var figures = row.metrics.map { ($0.key.rawValue, $0.value) }
                    figures += [("learning_rate", Float(row.learningRate)), ("step_seconds", Float(row.seconds))]
                    for (figure, value) in figures {
                        wanted["\(row.stage.rawValue)/\(figure)", default: []].append(BoardPoint(row.step, value))
                    }
                }
                if branch == "main" {
                    for (figure, value) in evaluated {
                        wanted["evaluation/\(figure.rawValue)"] = [BoardPoint(2, Float(value))]
                    }
                }
                #expect(wanted.keys.contains("sovits/learning_rate") && wanted.keys.contains("sovits/mel"), "\(branch)")
                #expect(run.scalars == wanted, "\(name) \(branch)")
            }

            let main = try #require(runs["main"]), heard = try #require(main.sounds["takes/\(take.source)"]?.first)
            #expect(heard.step == 2 && heard.rate == take.sampleRate && heard.samples == take.sampleCount)
            #expect(heard.file == sound, "\(name)")
            let picture = try #require(main.pictures["mel/\(take.source)"]?.first)
            #expect(picture.step == 2 && picture.width == take.sampleCount / 320 && picture.height == 80, "\(name)")
            #expect(picture.shades > 20, "\(name)")
            let factor = try #require(runs.values.flatMap { $0.texts["settings/learning_rate_factor"] ?? [] }.first)
            #expect(factor.text == "    0.5", "\(name)")
        }
        // What voice.toml says stands there from the run's beginning, as code, so that Markdown changes nothing of it.
        let settings = voice.configuration.toml.split(separator: "\n", omittingEmptySubsequences: false)
        for run in try StockBoard.read(folder.url.appendingPathComponent("board")).values {
            #expect(run.texts["voice.toml"]?.last?.text == settings.map { "    \($0)" }.joined(separator: "\n"))
        }
    }
}

/// A value that TensorBoard shows at a step.
private struct BoardPoint: Equatable {
    var step: Int
    var value: Float

    init(_ step: Int, _ value: Float) { (self.step, self.value) = (step, value) }
}

/// What `Tests/Reference/read_board.py` reads of a run, which is what TensorBoard's dashboards are given.
private struct StockBoard: Decodable {
    struct Text: Decodable {
        var step: Int
        var text: String

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            (step, text) = (try fields.decode(Int.self), try fields.decode(String.self))
        }
    }

    struct Picture: Decodable {
        var step, width, height, shades: Int

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            (step, width) = (try fields.decode(Int.self), try fields.decode(Int.self))
            (height, shades) = (try fields.decode(Int.self), try fields.decode(Int.self))
        }
    }

    struct Sound: Decodable {
        var step, rate, samples: Int
        var file: Data

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            (step, rate) = (try fields.decode(Int.self), try fields.decode(Int.self))
            (samples, file) = (try fields.decode(Int.self), try fields.decode(Data.self))
        }
    }

    var scalars: [String: [BoardPoint]]
    var texts: [String: [Text]]
    var pictures: [String: [Picture]]
    var sounds: [String: [Sound]]

    /// The runs below a folder, by name, read with the package that `make test-packages` installs.
    static func read(_ board: URL) throws -> [String: StockBoard] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let python = root.appendingPathComponent(".build/test-environment/bin/python")
        try #require(
            FileManager.default.isExecutableFile(atPath: python.path),
            "The tensorboard package is not installed in .build/test-environment: run `make test-packages` first.")
        let output = board.deletingLastPathComponent().appendingPathComponent("\(UUID().uuidString).json")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = python
        process.arguments = ["-B", root.appendingPathComponent("Tests/Reference/read_board.py").path, board.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "TensorBoard could not read \(board.lastPathComponent).")
        return try JSONDecoder().decode([String: StockBoard].self, from: Data(contentsOf: output))
    }
}

extension BoardPoint: Decodable {
    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        (step, value) = (try fields.decode(Int.self), try fields.decode(Float.self))
    }
}
