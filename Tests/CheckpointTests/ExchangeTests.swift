import Checkpoint
import Foundation
import Testing

/// Comparing checkpoints, and taking them out of a store and back.
@Suite struct ExchangeTests {
    let folder: TemporaryFolder
    let store: CheckpointStore
    let id = CheckpointID(branch: "main", step: 20)

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
        try store.saveLine([10, 20])
    }

    @Test func aComparisonTellsWhatChanged() throws {
        let comparison = try store.compare(CheckpointID(branch: "main", step: 10), id)
        #expect(comparison.steps == 10 && comparison.bytes == 0 && !comparison.isEqual)
        #expect(comparison.texts.map(\.name) == ["position.json"])
        #expect(comparison.texts[0].removed == ["  \"step\" : 10,", "    \"noise\" : 10"])
        #expect(comparison.texts[0].added == ["  \"step\" : 20,", "    \"noise\" : 20"])
        #expect(comparison.tensors.map(\.name) == ["enc.count", "dec.conv_pre.weight", "dec.conv_pre.bias"])
        #expect(comparison.tensors[0].kind == .values(maximum: 10) && comparison.equalTensors == 2)
        #expect(try store.compare(id, id).isEqual)
    }

    @Test func everyKindOfDifferenceIsTold() throws {
        func save(_ step: Int, _ tensors: [TensorImage], _ rows: Int) throws -> CheckpointID {
            let image = try StateImage(
                files: [StateFile(name: "a.safetensors", tensors: tensors)], position: [1],
                texts: [TextFile(name: "journal.jsonl", contents: String(repeating: "{}\n", count: rows))])
            return try store.save(image, as: try request("g_00000\(step)")).manifest.id
        }
        let first = try save(
            50,
            [
                TensorImage(name: "nan", [Float(1), .nan]), TensorImage(name: "shape", [Float(1), 2]),
                TensorImage(name: "type", [Float(1)]), TensorImage(name: "gone", [Float(1)]),
                TensorImage(name: "same", [Float.nan]), TensorImage(name: "far", [Float(1), -3]),
            ], 3)
        let second = try save(
            60,
            [
                TensorImage(name: "nan", [Float(1), 4]), TensorImage(name: "shape", [Float(1), 2], shape: [2, 1]),
                TensorImage(name: "type", [Int32(1)]), TensorImage(name: "new", [Float(1)]),
                TensorImage(name: "same", [Float.nan]), TensorImage(name: "far", [Float(1.5), -1]),
            ], 5)
        let comparison = try store.compare(first, second)
        let kinds = Dictionary(uniqueKeysWithValues: comparison.tensors.map { ($0.name, $0.kind) })
        #expect(
            kinds == [
                "nan": .values(maximum: .infinity), "shape": .shape(first: [2], second: [2, 1]),
                "type": .type(first: .float32, second: .int32), "gone": .removed, "new": .added,
                "far": .values(maximum: 2),
            ])
        #expect(comparison.equalTensors == 1)
        #expect(comparison.texts.map { [$0.removed.count, $0.added.count, $0.more] } == [[0, 0, 2]])
        try flipBit(of: store.file("main/g_0000050", "a.safetensors"), at: 300)
        #expect(message { _ = try store.compare(first, second) }.contains("main/g_0000050 is damaged: a.safetensors"))
    }

    @Test(arguments: [ExportLayout.folder, .singleFile]) func anExportComesBackAsItWas(layout: ExportLayout) throws {
        let url = folder.url.appendingPathComponent("out")
        #expect(try store.export(id, to: url, as: layout) > 1000)
        #expect(
            message { try store.export(id, to: url, as: layout) }.hasSuffix("is there already: choose another name"))
        let imported = try store.readExport(url)
        let header = try store.header(id)
        let original = try image(step: 20)
        #expect(imported.image == original && imported.header == header)
        let added = try store.add(imported, source: "out")
        #expect("\(added.manifest.id)" == "import-1/g_0000020" && added.manifest.header.reason == .imported)
        #expect(try store.load(added.manifest.id).image == (try image(step: 20)))
        #expect(try store.branch("import-1").reason == "import of out")
        // Training stays where it was, also when HEAD is lost.
        #expect(try store.readHead()?.checkpoint == id)
        try FileManager.default.removeItem(at: folder.checkpoints.appendingPathComponent("HEAD"))
        #expect(try Recovery.newestSound(in: store)?.checkpoint.id == id)
        #expect(try store.add(imported, source: "out").manifest.id.branch == "import-2")
    }

    @Test func aHurtExportIsRefused() throws {
        let url = folder.url.appendingPathComponent("out")
        try store.export(id, to: url, as: .folder)
        let file = url.appendingPathComponent("sovits.safetensors")
        try flipBit(of: file, at: try Data(contentsOf: file).count - 30)
        #expect(message { _ = try store.readExport(url) }.hasSuffix("sovits.safetensors does not match manifest.json"))
        try FileManager.default.removeItem(at: url.appendingPathComponent("sovits.safetensors"))
        #expect(message { _ = try store.readExport(url) }.hasSuffix("sovits.safetensors does not match manifest.json"))
        #expect(
            message { _ = try store.readExport(folder.url.appendingPathComponent("none")) }.contains("there is no such")
        )
    }

    @Test func filesMadeElsewhereNeedAStep() throws {
        let url = folder.url.appendingPathComponent("foreign")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        #expect(message { _ = try store.readExport(url) }.contains("holds no safetensors files"))
        try Safetensors.write(
            StateFile(name: "x", tensors: [TensorImage(name: "w", [Float(1)])]),
            to: url.appendingPathComponent("sovits.safetensors"))
        let imported = try store.readExport(url)
        #expect(imported.header == nil)
        #expect(message { _ = try store.add(imported, source: "foreign") }.contains("give the step"))
        #expect(
            try store.add(imported, step: 7, branch: "old", source: "foreign").manifest.id.description
                == "old/g_0000007")
        try Safetensors.write(
            StateFile(name: "x", tensors: [TensorImage(name: "w", [Float(1)])]),
            to: folder.url.appendingPathComponent("one"))
        #expect(
            message { _ = try store.readExport(folder.url.appendingPathComponent("one")) }
                .contains("tensor w does not say which module it belongs to"))
    }
}
