import TerminalKit
import Testing

/// Waveforms, spectrograms, meters, and sentences over several lines.
@Suite struct SoundPlotTests {
    private func drawn(_ columns: Int, _ rows: Int, _ draw: (inout CellGrid, CellRect) -> Void) -> [String] {
        var grid = CellGrid(size: TerminalSize(columns: columns, rows: rows))
        let rect = grid.bounds
        draw(&grid, rect)
        return grid.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func oneClickInAMillionSamplesIsSeen() {
        var samples = [Float](repeating: 0, count: 1_000_000)
        samples[700_123] = 1
        for glyphs in ChartGlyphs.allCases {
            let lines = drawn(40, 5) { WaveformPlot(WaveformPeaks(samples), glyphs: glyphs).draw(on: &$0, in: $1) }
            let click = Array(lines[0]).firstIndex { $0 != " " }
            #expect(click == 28, "\(glyphs)")
        }
    }

    @Test func soundsWithoutSamplesOrNumbersAreDrawnWithoutHarm() {
        for samples in [[], [0], [Float.nan, .infinity, 0.5], [1]] as [[Float]] {
            let peaks = WaveformPeaks(samples)
            #expect(peaks.peak.isFinite)
            _ = drawn(10, 3) { WaveformPlot(peaks, glyphs: .braille, played: 0.5).draw(on: &$0, in: $1) }
            #expect(peaks.loudness(at: 2, width: 0.1).map { $0.level <= 0 } ?? samples.isEmpty)
        }
        let empty = SpectrogramImage(magnitudes: [], bins: 0, frames: 0, sampleRate: 16000)
        #expect(drawn(10, 3) { SpectrogramPlot(empty, glyphs: .braille).draw(on: &$0, in: $1) } == ["", "", ""])
    }

    @Test func aToneIsALineAtItsPitchAndTime() {
        // Half of the time, at 3 kHz of 8.
        let (bins, frames) = (257, 100)
        var magnitudes = [Float](repeating: 0, count: bins * frames)
        for frame in 50..<100 { magnitudes[96 * frames + frame] = 10 }
        let image = SpectrogramImage(magnitudes: magnitudes, bins: bins, frames: frames, sampleRate: 16000)
        let lines = drawn(40, 12) { SpectrogramPlot(image, glyphs: .ascii).draw(on: &$0, in: $1) }
        let rows = lines.indices.filter { lines[$0].contains("#") }
        // 1876 of 2840 mels: two thirds of the way up.
        #expect(rows == [4] || rows == [3] || rows == [3, 4])
        #expect(Array(lines[rows[0]]).firstIndex(of: "#") == 20)
    }

    @Test(arguments: [(0.0, "■■■■■■■■■■   0 dB"), (-30, "■■■■■····· -30 dB"), (-90, "·········· silent")])
    func theMeterShowsDecibels(level: Double, text: String) {
        let lines = drawn(17, 1) { grid, _ in LevelMeter(level: level).draw(on: &grid, row: 0, columns: 0..<17) }
        #expect(lines == [text])
        #expect(Decibels.of(1) == 0 && Decibels.of(0) == -60 && Decibels.of(.nan) == -60)
        #expect(abs(Decibels.of(0.5) + 6.02) < 0.01)
    }

    @Test func aLongSentenceIsCutAfterSpacesAndNothingIsLost() {
        let text = "One two threefour 日本語の文 e\u{301}e fivesixseveneight"
        for columns in [1, 2, 3, 7, 10, 80] {
            let lines = LineEditor.lines(of: text, columns: columns)
            #expect(lines.first?.lowerBound == 0 && lines.last?.upperBound == text.count)
            for (line, next) in zip(lines, lines.dropFirst()) { #expect(line.upperBound == next.lowerBound) }
        }
        let characters = Array(text)
        let words = LineEditor.lines(of: text, columns: 10).map { String(characters[$0]) }
        #expect(words == ["One two ", "threefour ", "日本語の文 ", "e\u{301}e ", "fivesixsev", "eneight"])
        #expect(LineEditor.lines(of: "", columns: 10) == [0..<0])
    }

    @Test func theCursorStandsInItsLine() {
        var editor = LineEditor(text: "Hello 日本語 world")
        var grid = CellGrid(size: TerminalSize(columns: 9, rows: 3))
        editor.drawWrapped(on: &grid, in: grid.bounds)
        #expect(grid.text == "Hello\n日本語\nworld")
        #expect(grid.cursor == CellPosition(row: 2, column: 5))
        for _ in 0..<8 { editor.handle(.left) }
        editor.drawWrapped(on: &grid, in: grid.bounds)
        #expect(grid.cursor == CellPosition(row: 1, column: 2))
    }
}
