import Foundation

/// Where training stands: the branch it is on and the last checkpoint of it, or the one the branch begins at.
package struct Head: Sendable, Codable, Equatable {
    package var branch: String
    package var checkpoint: CheckpointID

    package init(branch: String, checkpoint: CheckpointID) {
        self.branch = branch
        self.checkpoint = checkpoint
    }
}

/// A change of line: `HEAD` moved otherwise than by a save, which its manifest records.
package struct HeadMove: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable {
        case rollBack = "roll-back"
        case switchBranch = "switch"
        case undo, redo
        /// The newest checkpoint was damaged, and its newest sound ancestor was taken.
        case recovery
    }

    /// Counts the moves of a store from 1.
    package var number: Int
    package var date: Date
    package var kind: Kind
    /// nil when no `HEAD` could be read.
    package var from: Head?
    package var to: Head
    /// The newest save at that time, by its manifest's sequence.
    package var afterSave: Int
    package var reason: String?
}

extension CheckpointStore {
    private var headPath: String { "\(path)/HEAD" }
    private static let movesName = "moves.json"
    private var movesPath: String { "\(path)/\(Self.movesName)" }
    /// Moves are made by hand; the oldest of more than these are forgotten.
    private static let movesKept = 10_000

    /// What `HEAD` holds: the place, and the last move that happened.
    struct HeadRecord {
        var head: Head
        var move: Int
    }

    /// What `HEAD` names; nil when there is none. Throws `.unreadableFile` when it may not be believed.
    package func readHead() throws -> Head? { try headRecord()?.head }

