#if canImport(Glibc)
    import Glibc
#endif

/// How loud each band of a sound is over time, small enough to be kept and copied.
package struct SpectrogramImage: Sendable, Equatable {
    package let bands: Int
    package let frames: Int
    /// [bands, frames], the lowest band first: 0 is 70 dB below the loudest, 255 the loudest.
    package let levels: [UInt8]

    package static let range = 70.0

    /// Bands equally wide in mels between 0 Hz and half the sample rate.
    ///
    /// - Parameter magnitudes: [bins, frames] of a Fourier transform, from 0 Hz to half of `sampleRate`.
    package init(magnitudes: [Float], bins: Int, frames: Int, sampleRate: Int, bands: Int = 96) {
        guard bins > 1, frames > 0, magnitudes.count == bins * frames, sampleRate > 0 else {
            (self.bands, self.frames, levels) = (0, 0, [])
            return
        }
        let top = Self.mel(Double(sampleRate) / 2)
        func bin(_ band: Int) -> Int {
            let hertz = Self.hertz(top * Double(band) / Double(bands))
            return min(bins - 1, Int(hertz / (Double(sampleRate) / 2) * Double(bins - 1)))
        }
        var values = [Float](repeating: 0, count: bands * frames)
        for band in 0..<bands {
            let from = bin(band), to = max(from, bin(band + 1) - 1)
            for bin in from...to {
                for t in 0..<frames {
                    let magnitude = magnitudes[bin * frames + t]
                    if magnitude.isFinite { values[band * frames + t] = max(values[band * frames + t], magnitude) }
                }
            }
        }
        // Against the loudest, but silence is not blown up.
        let reference = max(values.max() ?? 0, 1e-2)
        self.bands = bands
        self.frames = frames
        levels = values.map { value in
            let decibels = 20 * log10(max(Double(value / reference), 1e-9))
            return UInt8(max(0, min(255, (255 * (1 + decibels / Self.range)).rounded())))
        }
    }

    package static func mel(_ hertz: Double) -> Double { 2595 * log10(1 + hertz / 700) }
    package static func hertz(_ mel: Double) -> Double { 700 * (pow(10, mel / 2595) - 1) }

    /// The loudest between two places of time and of pitch, each 0 ... 1 of the whole.
    func level(time: Range<Double>, pitch: Range<Double>) -> UInt8 {
        func indices(_ part: Range<Double>, _ count: Int) -> Range<Int> {
            let first = min(count - 1, max(0, Int(part.lowerBound * Double(count))))
            return first..<max(first + 1, min(count, Int(part.upperBound * Double(count))))
        }
        guard bands > 0, frames > 0 else { return 0 }
        var loudest: UInt8 = 0
        let columns = indices(time, frames)
        for band in indices(pitch, bands) {
            for frame in columns { loudest = max(loudest, levels[band * frames + frame]) }
        }
        return loudest
    }
}

/// A spectrogram in characters: time to the right, pitch upwards, the louder the denser.
///
/// Braille and blocks are dithered by an ordered pattern, so that even one colour shows many levels; without them letters
/// of growing weight stand for eight.
package struct SpectrogramPlot: Sendable {
    package var image: SpectrogramImage
    package var glyphs: ChartGlyphs

    package init(_ image: SpectrogramImage, glyphs: ChartGlyphs) {
        self.image = image
        self.glyphs = glyphs
    }

    /// Bayer's order of sixteen dots: which of them are set first.
    private static let order: [[Int]] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]
    private static let letters: [Unicode.Scalar] = [" ", ".", ":", "-", "=", "+", "*", "#"]

    package func draw(on grid: inout CellGrid, in rect: CellRect) {
        guard rect.rows > 0, rect.columns > 0, image.frames > 0 else { return }
        if glyphs == .ascii { return drawLetters(on: &grid, in: rect) }
        var raster = DotRaster(rows: rect.rows, columns: rect.columns, glyphs: glyphs)
        let (width, height) = (raster.width, raster.height)
        for row in 0..<rect.rows {
            for column in 0..<rect.columns {
                raster.style = CellStyle(Self.role(level(row, column, rows: rect.rows, columns: rect.columns)))
                for y in row * glyphs.dotsDown..<(row + 1) * glyphs.dotsDown {
                    for x in column * glyphs.dotsAcross..<(column + 1) * glyphs.dotsAcross {
                        let value = Int(level(y, x, rows: height, columns: width))
                        if value > 24 + Self.order[y % 4][x % 4] * 231 / 16 { raster.set(x: x, y: y) }
                    }
                }
            }
        }
        raster.draw(on: &grid, row: rect.row, column: rect.column)
    }

    private func drawLetters(on grid: inout CellGrid, in rect: CellRect) {
        for row in 0..<rect.rows {
            for column in 0..<rect.columns {
                let level = level(row, column, rows: rect.rows, columns: rect.columns)
                let letter = Self.letters[Int(level) * Self.letters.count / 256]
                if letter == " " { continue }
                grid.put(
                    letter, row: rect.row + row, column: rect.column + column, style: CellStyle(Self.role(level)))
            }
        }
    }

    /// The level of one place of a raster whose row 0 is the highest pitch.
    private func level(_ row: Int, _ column: Int, rows: Int, columns: Int) -> UInt8 {
        image.level(
            time: Double(column) / Double(columns)..<Double(column + 1) / Double(columns),
            pitch: Double(rows - 1 - row) / Double(rows)..<Double(rows - row) / Double(rows))
    }

    private static func role(_ level: UInt8) -> ColorRole {
        switch level {
        case ..<110: .dim
        case ..<190: .series1
        default: .series5
        }
    }
}
