import Foundation
import Tensor

/// What this machine can do at most on the threads in use: speeds are quoted beside it.
package struct MachineSpeed: Sendable, Codable, Equatable {
    /// OpenBLAS on 1024 × 1024 products, in GFLOP/s.
    package var sgemmGigaflops: Double
    /// a = b + s · c over arrays far larger than the caches (McCalpin's triad), in GB/s, three transfers an element.
    package var bandwidthGigabytes: Double

    package static func measured(bandwidthBytes: Int) -> MachineSpeed {
        MachineSpeed(
            sgemmGigaflops: measuredProductCeiling(), bandwidthGigabytes: measuredBandwidth(bytes: bandwidthBytes))
    }

    /// The better of two measurements: whatever else runs here only ever takes away.
    func orBetter(_ other: MachineSpeed) -> MachineSpeed {
        MachineSpeed(
            sgemmGigaflops: max(sgemmGigaflops, other.sgemmGigaflops),
            bandwidthGigabytes: max(bandwidthGigabytes, other.bandwidthGigabytes))
    }
}

/// The machine before and after what was measured, and the better of both, which counts.
package struct MachineReport: Sendable, Encodable {
    package let best, before, after: MachineSpeed

    init(before: MachineSpeed, after: MachineSpeed) {
        (self.before, self.after, best) = (before, after, before.orBetter(after))
    }

    /// Runs a benchmark between two measurements of the machine, on the threads it is asked for.
    static func around<Result>(
        _ options: BenchmarkOptions, _ progress: BenchmarkProgress, _ benchmark: () throws -> Result
    ) throws -> (result: Result, machine: MachineReport) {
        Threads.use(options.threads)
        try tell(progress, "Measuring the machine")
        let before = MachineSpeed.measured(bandwidthBytes: options.bandwidthBytes)
        let result = try benchmark()
        try tell(progress, "Measuring the machine again")
        let after = MachineSpeed.measured(bandwidthBytes: options.bandwidthBytes)
        return (result, MachineReport(before: before, after: after))
    }

    private enum Key: String, CodingKey { case sgemmGigaflops, bandwidthGigabytes, before, after }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(best.sgemmGigaflops, forKey: .sgemmGigaflops)
        try container.encode(best.bandwidthGigabytes, forKey: .bandwidthGigabytes)
        try container.encode(before, forKey: .before)
        try container.encode(after, forKey: .after)
    }

    var text: String {
        func figures(_ name: String, _ unit: String, _ value: KeyPath<MachineSpeed, Double>) -> String {
            func shown(_ speed: MachineSpeed) -> String { String(format: "%.1f", speed[keyPath: value]) }
            return "\(name) \(shown(best)) \(unit) (\(shown(before)) before, \(shown(after)) after)"
        }
        return "machine  " + figures("sgemm", "GFLOP/s", \.sgemmGigaflops) + "   "
            + figures("memory", "GB/s", \.bandwidthGigabytes)
    }
}

/// The best of several passes of a triad over three arrays that take `bytes` together.
private func measuredBandwidth(bytes: Int) -> Double {
    let count = bytes / 12, block = 1 << 18
    // Not from the tensors' pool, which would keep it.
    let arrays = (0..<3).map { _ in LargeArray(count: count) }
    let (a, b, c) = (arrays[0].pointer, arrays[1].pointer, arrays[2].pointer)
    func pass(_ body: (Int, Int) -> Void) {
        parallelFor((count + block - 1) / block) { body($0 * block, min(block, count - $0 * block)) }
    }
    pass { start, length in
        for array in [a, b, c] { (array + start).update(repeating: 1, count: length) }
    }
    let seconds = (0..<3).map { _ in
        timed {
            pass { start, length in
                let (target, first, second) = (a + start, b + start, c + start)
                for i in 0..<length { target[i] = first[i] + 0.5 * second[i] }
            }
        }
    }
    withExtendedLifetime(arrays) {}
    return 12 * Double(count) / (seconds.min() ?? .infinity) / 1e9
}

/// Memory that goes back to the system when it is not needed any more.
private final class LargeArray {
    let pointer: UnsafeMutablePointer<Float>

    init(count: Int) {
        let bytes = max(4, count * 4), page = 2 << 20
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: page)
        madvise(raw, bytes, Int32(MADV_HUGEPAGE))
        pointer = raw.bindMemory(to: Float.self, capacity: count)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}

/// The most memory that this process held at once.
enum PeakMemory {
    /// Begins again from what it holds now.
    static func reset() {
        // "5" resets the mark (proc(5)); a kernel without that leaves the peak of the whole run, which is never too low.
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    /// That of this process, in MB.
    static var megabytes: Double { megabytes(of: "self") ?? 0 }

    /// VmHWM of /proc/PROCESS/status, in MB; nil once the process has ended.
    static func megabytes(of process: String) -> Double? {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0) * 1024 / 1e6
    }
}
