import Foundation

/// A picture in shades of one colour scale, as PNG (ISO/IEC 15948) without compression: TensorBoard's files are looked at,
/// not archived, and a mel picture is small.
struct PortableImage {
    let width: Int
    let height: Int
    /// Rows from the top, three bytes a dot.
    let dots: [UInt8]

    /// Values 0 ... 1 from [rows, columns], the last row on top, as spectrograms are drawn.
    init(_ values: [Float], rows: Int, columns: Int) {
        width = columns
        height = rows
        var dots: [UInt8] = []
        dots.reserveCapacity(3 * rows * columns)
        for row in (0..<rows).reversed() {
            for column in 0..<columns { dots += Self.color(values[row * columns + column]) }
        }
        self.dots = dots
    }

    /// From black over violet and orange to a light yellow; equal steps look equal, in print and to the colour-blind too.
    private static func color(_ value: Float) -> [UInt8] {
        let stops: [(Float, Float, Float)] = [
            (0, 0, 4), (51, 16, 92), (120, 28, 109), (186, 54, 85), (236, 104, 37), (251, 180, 26), (252, 255, 164),
        ]
        let place = min(max(value.isFinite ? value : 0, 0), 1) * Float(stops.count - 1)
        let index = min(Int(place), stops.count - 2)
        let (a, b, part) = (stops[index], stops[index + 1], place - Float(index))
        func mix(_ low: Float, _ high: Float) -> UInt8 { UInt8(low + (high - low) * part) }
        return [mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2)]
    }

    var png: Data {
        func bytes(_ number: Int) -> [UInt8] {
            [24, 16, 8, 0].map { (shift: Int) -> UInt8 in UInt8(truncatingIfNeeded: number >> shift) }
        }
        func chunk(_ kind: String, _ contents: [UInt8]) -> [UInt8] {
            let body = Array(kind.utf8) + contents
            return bytes(contents.count) + body + bytes(Int(CyclicChecksum.ethernet.value(of: body)))
        }
        // Each row begins with its filter: none.
        var raw: [UInt8] = []
        for row in 0..<height {
            raw.append(0)
            raw += dots[row * 3 * width..<(row + 1) * 3 * width]
        }
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(raw.count, start + 65_535)
            let length = end - start
            stream.append(end == raw.count ? 1 : 0)
            for part in [length, length >> 8, ~length, ~length >> 8] { stream.append(UInt8(truncatingIfNeeded: part)) }
            stream += raw[start..<end]
            start = end
        } while start < raw.count
        // Adler-32 of what the stream holds, RFC 1950.
        var (low, high) = (1, 0)
        for byte in raw {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        stream += bytes(high << 16 | low)
        let header: [UInt8] = bytes(width) + bytes(height) + [8, 2, 0, 0, 0]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", header)
        file += chunk("IDAT", stream)
        file += chunk("IEND", [])
        return Data(file)
    }
}
