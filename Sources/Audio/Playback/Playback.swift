import Foundation

/// One sound on its way to an ALSA device or another sink, on a thread of its own. It starts when made, or with the first
/// piece of a sound that comes in pieces, and the maker goes on at once.
package final class Playback: @unchecked Sendable {  // guarded by `condition`
    /// What reached the device.
    package struct Progress: Sendable, Equatable {
        /// Frames that the device took, at its own rate.
        package var frames: Int
        /// Hz; 0 before the device was opened.
        package var sampleRate: Int
        /// Times that the device ran dry or was suspended.
        package var underruns: Int

        package init(frames: Int, sampleRate: Int, underruns: Int = 0) {
            self.frames = frames
            self.sampleRate = sampleRate
            self.underruns = underruns
        }
    }

    package enum Outcome: Sendable, Equatable {
        /// All of it was played, as far as the device can tell.
        case finished(Progress)
        case cancelled(Progress)
        case failed(AudioDeviceError)
    }

    package let device: String
    private let openSink: PlaybackSinkOpener
    /// Told on the playback's thread, about thirty times a second, how many seconds of the sound were heard.
    private let onMove: (@Sendable (Double) -> Void)?
    private let condition = NSCondition()
    private var isCancelled = false
    private var result: Outcome?
    private var waiters: [@Sendable (Outcome) -> Void] = []
    private var source: PlaybackSource
    private let sourceRate: Int

    /// - Parameters:
    ///   - start: the first sample to be heard.
    ///   - isLooping: begins again at the first sample of all when the last was given.
    ///   - device: an ALSA name: `default`, `hw:1,0`, `null`, `file:FILE='/tmp/take.raw',FORMAT=raw`.
    ///   - sink: what plays instead of the device.
    ///   - onMove: told on the playback's thread, about thirty times a second, how many seconds of it were heard.
    ///   - completion: called once, on the playback's thread.
    package convenience init(
        _ waveform: Waveform, from start: Int = 0, isLooping: Bool = false, device: String = "default",
        sink: PlaybackSinkOpener? = nil, onMove: (@Sendable (Double) -> Void)? = nil,
        completion: (@Sendable (Outcome) -> Void)? = nil
    ) {
        let source = PlaybackSource(waveform.samples, start: start, isLooping: isLooping)
        self.init(source, waveform.sampleRate, device, sink, onMove, completion)
    }

    /// A sound that comes in pieces, by `append` and `end`. Where a piece comes too late there is silence before it.
    package convenience init(
        sampleRate: Int, device: String = "default", completion: (@Sendable (Outcome) -> Void)? = nil
    ) {
        self.init(PlaybackSource(), sampleRate, device, nil, nil, completion)
    }

    private init(
        _ source: PlaybackSource, _ sampleRate: Int, _ device: String, _ sink: PlaybackSinkOpener?,
        _ onMove: (@Sendable (Double) -> Void)?, _ completion: (@Sendable (Outcome) -> Void)?
    ) {
        self.source = source
        self.sourceRate = sampleRate
        self.device = device
        self.onMove = onMove
        openSink =
            sink ?? { rate in
                do throws(AudioDeviceError) {
                    return .success(try PlaybackStream.open(device, sampleRate: rate))
                } catch {
                    return .failure(error)
                }
            }
        if let completion { waiters.append(completion) }
        let thread = Thread { [self] in finish(play()) }
        thread.name = "playback"
        thread.start()
    }

    /// Adds samples to what is to be played.
    package func append(_ samples: [Float]) {
        condition.withLock {
            source.append(samples)
            condition.broadcast()
        }
    }

    /// Nothing more is to come.
    package func end() {
        condition.withLock {
            source.isComplete = true
            condition.broadcast()
        }
    }

    /// Whether it begins again when it is over; what the device holds already is played in any case.
    package func setLooping(_ isLooping: Bool) {
        condition.withLock { source.isLooping = isLooping }
    }

    /// Falls silent within a few hundredths of a second; without effect when it is over.
    package func cancel() {
        condition.withLock {
            isCancelled = true
            condition.broadcast()
        }
    }

    /// How it ended, or nil while it goes on.
    package var outcome: Outcome? { condition.withLock { result } }

    /// Suspends until it is over.
    package func finished() async -> Outcome {
        await withCheckedContinuation { continuation in
            let present = condition.withLock {
                if result == nil { waiters.append { continuation.resume(returning: $0) } }
                return result
            }
            if let present { continuation.resume(returning: present) }
        }
    }

    /// Blocks until it is over: for a command line that has nothing else to do.
    package func wait() -> Outcome {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let result { return result }
            condition.wait()
        }
    }

    private func finish(_ outcome: Outcome) {
        let waiting = condition.withLock {
            result = outcome
            condition.broadcast()
            defer { waiters = [] }
            return waiters
        }
        for waiter in waiting { waiter(outcome) }
    }

    private var wantsToStop: Bool { condition.withLock { isCancelled } }

    /// The next piece; nil when all were given. Waits for one; empty when it was cancelled instead.
    private func nextPiece() -> [Float]? {
        condition.withLock {
            while !isCancelled {
                if let piece = source.next() { return piece }
                if source.isComplete { return nil }
                condition.wait()
            }
            return []
        }
    }

    private func play() -> Outcome {
        var progress = Progress(frames: 0, sampleRate: 0)
        if wantsToStop { return .cancelled(progress) }
        do throws(AudioDeviceError) {
            let sink = try openSink(sourceRate).get()
            progress.sampleRate = sink.sampleRate
            let resampler = try converted { () throws(Resampler.Failure) in
                try StreamResampler(from: sourceRate, to: sink.sampleRate)
            }
            while let piece = nextPiece() {
                let samples = try converted { () throws(Resampler.Failure) in try resampler.take(piece) }
                try write(samples, to: sink, &progress)
                if wantsToStop { break }
            }
            if !wantsToStop {
                let rest = try converted { () throws(Resampler.Failure) in try resampler.end() }
                try write(rest, to: sink, &progress)
            }
            if wantsToStop {
                sink.drop()
                return .cancelled(progress)
            }
            return drain(sink, progress)
        } catch {
            return .failed(error)
        }
    }

    private func converted<Result>(
        _ body: () throws(Resampler.Failure) -> Result
    ) throws(AudioDeviceError) -> Result {
        do {
            return try body()
        } catch {
            throw AudioDeviceError(device: device, direction: .playback, operation: .play, reason: error.reason)
        }
    }

    /// Writes samples, the same on all of the sink's channels, until it took them or the playback is cancelled.
    private func write(
        _ samples: [Float], to sink: any PlaybackSink, _ progress: inout Progress
    ) throws(AudioDeviceError) {
        let frames = samples.flatMap { repeatElement(integerSample($0), count: sink.channels) }
        let total = samples.count
        var written = 0, idleRounds = 0
        while written < total && !wantsToStop {
            switch try writeSome(of: frames, from: written, total: total, to: sink) {
            case .wrote(let count):
                written += count
                progress.frames += count
                idleRounds = 0
                tell(sink, progress)
            case .full:
                // Short, so that stopping is.
                if try sink.waitForRoom(milliseconds: 10) == false { idleRounds += 1 }
                tell(sink, progress)
            case .recovered:
                progress.underruns += 1
                idleRounds += 1
            }
            if idleRounds > 500 {
                throw AudioDeviceError(
                    device: device, direction: .playback, operation: .play, reason: "it takes no sound")
            }
        }
    }

    private func writeSome(
        of frames: [Int16], from start: Int, total: Int, to sink: any PlaybackSink
    ) throws(AudioDeviceError) -> PlaybackStep {
        try frames.withUnsafeBufferPointer { buffer throws(AudioDeviceError) in
            guard let base = buffer.baseAddress else { return .full }
            return try sink.write(base + start * sink.channels, count: total - start)
        }
    }

    /// Lets the device play what it still holds. One that never says that it is done is left after a while.
    private func drain(_ sink: any PlaybackSink, _ progress: Progress) -> Outcome {
        let deadline = Date(timeIntervalSinceNow: 2 + Double(sink.bufferFrames) / Double(sink.sampleRate))
        while !sink.drain(milliseconds: 10), Date() < deadline {
            tell(sink, progress)
            if wantsToStop {
                sink.drop()
                return .cancelled(progress)
            }
        }
        tell(sink, progress)
        return .finished(progress)
    }

    /// Says how much was heard when that has changed by a picture's worth.
    private func tell(_ sink: any PlaybackSink, _ progress: Progress) {
        guard let onMove else { return }
        let seconds = Double(progress.frames - sink.delay) / Double(sink.sampleRate)
        if let place = condition.withLock({ source.place(after: seconds, sampleRate: sourceRate) }) { onMove(place) }
    }
}
