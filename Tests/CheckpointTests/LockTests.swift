import Checkpoint
import Foundation
import Testing

@Suite struct LockTests {
    let folder: TemporaryFolder
    let url: URL

    init() throws {
        folder = try TemporaryFolder()
        url = folder.url.appendingPathComponent(".lock")
    }

    /// A child that holds the lock as another reprise would, until its input ends.
    private func holdFromAnotherProcess(_ body: (Process) throws -> Void) throws {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        process.arguments = [url.path, "/bin/sh", "-c", "echo held; read line"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
        try body(process)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func owner(_ process: Int32, _ host: String = ProcessInfo.processInfo.hostName) -> Data {
        Data("{\"date\":\"2026-01-02T03:04:05Z\",\"host\":\"\(host)\",\"process\":\(process)}\n".utf8)
    }

    @Test func anotherProcessIsNamedInOneSentence() throws {
        try owner(4711, "atelier").write(to: url)
        try holdFromAnotherProcess { _ in
            #expect(
                message { _ = try StoreLock(url: url) }
                    == "this voice is already open in another reprise (process 4711 on atelier, since 2026-01-02T03:04:05Z): "
                    + "close that one first (its lock is \(url.path))")
            let contents = try Data(contentsOf: url)
            #expect(contents == owner(4711, "atelier"))
        }
        let lock = try StoreLock(url: url)
        #expect(lock.takenOver?.contains("process 4711 on atelier") == true)
    }

    @Test func aSecondOneInThisProcessIsRefusedToo() throws {
        let lock = try StoreLock(url: url)
        #expect(lock.takenOver == nil)
        #expect(message { _ = try StoreLock(url: url) }.contains("process \(getpid()) on "))
        #expect(StoreLock.holder(of: url)?.process == getpid())
        withExtendedLifetime(lock) {}
    }

    @Test func lettingGoLeavesNoTrace() throws {
        do {
            let lock = try StoreLock(url: url)
            withExtendedLifetime(lock) {}
        }
        #expect(StoreLock.holder(of: url) == nil)
        #expect(try StoreLock(url: url).takenOver == nil)
    }

    @Test func theLockDiesWithItsProcess() throws {
        try holdFromAnotherProcess { process in
            try owner(process.processIdentifier).write(to: url)
            #expect(StoreLock.holder(of: url)?.process == process.processIdentifier)
        }
        #expect(StoreLock.holder(of: url) == nil)
        #expect(try StoreLock(url: url).takenOver?.contains("ended without closing the voice") == true)
    }

    @Test func anotherProcessWithTheSameNumberIsNotTheOwner() throws {
        // This process has that number, but began at another time.
        try Data(
            "{\"date\":\"2026-01-02T03:04:05Z\",\"host\":\"\(ProcessInfo.processInfo.hostName)\",\"process\":\(getpid()),\"started\":1}\n"
                .utf8
        ).write(to: url)
        #expect(StoreLock.holder(of: url) == nil)
        let lock = try StoreLock(url: url)
        #expect(lock.takenOver?.contains("since 2026-01-02T03:04:05Z was taken over") == true)
        #expect(StoreLock.holder(of: url)?.started != nil)
        withExtendedLifetime(lock) {}
    }

    @Test func aFolderThatIsMissingIsNamed() throws {
        let lost = folder.url.appendingPathComponent("none/.lock")
        #expect(message { _ = try StoreLock(url: lost) } == "cannot open \(lost.path): No such file or directory")
    }
}
