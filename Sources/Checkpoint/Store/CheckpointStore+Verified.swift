import Foundation

/// When a checkpoint was last read whole and found sound.
package struct VerifiedCheckpoint: Sendable, Codable, Equatable {
    package var id: CheckpointID
    /// That of its manifest: another one saved later under the same name is another one.
    package var sequence: Int
    package var date: Date
}

extension CheckpointStore {
    static let verifiedName = "verified.json"
    private var verifiedPath: String { "\(path)/\(Self.verifiedName)" }

    private struct VerifiedList: Codable {
        var verified: [VerifiedCheckpoint]
    }

    /// What was verified, by checkpoint. A list that cannot be read is none: everything is then verified again.
    package func verified() -> [CheckpointID: VerifiedCheckpoint] {
        guard let bytes = try? fileSystem.contents(of: verifiedPath, limit: Manifest.lengthLimit),
            let list = try? SealedJSON.decode(VerifiedList.self, from: bytes, name: Self.verifiedName)
        else { return [:] }
        return Dictionary(list.verified.map { ($0.id, $0) }, uniquingKeysWith: { _, newer in newer })
    }

    /// Records that a checkpoint was read whole and is sound; those that are gone are forgotten.
    package func noteVerified(_ id: CheckpointID, date: Date = Date()) throws {
        try change {
            let there = Dictionary(
                try list().compactMap { listing in listing.header.map { (listing.id, $0.sequence) } },
                uniquingKeysWith: { first, _ in first })
            guard let sequence = there[id] else { return }
            var list = verified().values.filter { there[$0.id] == $0.sequence && $0.id != id }
            list.append(VerifiedCheckpoint(id: id, sequence: sequence, date: date.inWholeSeconds))
            list.sort { $0.sequence < $1.sequence }
            try fileSystem.replaceFile(verifiedPath, with: try SealedJSON.encode(VerifiedList(verified: list)))
        }
    }
}
