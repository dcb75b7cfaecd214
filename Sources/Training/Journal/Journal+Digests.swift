import Foundation
import GRDB

/// What stretches of steps came to, kept beside the steps: a curve of a million steps is read from some thousand rows.
///
/// A digest covers the steps c·w+1 … (c+1)·w of one branch, for each width w; it is written with the last of them. Where
/// one is missing, e.g. at a branch's end, the next finer ones are read, and in the end the steps themselves.
enum StepDigests {
    static let widths = [16, 128, 1024, 8192]
    /// So many rows, or digests of one width, are read for a curve at most; above that coarser ones are.
    static let mostRows = 16_384
    static let mostDigests = 8192

    static let table = """
        CREATE TABLE digests (
            width INTEGER NOT NULL,
            branch TEXT NOT NULL,
            chunk INTEGER NOT NULL,
            spans BLOB NOT NULL,
            PRIMARY KEY (width, branch, chunk)
        ) WITHOUT ROWID
        """

    /// Keeps the digests right after a step was added, or replaced by another outcome.
    static func update(_ branch: String, after step: Int, isReplacement: Bool, _ database: Database, path: String)
        throws
    {
        for (level, width) in widths.enumerated() {
            let chunk = (step - 1) / width
            guard step % width == 0 || isReplacement else { continue }
            if step % width != 0 {
                let exists = try Int.fetchOne(
                    database, sql: "SELECT 1 FROM digests WHERE width = ? AND branch = ? AND chunk = ?",
                    arguments: [width, branch, chunk])
                guard exists != nil else { continue }
            }
            try write(branch, chunk: chunk, level: level, database, path: path)
        }
    }

    private static func write(
        _ branch: String, chunk: Int, level: Int, _ database: Database, path: String
    ) throws {
        let width = widths[level]
        let steps = chunk * width + 1...(chunk + 1) * width
        var whole = CurveSlice(steps: steps, spans: 1)
        try collect(branch, steps, level: level - 1, into: &whole, database, path: path)
        let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO digests VALUES (?,?,?,?)")
        try statement.execute(arguments: [width, branch, chunk, DigestCoding.encode(whole)])
    }

    /// All digests of the steps that are there: for a journal of a version that kept none.
    static func writeAll(_ database: Database, path: String) throws {
        let ends = try Row.fetchAll(
            database, sql: "SELECT branch, min(step) AS first, max(step) AS last FROM steps GROUP BY branch")
        for row in ends {
            let (first, last): (Int, Int) = (row["first"], row["last"])
            for (level, width) in widths.enumerated() {
                for chunk in (max(1, first) - 1) / width..<max((max(1, first) - 1) / width, last / width) {
                    try write(row["branch"], chunk: chunk, level: level, database, path: path)
                }
            }
        }
    }

    /// The place in `widths` to read so many steps in: -1 for the steps themselves.
    static func level(for count: Int) -> Int {
        if count <= mostRows { return -1 }
        return widths.firstIndex { count / $0 <= mostDigests } ?? widths.count - 1
    }

    /// Reads a branch's own steps into a slice, by digests of `level` where they are there and lie inside.
    static func collect(
        _ branch: String, _ steps: ClosedRange<Int>, level: Int, into slice: inout CurveSlice, _ database: Database,
        path: String
    ) throws {
        guard level >= 0 else {
            let statement = try database.cachedStatement(
                sql: "SELECT * FROM steps WHERE branch = ? AND step >= ? AND step <= ? ORDER BY step")
            let cursor = try Row.fetchCursor(statement, arguments: [branch, steps.lowerBound, steps.upperBound])
            while let row = try cursor.next() { slice.append(try StepRecord(row: row, path: path)) }
            return
        }
        let width = widths[level]
        var next = (steps.lowerBound + width - 2) / width
        let end = steps.upperBound / width
        func finer(_ first: Int, _ last: Int) throws {
            guard first <= last else { return }
            try collect(branch, first...last, level: level - 1, into: &slice, database, path: path)
        }
        guard next < end else { return try finer(steps.lowerBound, steps.upperBound) }
        try finer(steps.lowerBound, next * width)
        let cursor = try Row.fetchCursor(
            database,
            sql: "SELECT chunk, spans FROM digests WHERE width = ? AND branch = ? AND chunk >= ? AND chunk < ? "
                + "ORDER BY chunk", arguments: [width, branch, next, end])
        while let row = try cursor.next() {
            let chunk: Int = row[0]
            try finer(next * width + 1, chunk * width)
            let isWhole = try row.withUnsafeData(atIndex: 1) { DigestCoding.decode($0 ?? Data(), into: &slice) }
            guard isWhole else {
                throw JournalError.damaged(
                    path: path, reason: "the digest of step \((chunk + 1) * width) cannot be read")
            }
            next = chunk + 1
        }
        try finer(next * width + 1, steps.upperBound)
    }
}

/// Spans as bytes: of each figure its code, flags and eight numbers of four bytes, little-endian.
enum DigestCoding {
    private static let size = 2 + 9 * 4

    static func encode(_ slice: CurveSlice) -> Data {
        var bytes = Data()
        func add(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        for (code, figure) in Figure.allCases.enumerated() {
            guard let span = slice.figures[figure]?.first else { continue }
            bytes.append(UInt8(code))
            bytes.append((span.gapBefore ? 1 : 0) | (span.gapAfter ? 2 : 0))
            for number in [span.firstStep, span.lastStep, span.count, span.finiteCount] {
                add(UInt32(bitPattern: number))
            }
            for value in [span.low, span.high, span.entry, span.exit, span.mean] { add(value.bitPattern) }
        }
        return bytes
    }

    /// False for bytes that `encode` does not write. Figures this version does not know are passed over.
    static func decode(_ data: Data, into slice: inout CurveSlice) -> Bool {
        guard data.count % size == 0 else { return false }
        data.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard Figure.allCases.indices.contains(Int(bytes[start])) else { continue }
                func number(_ index: Int) -> UInt32 {
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 2 + 4 * index, as: UInt32.self))
                }
                func integer(_ index: Int) -> Int32 { Int32(bitPattern: number(index)) }
                func value(_ index: Int) -> Float { Float(bitPattern: number(index)) }
                var span = FigureSpan(step: 0, value: 0)
                (span.firstStep, span.lastStep, span.count) = (integer(0), integer(1), integer(2))
                span.finiteCount = integer(3)
                (span.low, span.high, span.entry, span.exit) = (value(4), value(5), value(6), value(7))
                span.mean = value(8)
                (span.gapBefore, span.gapAfter) = (bytes[start + 1] & 1 != 0, bytes[start + 1] & 2 != 0)
                slice.append(span, of: Figure.allCases[Int(bytes[start])])
            }
        }
        return true
    }
}
