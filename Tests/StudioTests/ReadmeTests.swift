import Foundation
import Studio
import Testing

@Suite struct ReadmeTests {
    /// The README's list of keys is the key table's.
    @Test func listsTheKeysOfTheTable() throws {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/",
            !FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)
        {
            folder.deleteLastPathComponent()
        }
        let readme = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(readme.contains(KeyTable.markdown))
    }
}
