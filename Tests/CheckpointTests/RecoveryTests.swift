import Checkpoint
import Foundation
import Testing

@Suite struct RecoveryTests {
    let folder: TemporaryFolder
    let store: CheckpointStore

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
    }

    private func hurt(_ id: String) throws {
        let url = store.file(id, "sovits.safetensors")
        try flipBit(of: url, at: try Data(contentsOf: url).count - 40)
    }

    private func recovered() throws -> Recovery.Outcome {
        try #require(try Recovery.newestSound(in: try folder.store()))
    }

    @Test func nothingIsNotAFailure() throws {
        #expect(try Recovery.newestSound(in: store) == nil)
        let absent = try CheckpointStore(directory: folder.url.appendingPathComponent("none"), access: .readOnly)
        #expect(try Recovery.newestSound(in: absent) == nil)
    }

    @Test func theNewestIsTakenAndVerified() throws {
        try store.saveLine([100, 120, 140])
        let outcome = try recovered()
        #expect("\(outcome.checkpoint.id)" == "main/g_0000140" && outcome.branch == "main" && outcome.damaged.isEmpty)
        #expect(outcome.explanation == "resumed from main/g_0000140")
        #expect(outcome.checkpoint.image == (try image(step: 140)))
    }

    @Test func damageIsToldAndTheOneBeforeIsTaken() throws {
        try store.saveLine([100, 120, 140])
        try hurt("main/g_0000140")
        let before = try folder.contents()
        let outcome = try recovered()
        #expect(
            outcome.explanation == "resumed from main/g_0000120; main/g_0000140 is damaged: sovits.safetensors, tensor "
                + "dec.conv_pre.weight does not match its checksum")
        #expect(outcome.damaged.map(\.id) == [CheckpointID(branch: "main", step: 140)] && outcome.branch == "main")
        #expect(try folder.contents() == before)
    }

    @Test func theStepIsSavedAgainAndTheDamagedOneStandsAside() throws {
        try store.saveLine([120, 140])
        try hurt("main/g_0000140")
        let damaged = try Data(contentsOf: store.file("main/g_0000140", "sovits.safetensors"))
        let saved = try store.save(try image(step: 140), as: try request("g_0000140", parent: "g_0000120"))
        #expect(!saved.wasAlreadySaved && saved.replacedDamage?.contains("main/g_0000140 is damaged") == true)
        try store.verify(saved.manifest.id)
        #expect(try recovered().explanation == "resumed from main/g_0000140")
        #expect(try folder.contents().values.contains(damaged))
    }

    @Test func aLostManifestFallsBackOnTheSameBranch() throws {
        try store.saveLine([100, 120, 140])
        try FileManager.default.removeItem(at: store.file("main/g_0000140", "manifest.json"))
        try overwrite(store.file("main/g_0000120", "manifest.json"), with: Data("{}".utf8))
        let outcome = try recovered()
        #expect(
            outcome.explanation == "resumed from main/g_0000100; main/g_0000140 is damaged: manifest.json is missing; "
                + "main/g_0000120 is damaged: manifest.json does not begin with its checksum")
    }

    @Test func noSoundOneIsAnErrorNeverAFreshStart() throws {
        try store.saveLine([120, 140])
        try hurt("main/g_0000120")
        try hurt("main/g_0000140")
        let before = try folder.contents()
        #expect(
            message { _ = try Recovery.newestSound(in: try folder.store()) }
                == "none of the 2 checkpoints in \(folder.checkpoints.path) is sound (main/g_0000140: sovits.safetensors, "
                + "tensor dec.conv_pre.weight does not match its checksum); nothing was changed: restore the folder from a "
                + "copy, or move it away to start afresh")
        #expect(try folder.contents() == before)
    }

    @Test func aLostHeadMeansTheNewestSave() throws {
        try store.saveLine([100, 120])
        _ = try store.newBranch(from: try CheckpointID(parsing: "g_0000100"), name: "warm")
        try store.save(try image(step: 110), as: try request("warm/g_0000110", parent: "g_0000100"))
        try FileManager.default.removeItem(at: folder.checkpoints.appendingPathComponent("HEAD"))
        #expect(
            try recovered().explanation == "resumed from warm/g_0000110; HEAD is lost, the newest checkpoint was taken")
        try Data("main main/g_0000100 0".utf8).write(to: folder.checkpoints.appendingPathComponent("HEAD"))
        #expect(try recovered().explanation.hasSuffix("HEAD is damaged, the newest checkpoint was taken"))
    }

    @Test func aSaveThatHeadDoesNotNameYetIsFound() throws {
        try store.saveLine([120, 140])
        try store.setHead(Head(branch: "main", checkpoint: try CheckpointID(parsing: "g_0000120")))
        #expect(try recovered().explanation == "resumed from main/g_0000140")
    }

    @Test func aNewBranchResumesWhereItBegins() throws {
        try store.saveLine([100, 120, 140])
        let branch = try store.newBranch(from: try CheckpointID(parsing: "g_0000120"))
        #expect(branch.name == "branch-1" && branch.parent == CheckpointID(branch: "main", step: 120))
        var outcome = try recovered()
        #expect("\(outcome.checkpoint.id)" == "main/g_0000120" && outcome.branch == "branch-1")
        try hurt("main/g_0000120")
        outcome = try recovered()
        #expect("\(outcome.checkpoint.id)" == "main/g_0000100" && outcome.branch == "branch-1")
    }

    @Test func aBranchFallsBackPastItsBeginning() throws {
        try store.saveLine([100, 120])
        _ = try store.newBranch(from: try CheckpointID(parsing: "g_0000100"), name: "warm")
        try store.save(try image(step: 110), as: try request("warm/g_0000110", parent: "g_0000100"))
        try FileManager.default.removeItem(at: store.file("warm/g_0000110", "manifest.json"))
        let outcome = try recovered()
        #expect("\(outcome.checkpoint.id)" == "main/g_0000100" && outcome.branch == "warm")
        // Nothing left of this line: another one is better than none, and is gone on with as itself.
        try hurt("main/g_0000100")
        let other = try recovered()
        #expect("\(other.checkpoint.id)" == "main/g_0000120" && other.branch == "main")
        #expect(other.damaged.count == 2)
    }
}
