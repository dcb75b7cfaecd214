import Foundation
import Tensor
import VoiceModel

/// What a benchmark runs on: noise of these sizes.
package struct BenchmarkOptions: Sendable, Equatable {
    package var preset = ModelPreset.nano
    package var stages = Stage.ofEveryVoice
    /// Clips in a batch.
    package var batch = 1
    /// Frames of each clip in SoVITS, 50 a second.
    package var frames = 200
    /// Symbols of each text.
    package var symbols = 60
    /// Semantic tokens of each item in the prior, 25 a second.
    package var tokens = 100
    /// Frames of the slice that the decoder hears.
    package var segment = 32
    /// Adapters that are trained instead of the weights; nil trains every weight.
    package var lora: VoiceConfiguration.LowRank?
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Runs that count, after one that does not.
    package var repeats = 5
    /// Of single operators those that have this in their kind, pass and shape, as the table says them; nil for all.
    package var only: String?
    /// Bytes the memory bandwidth is measured over, in three arrays.
    package var bandwidthBytes = 1080 << 20

    package init() {}

    /// - Throws: `BenchmarkError`, for the first value that cannot be run.
    package func validate() throws {
        func require(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw BenchmarkError.outOfRange(option: name, value: value, range: range)
            }
        }
        try require("batch", batch, 1...64)
        try require("frames", frames, 16...3000)
        guard frames % 2 == 0 else { throw BenchmarkError.oddFrames(frames) }
        // The prior has 1024 positions, and BOS takes one.
        try require("symbols", symbols, 1...1000)
        try require("tokens", tokens, 1...1000)
        try require("segment", segment, 8...1000)
        guard segment <= frames else { throw BenchmarkError.segmentTooLong(segment: segment, frames: frames) }
        try require("threads", threads, 1...256)
        try require("repeats", repeats, 1...1000)
    }
}

/// Why a benchmark cannot run.
package enum BenchmarkError: Error, Equatable, CustomStringConvertible, LocalizedError {
    case outOfRange(option: String, value: Int, range: ClosedRange<Int>)
    case oddFrames(Int)
    case segmentTooLong(segment: Int, frames: Int)
    case noOperator(String)
    case noTurn(String, operators: Int)

    package var description: String {
        switch self {
        case .outOfRange(let option, let value, let range):
            "--\(option) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \(value)."
        case .oddFrames(let frames):
            "--frames takes an even number, as a token is two frames, not \(frames)."
        case .segmentTooLong(let segment, let frames):
            "--segment takes at most the \(frames) frames of --frames, not \(segment)."
        case .noOperator(let text):
            "No operator of such a step has “\(text)” in its name, pass and shape: run without --only to see them all."
        case .noTurn(let line, let operators):
            "--turns reads a number from 0 to \(operators - 1) on every line of standard input, not “\(line)”."
        }
    }

    package var errorDescription: String? { description }
}

/// Told what a benchmark is doing; false ends it with `CancellationError`.
package typealias BenchmarkProgress = (String) -> Bool

/// Ends with `CancellationError` where the listener wants no more.
func tell(_ progress: BenchmarkProgress, _ what: String) throws {
    guard progress(what) else { throw CancellationError() }
}

/// The middle one, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted(), middle = sorted.count / 2
    guard !sorted.isEmpty else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Seconds that `body` takes.
func timed(_ body: () throws -> Void) rethrows -> Double {
    let started = ContinuousClock.now
    try body()
    return (ContinuousClock.now - started).inSeconds
}
