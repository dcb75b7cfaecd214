import Checkpoint
import Foundation
import Testing

@Suite struct StoreTests {
    let folder: TemporaryFolder
    let store: CheckpointStore

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
    }

    @Test func unchangedFilesAreLinkedOnceThereAreTwoCopies() throws {
        try store.saveLine([10, 20, 30, 40])
        let places = try [10, 20, 30, 40].map { try inode(store.file("main/g_00000\($0)", "tokenizer.safetensors")) }
        #expect(places[0] != places[1] && places[1] == places[2] && places[2] == places[3])
        let changing = try [10, 20, 30, 40].map { try inode(store.file("main/g_00000\($0)", "sovits.safetensors")) }
        #expect(Set(changing).count == 4)
        for listing in try store.list() { try store.verify(listing.id) }
    }

    @Test func aDamagedCopyIsNeverLinkedTo() throws {
        try store.saveLine([10, 20])
        try flipBit(of: store.file("main/g_0000020", "tokenizer.safetensors"), at: 900)
        let saved = try store.save(try image(step: 30), as: try request("g_0000030", parent: "g_0000020"))
        #expect(!saved.linkedFiles.contains("tokenizer.safetensors"))
        try store.verify(saved.manifest.id)
    }

    @Test func aDamagedFileIsRepairedFromAnotherCopy() throws {
        let line = try store.saveLine([10, 20, 30])
        #expect(try store.repair(line[2]).isEmpty)
        let hurt = store.file("main/g_0000030", "tokenizer.safetensors")
        #expect(try inode(hurt) == inode(store.file("main/g_0000020", "tokenizer.safetensors")))
        try flipBit(of: hurt, at: 900)  // the same copy as g_0000020's; g_0000010 has its own
        try FileManager.default.removeItem(at: store.file("main/g_0000030", "voice.toml"))
        #expect(try store.repair(line[2]) == ["tokenizer.safetensors", "voice.toml"])
        try store.verify(line[2])
        // The other one that shared the hurt copy shares the new one, beside the copy that was sound.
        try store.verify(line[1])
        #expect(try inode(hurt) == inode(store.file("main/g_0000020", "tokenizer.safetensors")))
        #expect(try inode(hurt) != inode(store.file("main/g_0000010", "tokenizer.safetensors")))
        // What only this checkpoint holds cannot be made up.
        try flipBit(of: store.file("main/g_0000030", "sovits.safetensors"), at: 500)
        #expect(message { try store.repair(line[2]) }.hasPrefix("main/g_0000030 is damaged: sovits.safetensors"))
    }

    @Test func whereLinksAreNotSupportedFilesAreCopied() throws {
        var calls = SystemCalls.system
        calls.link = { _, _ in -Int(EPERM) }
        let store = try folder.store(.write, calls)
        try store.saveLine([10, 20, 30])
        let saved = try store.save(try image(step: 40), as: try request("g_0000040", parent: "g_0000030"))
        #expect(saved.linkedFiles.isEmpty)
        try store.verify(saved.manifest.id)
    }

    @Test func historyIsInTheOrderOfSaving() throws {
        try store.saveLine([10, 20])
        _ = try store.newBranch(from: try CheckpointID(parsing: "g_0000010"), name: "a")
        try store.save(try image(step: 15), as: try request("a/g_0000015", .user, parent: "g_0000010"))
        let listings = try folder.store(.readOnly).list()
        #expect(listings.map { "\($0.id)" } == ["main/g_0000010", "main/g_0000020", "a/g_0000015"])
        #expect(listings.map(\.isHead) == [false, false, true])
        #expect(listings.compactMap { $0.header?.bytes }.allSatisfy { $0 > 1500 })
        #expect(try store.branches().map(\.name) == ["a", "main"])
        #expect(try store.branch("a").parent == CheckpointID(branch: "main", step: 10))
        #expect(message { _ = try store.branch("b") }.contains("there is no branch b"))
        #expect(
            message { _ = try store.newBranch(from: listings[0].id, name: "a") }.contains("there is a branch a already")
        )
        #expect(
            message { _ = try store.newBranch(from: listings[0].id, name: "../a") }.contains("cannot name a branch"))
        let lost = CheckpointID(branch: "main", step: 99)
        #expect(message { _ = try store.newBranch(from: lost) }.contains("there is no checkpoint main/g_0000099"))
    }

    @Test func pruningKeepsWhatIsNeeded() throws {
        let line = try store.saveLine([10, 20, 30, 40, 50, 60])
        try store.setPinned(line[0], true)
        _ = try store.newBranch(from: line[1], name: "a")
        try store.save(try image(step: 25), as: try request("a/g_0000025", parent: "g_0000020"))
        let going = [CheckpointID(branch: "main", step: 30), CheckpointID(branch: "main", step: 40)]
        #expect(try store.prune(keepingLast: 3, dryRun: true) == going)
        #expect(try store.list().count == 7)
        #expect(try store.prune(keepingLast: 3) == going)
        #expect(try store.list().count == 5)
        for listing in try store.list() { try store.verify(listing.id) }
        #expect(try store.prune(keepingLast: 0).map(\.step) == [50])
        #expect(message { try store.delete(line[0]) }.contains("pinned"))
        #expect(message { try store.delete(line[1]) }.contains("branch a begins at it"))
        #expect(message { try store.delete(CheckpointID(branch: "a", step: 25)) }.contains("training stands on it"))
        try store.setPinned(line[0], false)
        try store.delete(line[0])
        #expect(message { try store.verify(line[0]) }.contains("there is no checkpoint"))
    }

    @Test func leftoversGoWhenAWriterOpensAndStayForAReader() throws {
        try store.saveLine([10])
        let leftover = store.directory.appendingPathComponent("main/.saving-g_0000020-4711")
        try FileManager.default.createDirectory(at: leftover, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: leftover.appendingPathComponent("sovits.safetensors"))
        try Data("half".utf8).write(to: store.directory.appendingPathComponent(".saving-HEAD-4711"))
        _ = try folder.store(.readOnly).list()
        #expect(FileManager.default.fileExists(atPath: leftover.path))
        _ = try folder.store()
        #expect(try folder.contents().keys.allSatisfy { !$0.contains(".saving-") })
        #expect(try store.list().map { "\($0.id)" } == ["main/g_0000010"])
    }

    @Test func aReaderChangesNothing() throws {
        try store.saveLine([10])
        let reader = try folder.store(.readOnly)
        let id = CheckpointID(branch: "main", step: 10)
        for sentence in [
            message { try reader.save(try image(step: 20), as: try request("g_0000020")) },
            message { try reader.delete(id) }, message { try reader.setPinned(id, true) },
            message { _ = try reader.newBranch(from: id) }, message { try reader.prune(keepingLast: 1) },
        ] {
            #expect(sentence.contains("was opened for reading only"))
        }
    }

    @Test func whatCannotBeSavedIsRefused() throws {
        func saving(_ files: [StateFile], _ texts: [TextFile] = []) -> String {
            message {
                try store.save(try StateImage(files: files, position: [1], texts: texts), as: try request("g_0000001"))
            }
        }
        let tensor = TensorImage(name: "a", [Float(1)])
        #expect(saving([StateFile(name: "a", tensors: [tensor, tensor])]).contains("two tensors of one name"))
        #expect(saving([StateFile(name: "../a", tensors: [])]).contains("cannot name a file"))
        #expect(saving([StateFile(name: "manifest.json", tensors: [])]).contains("cannot name a file"))
        #expect(saving([], [TextFile(name: "position.json", contents: "")]).contains("two files have one name"))
        #expect(try store.list().isEmpty)
    }
}
