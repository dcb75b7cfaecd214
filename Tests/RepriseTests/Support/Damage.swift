import Foundation

extension TestVoice {
    /// Turns one bit of a tensor file's last byte, and returns the name of the tensor it belongs to.
    func flipLastByte(of file: String, in checkpoint: String) throws -> String {
        let url = folder(checkpoint).appendingPathComponent(file)
        var data = try Data(contentsOf: url)
        let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
        let ends = header.compactMapValues { (($0 as? [String: Any])?["data_offsets"] as? [Int])?.last }
        guard let last = ends.max(by: { $0.value < $1.value }) else { throw TestFailure("\(file) has no tensors") }
        data[data.count - 1] ^= 1
        try replace(url, with: data)
        return last.key
    }

    func truncate(_ file: String, in checkpoint: String, to bytes: Int) throws {
        let url = folder(checkpoint).appendingPathComponent(file)
        try replace(url, with: Data(contentsOf: url).prefix(bytes))
    }

    /// In place, as a failing disk does: a hard link of the file in another checkpoint is damaged, too.
    private func replace(_ url: URL, with data: Data) throws {
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: data)
        try file.close()
    }
}

/// Mount points that only one process and its children see.
enum PrivateMounts {
    /// The command that a shell script is run by; its mounts go with it.
    static func shell(_ script: String, _ arguments: [String], home: URL) async throws -> ProgramResult {
        let ways = [["unshare", "-m"], ["unshare", "-m", "--propagation", "unchanged"], ["unshare", "-r", "-m"]]
        for way in ways where try await RunningProgram(way + ["true"], home: home).finished().code == 0 {
            return try await RunningProgram(way + ["sh", "-c", script, "sh", Program.path] + arguments, home: home)
                .finished()
        }
        throw TestFailure("this machine lets nobody mount anything: run the tests as root, or with user namespaces")
    }
}
