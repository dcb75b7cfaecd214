import Audio
import Foundation

/// A fresh folder, removed with the object.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-audio-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// Runs `body` with a fresh folder.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.url) }
}

func sine(frequency: Double, amplitude: Double = 0.5, seconds: Double = 1, rate: Int = 16000) -> Waveform {
    let samples = (0..<Int(seconds * Double(rate))).map {
        Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate)))
    }
    return Waveform(samples: samples, sampleRate: rate)
}

func silence(seconds: Double, rate: Int = 16000) -> [Float] { Array(repeating: 0, count: Int(seconds * Double(rate))) }

/// The sine of one frequency that fits best between two times (seconds), and the RMS of what it leaves.
func fitSine(_ sound: Waveform, frequency: Double, from: Double, to: Double) -> (amplitude: Double, residual: Double) {
    let rate = Double(sound.sampleRate)
    let range = Int(from * rate)..<Int(to * rate)
    var sines = 0.0, cosines = 0.0
    for n in range {
        let angle = 2 * Double.pi * frequency * Double(n) / rate
        sines += Double(sound.samples[n]) * sin(angle) * 2 / Double(range.count)
        cosines += Double(sound.samples[n]) * cos(angle) * 2 / Double(range.count)
    }
    var rest = 0.0
    for n in range {
        let angle = 2 * Double.pi * frequency * Double(n) / rate
        let difference = Double(sound.samples[n]) - sines * sin(angle) - cosines * cos(angle)
        rest += difference * difference
    }
    return ((sines * sines + cosines * cosines).squareRoot(), (rest / Double(range.count)).squareRoot())
}

/// Where two long arrays differ first; nil when they are equal. (`#expect(a == b)` would take minutes to word it.)
func firstDifference<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int? {
    zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        ?? (a.count == b.count ? nil : min(a.count, b.count))
}
