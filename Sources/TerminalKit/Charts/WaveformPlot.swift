/// The lowest and highest sample of each of many equal stretches of a sound: all that drawing it needs.
package struct WaveformPeaks: Sendable, Equatable {
    /// Of every stretch, in -1 ... 1.
    package private(set) var lows: [Float]
    package private(set) var highs: [Float]
    /// Root mean square of every stretch, for meters.
    package private(set) var levels: [Float]

    /// More stretches than a terminal has dots across.
    package static let resolution = 1600

    package init(_ samples: [Float], count wanted: Int = WaveformPeaks.resolution) {
        let count = max(0, min(wanted, samples.count))
        lows = []
        highs = []
        levels = []
        for index in 0..<count {
            let stretch = samples[samples.count * index / count..<samples.count * (index + 1) / count]
            var (low, high, energy) = (Float.infinity, -Float.infinity, Float(0))
            for sample in stretch where sample.isFinite {
                low = min(low, sample)
                high = max(high, sample)
                energy += sample * sample
            }
            lows.append(low <= high ? low : 0)
            highs.append(low <= high ? high : 0)
            levels.append((energy / Float(max(1, stretch.count))).squareRoot())
        }
    }

    package var isEmpty: Bool { lows.isEmpty }

    /// The largest magnitude; 0 of silence.
    package var peak: Float { max(highs.max() ?? 0, -(lows.min() ?? 0)) }

    /// Lowest and highest sample between two places, 0 ... 1 of the whole.
    func range(from start: Double, to end: Double) -> ClosedRange<Float>? {
        guard let stretch = stretch(from: start, to: end), let low = lows[stretch].min(),
            let high = highs[stretch].max()
        else { return nil }
        return low...high
    }

    /// The loudest level and the largest magnitude around a place, 0 ... 1 of the whole, in dB of full scale.
    package func loudness(at place: Double, width: Double) -> (level: Double, peak: Double)? {
        guard let stretch = stretch(from: place - width / 2, to: place + width / 2) else { return nil }
        let magnitude = zip(lows[stretch], highs[stretch]).reduce(Float(0)) { max($0, -$1.0, $1.1) }
        return (Decibels.of(levels[stretch].max() ?? 0), Decibels.of(magnitude))
    }

    private func stretch(from start: Double, to end: Double) -> Range<Int>? {
        guard !isEmpty, start.isFinite, end.isFinite else { return nil }
        let first = Int(max(0, min(1, start)) * Double(lows.count)),
            last = Int(max(0, min(1, end)) * Double(lows.count))
        let lower = min(first, lows.count - 1)
        return lower..<max(lower + 1, min(last, lows.count))
    }
}

/// A sound's outline over time.
///
/// Every column of dots spans the lowest and highest sample that falls into it, so that no click is lost by thinning.
package struct WaveformPlot: Sendable {
    package var peaks: WaveformPeaks
    package var glyphs: ChartGlyphs
    /// How much of it was heard, 0 ... 1; nil when it is not being played.
    package var played: Double?
    package var role: ColorRole

    package init(_ peaks: WaveformPeaks, glyphs: ChartGlyphs, played: Double? = nil, role: ColorRole = .series1) {
        self.peaks = peaks
        self.glyphs = glyphs
        self.played = played
        self.role = role
    }

    /// Draws it over the whole rectangle; its loudest sample reaches the edge, but a whisper stays small.
    package func draw(on grid: inout CellGrid, in rect: CellRect) {
        guard rect.rows > 0, rect.columns > 0 else { return }
        var raster = DotRaster(rows: rect.rows, columns: rect.columns, glyphs: glyphs)
        let scale = 1 / max(peaks.peak, 0.05)
        let middle = Double(raster.height - 1) / 2
        for x in 0..<raster.width {
            let (start, end) = (Double(x) / Double(raster.width), Double(x + 1) / Double(raster.width))
            guard let range = peaks.range(from: start, to: end) else { continue }
            let top = middle - Double(max(0, range.upperBound) * scale) * middle
            let bottom = middle - Double(min(0, range.lowerBound) * scale) * middle
            let isAhead = played.map { start > $0 } ?? false
            raster.style = CellStyle(isAhead ? .dim : role)
            raster.setColumn(x: x, from: Int(top.rounded()), to: Int(bottom.rounded()))
        }
        raster.draw(on: &grid, row: rect.row, column: rect.column)
    }
}

extension CellGrid {
    /// Sets off the column that stands for a place, 0 ... 1, of what is drawn in a rectangle: painted, and with a line
    /// where nothing is drawn, so that it is seen without colours.
    package mutating func drawPlace(_ place: Double, in rect: CellRect) {
        guard place.isFinite, rect.columns > 0 else { return }
        let column = rect.column + min(rect.columns - 1, Int(max(0, min(1, place)) * Double(rect.columns)))
        for row in rect.rowRange where row >= 0 && row < size.rows && column >= 0 && column < size.columns {
            if self[row, column].scalar == " " { put("│", row: row, column: column, style: CellStyle(.accent)) }
        }
        paint(CellRect(row: rect.row, column: column, rows: rect.rows, columns: 1), background: .selection)
    }
}
