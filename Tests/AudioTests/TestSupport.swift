import Audio
import Foundation
import ReferenceSupport

/// A golden file, found from this file's place.
func golden(_ name: String) throws -> Golden {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Golden(name, file: tests.appendingPathComponent("ReferenceSupport/Golden.swift").path)
}

/// Runs `body` with a fresh folder that is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-audio-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

func sine(frequency: Double, amplitude: Double = 0.5, seconds: Double = 1, rate: Int = 16000) -> Waveform {
    let samples = (0..<Int(seconds * Double(rate))).map {
        Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate)))
    }
    return Waveform(samples: samples, sampleRate: rate)
}

func silence(seconds: Double, rate: Int = 16000) -> [Float] { Array(repeating: 0, count: Int(seconds * Double(rate))) }
