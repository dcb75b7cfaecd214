import Checkpoint
import Foundation
import Testing

/// Branches, roll-backs and what is written on checkpoints, on a disk in memory.
@Suite struct LineageTests {
    let disk = DiskModel()
    let store: CheckpointStore

    init() throws {
        _ = disk.calls.mkdir("/voice", 0o755)
        store = try CrashScenario.store(disk)
        try store.saveLine([100, 120, 140])
    }

    private func id(_ text: String) -> CheckpointID {
        (try? CheckpointID(parsing: text)) ?? CheckpointID(branch: "none", step: 0)
    }
    private func reader() throws -> CheckpointStore { try CrashScenario.store(disk, .readOnly) }

    @Test func aRollBackIsUndoneAndDoneAgain() throws {
        let date = Date(timeIntervalSince1970: 1_750_000_000)
        let branch = try store.newBranch(from: id("g_0000100"), reason: "try a lower rate", date: date)
        #expect(branch.parent == id("g_0000100") && branch.reason == "try a lower rate" && branch.date == date)
        #expect(try reader().branch("branch-1") == branch)
        try store.save(try image(step: 110), as: try request("branch-1/g_0000110", parent: "g_0000100"))
        let undone = try store.undo()
        #expect(undone.kind == .undo && undone.to == Head(branch: "main", checkpoint: id("g_0000140")))
        #expect(try reader().readHead() == undone.to)
        #expect(try store.list().map { "\($0.id)" }.contains("branch-1/g_0000110"))
        #expect(throws: CheckpointError.nothingToUndo) { try store.undo() }
        let redone = try store.redo()
        #expect(redone.to == Head(branch: "branch-1", checkpoint: id("branch-1/g_0000110")))
        #expect(throws: CheckpointError.nothingToRedo) { try store.redo() }
        #expect(try reader().moves().map(\.kind) == [.rollBack, .undo, .redo])
        #expect(try reader().moves().map(\.number) == [1, 2, 3])
        #expect(try reader().moves()[0].from == Head(branch: "main", checkpoint: id("g_0000140")))
    }

    @Test func undoGoesFurtherBackEachTimeAndFollowsTheLine() throws {
        _ = try store.newBranch(from: id("g_0000120"), name: "warm")
        _ = try store.newBranch(from: id("g_0000100"), name: "cold")
        try store.setHead(Head(branch: "main", checkpoint: id("g_0000140")))
        try store.save(try image(step: 160), as: try request("g_0000160", parent: "g_0000140"))
        #expect(try store.undo().to == Head(branch: "cold", checkpoint: id("g_0000100")))
        #expect(try store.undo().to == Head(branch: "warm", checkpoint: id("g_0000120")))
        // main has gone on since it was left: back to where it is now.
        #expect(try store.undo().to == Head(branch: "main", checkpoint: id("g_0000160")))
        #expect(try store.redo().to.branch == "warm")
        _ = try store.newBranch(from: id("g_0000140"))
        #expect(throws: CheckpointError.nothingToRedo) { try store.redo() }
    }

    @Test func aDamagedRecordOfMovesIsKeptAsideAndHeadStands() throws {
        _ = try store.newBranch(from: id("g_0000100"))
        disk.damage("/voice/checkpoints/moves.json") { $0[$0.count / 2] ^= 1 }
        #expect(message { try store.undo() }.contains("moves.json"))
        #expect(try reader().readHead()?.branch == "branch-1")
        try store.setHead(Head(branch: "main", checkpoint: id("g_0000140")))
        #expect(try store.moves().map(\.number) == [2])
        #expect(disk.contents().keys.contains("/voice/checkpoints/moves.json.damaged-1"))
        #expect(try store.undo().to.branch == "branch-1")
    }

    @Test func aLostHeadIsWhatTheLastMoveMadeIt() throws {
        _ = try store.newBranch(from: id("g_0000100"), name: "warm")
        disk.damage("/voice/checkpoints/HEAD") { $0[3] ^= 1 }
        let outcome = try #require(try Recovery.newestSound(in: reader()))
        #expect(outcome.branch == "warm" && outcome.checkpoint.id == id("g_0000100"))
        #expect(outcome.explanation.hasSuffix("HEAD is damaged, the last roll-back or switch was followed"))
        // A save that came after the move counts for more.
        try store.save(try image(step: 130), as: try request("warm/g_0000130", parent: "g_0000100"))
        disk.damage("/voice/checkpoints/HEAD") { $0[3] ^= 1 }
        #expect(
            try Recovery.recover(in: store)?.explanation
                == "resumed from warm/g_0000130; HEAD is damaged, the newest checkpoint was taken")
        #expect(try reader().readHead() == Head(branch: "warm", checkpoint: id("warm/g_0000130")))
    }

    @Test func anOlderHeadIsRead() throws {
        let text = "main main/g_0000120"
        disk.damage("/voice/checkpoints/HEAD") { $0 = Array("\(text) \(Digest(of: text))\n".utf8) }
        #expect(try reader().readHead() == Head(branch: "main", checkpoint: id("g_0000120")))
        #expect(try store.moves().isEmpty)
    }

    @Test func tagsAreUniqueAndFindTheirCheckpoint() throws {
        try store.setTag("best", on: id("g_0000120"))
        try store.setTag("best", on: id("g_0000120"))
        try store.setTag("a.first", on: id("g_0000120"))
        #expect(try reader().list().map(\.tags) == [[], ["a.first", "best"], []])
        #expect(
            message { try store.setTag("best", on: id("g_0000100")) }
                == "best is the tag of main/g_0000120 already: remove it there or choose another")
        #expect(message { try store.setTag("no good", on: id("g_0000100")) }.contains("cannot be a tag"))
        #expect(message { try store.setTag("g_0000100", on: id("g_0000100")) }.contains("cannot be a tag"))
        #expect(message { try store.setTag("x", on: id("g_0000999")) }.contains("there is no checkpoint"))
        #expect(try reader().resolve("best") == id("g_0000120"))
        #expect(try reader().resolve("main") == id("g_0000140"))
        #expect(try reader().resolve("HEAD") == id("g_0000140"))
        #expect(try reader().resolve("g_0000100") == id("g_0000100"))
        #expect(message { _ = try reader().resolve("worst") }.contains("is not a checkpoint"))
        #expect(message { try store.delete(id("g_0000120")) }.contains("it has the tag a.first"))
        try store.removeTag("best")
        #expect(try reader().tags() == ["a.first": id("g_0000120")])
        #expect(throws: CheckpointError.unknownTag(name: "best")) { try store.removeTag("best") }
    }

    @Test func notesAreKeptBesideTags() throws {
        try store.setNote("Zischlaute klingen gut", on: id("g_0000120"))
        try store.setTag("good", on: id("g_0000120"))
        let listing = try reader().list()[1]
        #expect(listing.note == "Zischlaute klingen gut" && listing.tags == ["good"])
        #expect(
            message { try store.setNote(String(repeating: "x", count: 5000), on: id("g_0000120")) }
                == "the note is too long: keep it under 4096 bytes")
        try store.setNote(nil, on: id("g_0000120"))
        #expect(try reader().list()[1].note == nil)
        try store.verify(id("g_0000120"))
    }

    @Test func aDamagedLabelKeepsItsCheckpoint() throws {
        try store.setTag("best", on: id("g_0000100"))
        disk.damage("/voice/checkpoints/main/g_0000100/label.json") { $0[20] ^= 1 }
        #expect(try store.list()[0].hasLostLabel)
        #expect(try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0)).leaving.map(\.id.step) == [120])
        try store.verify(id("g_0000100"))
    }
}
