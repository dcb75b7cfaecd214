/// The name of a checkpoint: `[branch/]g_0023000`, the branch `main` when it is left out.
package struct CheckpointID: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    package let branch: String
    package let step: Int

    package static let firstBranch = "main"

    package init(branch: String, step: Int) {
        self.branch = branch
        self.step = step
    }

    /// Reads `main/g_0000120` or `g_0000120`; throws a sentence when it is neither.
    package init(parsing text: some StringProtocol) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let branch = parts.count == 2 ? String(parts[0]) : Self.firstBranch
        guard (1...2).contains(parts.count), let last = parts.last, let step = Self.step(folder: last),
            Self.isValidBranch(branch)
        else { throw CheckpointError.invalidID(text: String(text)) }
        self.init(branch: branch, step: step)
    }

    /// `g_0023000`: zero-padded to seven digits, so that names sort by step.
    package var folder: String {
        let digits = String(step)
        return "g_" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }

    package var description: String { "\(branch)/\(folder)" }

    /// The step of a folder's name, nil for any other name.
    static func step(folder: some StringProtocol) -> Int? {
        guard folder.hasPrefix("g_") else { return nil }
        let digits = folder.dropFirst(2)
        guard (7...15).contains(digits.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            digits.count == 7 || digits.first != "0"
        else { return nil }
        return Int(digits)
    }

    /// Letters, digits, `-`, `_` and `.`, at most 64, beginning with a letter or digit.
    package static func isValidBranch(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count), let first = name.utf8.first, isLetterOrDigit(first) else {
            return false
        }
        return name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 45 || $0 == 95 || $0 == 46 } && name != "HEAD"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// By branch, then step.
    package static func < (left: CheckpointID, right: CheckpointID) -> Bool {
        (left.branch, left.step) < (right.branch, right.step)
    }

    package init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
