import Foundation

/// A sink without a sound card that empties its ring as fast as one does: ALSA's `null` and `file` devices have no clock
/// and swallow everything at once. It tells when it was first written to, how low its ring became and how often it ran dry.
package final class RealTimeSink: PlaybackSink, @unchecked Sendable {  // guarded by `lock`
    /// What happened so far; times are its clock's, in seconds.
    package struct Report: Sendable, Equatable {
        package var firstWrite: Double?
        package var dropped: Double?
        /// Times that the ring was empty before the sound was over.
        package var underruns = 0
        /// The least that was in the ring while it ran, in seconds.
        package var lowest: Double?
        /// Frames heard.
        package var heard = 0
    }

    package let sampleRate: Int
    package let channels = 1
    package let bufferFrames: Int
    private let now: @Sendable () -> Double
    private let pause: @Sendable (Double) -> Void
    private let lock = NSLock()
    private var state = Report()
    /// Frames taken and heard since it was last started.
    private var written = 0
    private var startedAt: Double?
    private var heardBefore = 0

    /// - Parameters:
    ///   - bufferSeconds: what the ring holds.
    ///   - clock: seconds that never go back; the machine's by default.
    ///   - pause: waits so many seconds.
    package init(
        sampleRate: Int, bufferSeconds: Double = 0.5,
        clock: @escaping @Sendable () -> Double = RealTimeSink.machineTime,
        pause: @escaping @Sendable (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }
    ) {
        self.sampleRate = sampleRate
        bufferFrames = max(2, Int(bufferSeconds * Double(sampleRate)))
        now = clock
        self.pause = pause
    }

    /// Seconds of the machine's monotonic clock.
    package static func machineTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    package var report: Report {
        lock.withLock {
            var report = state
            report.heard = heardBefore + heard()
            return report
        }
    }

    package var delay: Int { lock.withLock { written - heard() } }

    package func write(_ frames: UnsafePointer<Int16>, count: Int) -> PlaybackStep {
        lock.withLock {
            let filled = written - heard()
            if startedAt != nil {
                state.lowest = min(state.lowest ?? .infinity, Double(filled) / Double(sampleRate))
                if filled == 0 {
                    state.underruns += 1
                    restart()
                    return .recovered
                }
            }
            let taken = min(count, bufferFrames - filled)
            guard taken > 0 else { return .full }
            state.firstWrite = state.firstWrite ?? now()
            written += taken
            // As cards are set up: they begin with half a ring.
            if startedAt == nil, written >= bufferFrames / 2 { startedAt = now() }
            return .wrote(taken)
        }
    }

    package func waitForRoom(milliseconds: Int32) -> Bool {
        let missing = lock.withLock { startedAt == nil ? 0 : max(0, written - heard() - bufferFrames * 9 / 10) }
        if missing > 0 { pause(min(Double(milliseconds) / 1000, Double(missing) / Double(sampleRate))) }
        return lock.withLock { written - heard() < bufferFrames }
    }

    package func drain(milliseconds: Int32) -> Bool {
        let left = lock.withLock {
            if startedAt == nil, written > 0 { startedAt = now() }
            return written - heard()
        }
        if left > 0 { pause(min(Double(milliseconds) / 1000, Double(left) / Double(sampleRate))) }
        return lock.withLock { written == heard() }
    }

    package func drop() {
        lock.withLock {
            state.dropped = now()
            restart()
        }
    }

    /// Frames heard since it was last started.
    private func heard() -> Int {
        guard let startedAt else { return 0 }
        return min(written, Int((now() - startedAt) * Double(sampleRate)))
    }

    private func restart() {
        heardBefore += heard()
        written = 0
        startedAt = nil
    }
}
