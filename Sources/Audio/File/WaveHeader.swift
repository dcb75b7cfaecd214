import Foundation

/// What a WAV file's chunks promise: libsndfile shortens a truncated one without a word.
struct WaveHeader {
    /// Of the sound, as the header has it.
    let promisedBytes: Int
    /// Of the sound, as the file has it.
    let presentBytes: Int
    let bytesPerSecond: Int

    /// Programs that write to a pipe put a number near or above this where they cannot know the size.
    private static let unknownSize = 0x7fff_0000

    /// True when the file ends before its sound does.
    var isTruncated: Bool {
        bytesPerSecond > 0 && promisedBytes < Self.unknownSize && presentBytes < promisedBytes
    }

    /// Nil for anything but a RIFF file with a format and a data chunk.
    init?(path: String) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let size = try? file.seekToEnd() else { return nil }
        func bytes(_ count: Int, at offset: Int) -> [UInt8]? {
            guard (try? file.seek(toOffset: UInt64(offset))) != nil, let data = try? file.read(upToCount: count),
                data.count == count
            else { return nil }
            return Array(data)
        }
        func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }

        guard let head = bytes(12, at: 0), head[0..<4].elementsEqual("RIFF".utf8), head[8...].elementsEqual("WAVE".utf8)
        else { return nil }
        var offset = 12, rate: Int?
        // Chunks are few; a file of nothing but tiny ones is not worth reading to its end.
        for _ in 0..<1000 {
            guard let chunk = bytes(8, at: offset) else { return nil }
            let length = number(chunk[4..<8]), body = offset + 8
            if chunk[0..<4].elementsEqual("fmt ".utf8), let format = bytes(12, at: body) {
                rate = number(format[8..<12])
            }
            if chunk[0..<4].elementsEqual("data".utf8) {
                guard let rate else { return nil }
                (promisedBytes, presentBytes, bytesPerSecond) = (length, Int(size) - body, rate)
                return
            }
            offset = body + length + length % 2
        }
        return nil
    }
}
