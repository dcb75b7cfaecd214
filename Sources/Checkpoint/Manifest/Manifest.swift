import Foundation

/// Why a checkpoint was made.
package enum CheckpointReason: String, Sendable, Codable, CaseIterable {
    case autosave, user, pause, signal, rollback
    /// Taken from files outside the store.
    case imported = "import"
}

/// What a manifest says of one tensor.
package struct TensorRecord: Sendable, Codable, Equatable {
    package var name: String
    package var bytes: Int
    package var digest: Digest

    enum CodingKeys: String, CodingKey {
        case name, bytes
        case digest = "xxh3_128"
    }
}

/// What a manifest says of one file; `tensors` is nil for a text.
package struct FileRecord: Sendable, Codable, Equatable {
    package var name: String
    package var bytes: Int
    package var digest: Digest
    package var tensors: [TensorRecord]?

    enum CodingKeys: String, CodingKey {
        case name, bytes, tensors
        case digest = "xxh3_128"
    }
}

/// A manifest without its list of files: what a history needs.
package struct ManifestHeader: Sendable, Codable, Equatable {
    package var formatVersion: Int
    package var id: CheckpointID
    /// Counts the saves of a store from 1, so that newest does not depend on the clock.
    package var sequence: Int
    package var date: Date
    package var reason: CheckpointReason
    package var parent: CheckpointID?
    package var datasetFingerprint: String
    package var configurationDigest: String
    /// The last journal step of this branch that was durable when the manifest was written.
    package var journalLastRow: Int?
    /// Of all files but the manifest.
    package var bytes: Int
    package var machine: MachineDescription

    package var branch: String { id.branch }
    package var step: Int { id.step }
}

/// All that `manifest.json` holds.
package struct Manifest: Sendable, Codable, Equatable {
    package static let fileName = "manifest.json"
    package static let formatVersion = 1
    /// Longer ones are refused unread; the largest preset needs a twentieth.
    static let lengthLimit = 16 << 20

    package var header: ManifestHeader
    package var files: [FileRecord]

    package var id: CheckpointID { header.id }

    init(header: ManifestHeader, files: [FileRecord]) {
        self.header = header
        self.files = files
    }

    private enum CodingKeys: String, CodingKey { case files }

    package init(from decoder: any Decoder) throws {
        header = try ManifestHeader(from: decoder)
        files = try decoder.container(keyedBy: CodingKeys.self).decode([FileRecord].self, forKey: .files)
    }

    package func encode(to encoder: any Encoder) throws {
        try header.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(files, forKey: .files)
    }

    /// The bytes of `manifest.json`.
    func encoded() throws -> [UInt8] { try SealedJSON.encode(self) }

    /// Reads all of a manifest, or an outline of it.
    static func decode<Part: Decodable>(_ part: Part.Type, from bytes: [UInt8]) throws(SealDefect) -> Part {
        let version = try SealedJSON.decode(VersionOnly.self, from: bytes, name: fileName).formatVersion
        guard version == formatVersion else {
            throw SealDefect(
                reason: "it has format \(version) and this reprise reads format \(formatVersion): use a newer reprise")
        }
        return try SealedJSON.decode(part, from: bytes, name: fileName)
    }

    /// Throws for figures that no save writes: others add to them.
    static func check(_ header: ManifestHeader, files: [(name: String, bytes: Int)]) throws(SealDefect) {
        let names = Set(files.map(\.name))
        guard (1...countLimit).contains(header.sequence), (0...countLimit).contains(header.bytes),
            files.count <= 4096, names.count == files.count,
            files.allSatisfy({ (0...countLimit).contains($0.bytes) })
        else { throw SealDefect(reason: "\(fileName) holds impossible figures") }
    }

    /// More bytes or saves than any disk has; their sums never overflow.
    private static let countLimit = 1 << 50

    private struct VersionOnly: Decodable {
        var formatVersion: Int
    }
}

/// A manifest without its tensors: read for every checkpoint of a history.
struct ManifestOutline: Decodable {
    struct File: Decodable {
        var name: String
        var bytes: Int
        var digest: Digest
        enum CodingKeys: String, CodingKey {
            case name, bytes
            case digest = "xxh3_128"
        }
    }

    var header: ManifestHeader
    var files: [File]

    private enum CodingKeys: String, CodingKey { case files }

    init(from decoder: any Decoder) throws {
        header = try ManifestHeader(from: decoder)
        files = try decoder.container(keyedBy: CodingKeys.self).decode([File].self, forKey: .files)
    }
}