    func headRecord() throws -> HeadRecord? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.contents(of: headPath, limit: 4096)
        } catch let error as FileSystemError where error.isNotFound {
            return nil
        }
        // "main main/g_0000140 3 <checksum of what stands before>"; the first version had no number of moves.
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard (3...4).contains(words.count), CheckpointID.isValidBranch(String(words[0])),
            let checkpoint = try? CheckpointID(parsing: words[1]),
            let move = words.count == 4 ? Int(words[2]) : 0, move >= 0, let digest = words.last,
            Digest(hexadecimal: digest) == Digest(of: words.dropLast().joined(separator: " "))
        else { throw CheckpointError.unreadableFile(path: headPath, reason: "it does not match its checksum") }
        return HeadRecord(head: Head(branch: String(words[0]), checkpoint: checkpoint), move: move)
    }

    private func write(_ record: HeadRecord) throws {
        let text = "\(record.head.branch) \(record.head.checkpoint) \(record.move)"
        try fileSystem.replaceFile(headPath, with: Array("\(text) \(Digest(of: text))\n".utf8))
    }

    /// Lets `HEAD` name a new save, durably.
    func advanceHead(to id: CheckpointID) throws {
        try write(HeadRecord(head: Head(branch: id.branch, checkpoint: id), move: moveNumber()))
    }

    /// The last move that happened, also when `HEAD` is lost.
    private func moveNumber() -> Int {
        if let record = try? headRecord() { return record.move }
        return (try? lastMove()?.number) ?? 0
    }

    // MARK: Moves

    private struct Moves: Codable {
        var moves: [HeadMove]
    }

    /// Every move between lines, the oldest first. Throws `.unreadableFile` when they may not be believed.
    package func moves() throws -> [HeadMove] {
        let moves = try recordedMoves()
        guard let record = try? headRecord() else { return moves }
        return moves.filter { $0.number <= record.move }
    }

    /// The move that `HEAD` would name were it lost. One that a crash kept from happening is told too: it was asked for.
    func lastMove() throws -> HeadMove? { try recordedMoves().last }

    private func recordedMoves() throws -> [HeadMove] {
        do {
            let bytes = try fileSystem.contents(of: movesPath, limit: Manifest.lengthLimit)
            return try SealedJSON.decode(Moves.self, from: bytes, name: Self.movesName).moves
        } catch let error as FileSystemError where error.isNotFound {
            return []
        } catch let defect as SealDefect {
            throw CheckpointError.unreadableFile(path: movesPath, reason: defect.reason)
        }
    }

    /// Records a move, then makes it. `HEAD` holds the number of its last move, so a record whose `HEAD` was not
    /// written any more counts for nothing.
    @discardableResult
    func move(to head: Head, _ kind: HeadMove.Kind, reason: String? = nil, date: Date) throws -> HeadMove {
        let record = try? headRecord()
        var moves: [HeadMove]
        do {
            moves = try self.moves()
        } catch CheckpointError.unreadableFile {
            try setAsideFile(movesPath)
            moves = []
        }
        let move = HeadMove(
            number: max(record?.move ?? 0, moves.last?.number ?? 0) + 1, date: date.inWholeSeconds, kind: kind,
            from: record?.head ?? moves.last?.to, to: head,
            afterSave: try list().compactMap { $0.header?.sequence }.max() ?? 0, reason: reason)
        moves = moves.suffix(Self.movesKept - 1) + [move]
        try fileSystem.replaceFile(movesPath, with: try SealedJSON.encode(Moves(moves: moves)))
        try write(HeadRecord(head: head, move: move.number))
        return move
    }

    /// Goes on at the end of a branch, e.g. of another one; recorded, and undone by `undo`.
    package func setHead(_ head: Head, date: Date = Date()) throws {
        try change {
            _ = try header(head.checkpoint)
            try move(to: head, .switchBranch, date: date)
        }
    }

    /// Lets `HEAD` name what recovery found, durably: a process that was killed may have left it in memory only. It is a
    /// move when damaged ones were passed over.
    func confirm(_ head: Head, insteadOf damaged: [CheckpointID]) throws {
        try change {
            try syncPath(to: head.checkpoint)
            if damaged.isEmpty {
                guard (try? readHead()) != head else { return }
                try write(HeadRecord(head: head, move: moveNumber()))
            } else {
                let reason = "\(damaged.map(\.description).joined(separator: ", ")) damaged"
                try move(to: head, .recovery, reason: reason, date: Date())
            }
        }
    }

    /// Takes back the last roll-back or switch that stands: training goes on at the end of the line it left. Again, the
    /// one before it. Nothing is deleted, and this is recorded too. Throws `.nothingToUndo`.
    @discardableResult
    package func undo(date: Date = Date()) throws -> HeadMove {
        try change {
            let (head, kind) = try undoDestination()
            return try move(to: head, .undo, reason: "undo of \(kind.rawValue)", date: date)
        }
    }

    /// Takes back the last `undo` that no other move followed. Throws `.nothingToRedo`.
    @discardableResult
    package func redo(date: Date = Date()) throws -> HeadMove {
        try change { try move(to: try redoDestination(), .redo, date: date) }
    }

    /// Where `undo` would lead, and what it would take back; changes nothing.
    package func undoDestination() throws -> (head: Head, kind: HeadMove.Kind) {
        guard let undone = Self.standing(try moves()).done.last, let from = undone.from else {
            throw CheckpointError.nothingToUndo
        }
        return (try end(of: from), undone.kind)
    }

    /// Where `redo` would lead; changes nothing.
    package func redoDestination() throws -> Head {
        guard let undone = Self.standing(try moves()).undone.last, let from = undone.from else {
            throw CheckpointError.nothingToRedo
        }
        return try end(of: from)
    }

    /// The moves that may be undone, and the undoings that may be taken back, each the newest last.
    private static func standing(_ moves: [HeadMove]) -> (done: [HeadMove], undone: [HeadMove]) {
        var done: [HeadMove] = []
        var undone: [HeadMove] = []
        for move in moves {
            switch move.kind {
            case .rollBack, .switchBranch:
                done.append(move)
                undone = []
            case .undo where !done.isEmpty:
                done.removeLast()
                undone.append(move)
            case .redo where !undone.isEmpty:
                undone.removeLast()
                done.append(move)
            case .undo, .redo, .recovery: break
            }
        }
        return (done, undone)
    }

    /// The newest checkpoint of a line that was left, or where the line begins when it has none.
    private func end(of head: Head) throws -> Head {
        let line = try list().last { $0.id.branch == head.branch && $0.header != nil }?.id
        let checkpoint = line ?? head.checkpoint
        _ = try header(checkpoint)
        return Head(branch: head.branch, checkpoint: checkpoint)
    }
}

extension Date {
    /// As ISO 8601 keeps it.
    var inWholeSeconds: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
