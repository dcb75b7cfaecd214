import Foundation

/// One sound on its way to an ALSA device, on a thread of its own. It starts when made, or with the first piece of a
/// sound that comes in pieces, and the maker goes on at once.
package final class Playback: @unchecked Sendable {  // guarded by `condition`
    /// What reached the device.
    package struct Progress: Sendable, Equatable {
        /// Frames that the device took, at its own rate.
        package var frames: Int
        /// Hz; 0 before the device was opened.
        package var sampleRate: Int

        package init(frames: Int, sampleRate: Int) {
            self.frames = frames
            self.sampleRate = sampleRate
        }
    }

    package enum Outcome: Sendable, Equatable {
        /// All of it was played, as far as the device can tell.
        case finished(Progress)
        case cancelled(Progress)
        case failed(AudioDeviceError)
    }

    package let device: String
    private let condition = NSCondition()
    private var isCancelled = false
    private var result: Outcome?
    private var waiters: [@Sendable (Outcome) -> Void] = []

    /// Pieces that the device has not taken yet.
    private var pieces: [[Float]] = []
    private var isComplete = false

    /// - Parameters:
    ///   - device: an ALSA name: `default`, `hw:1,0`, `null`, `file:FILE='/tmp/take.raw',FORMAT=raw`.
    ///   - completion: called once, on the playback's thread.
    package convenience init(
        _ waveform: Waveform, device: String = "default", completion: (@Sendable (Outcome) -> Void)? = nil
    ) {
        self.init(sampleRate: waveform.sampleRate, device: device, completion: completion)
        append(waveform.samples)
        end()
    }

    /// A sound that comes in pieces, by `append` and `end`. Where a piece comes too late there is silence before it.
    package init(
        sampleRate: Int, device: String = "default", completion: (@Sendable (Outcome) -> Void)? = nil
    ) {
        self.device = device
        if let completion { waiters.append(completion) }
        let thread = Thread { [self] in finish(play(sampleRate: sampleRate)) }
        thread.name = "playback"
        thread.start()
    }

    /// Adds samples to what is to be played.
    package func append(_ samples: [Float]) {
        condition.withLock {
            if !samples.isEmpty { pieces.append(samples) }
            condition.broadcast()
        }
    }

    /// Nothing more is to come.
    package func end() {
        condition.withLock {
            isComplete = true
            condition.broadcast()
        }
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
            while pieces.isEmpty && !isComplete && !isCancelled { condition.wait() }
            if isCancelled { return [] }
            return pieces.isEmpty ? nil : pieces.removeFirst()
        }
    }

    private func play(sampleRate: Int) -> Outcome {
        var progress = Progress(frames: 0, sampleRate: 0)
        if wantsToStop { return .cancelled(progress) }
        do throws(AudioDeviceError) {
            let stream = try PlaybackStream.open(device, sampleRate: sampleRate)
            progress.sampleRate = stream.sampleRate
            let resampler = try converted { () throws(Resampler.Failure) in
                try StreamResampler(from: sampleRate, to: stream.sampleRate)
            }
            while let piece = nextPiece() {
                let samples = try converted { () throws(Resampler.Failure) in try resampler.take(piece) }
                try write(samples, to: stream, &progress)
                if wantsToStop { break }
            }
            if !wantsToStop {
                let rest = try converted { () throws(Resampler.Failure) in try resampler.end() }
                try write(rest, to: stream, &progress)
            }
            if wantsToStop {
                stream.drop()
                return .cancelled(progress)
            }
            return drain(stream, progress)
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
            throw AudioDeviceError(device: device, operation: .play, reason: error.reason)
        }
    }

    /// Writes samples, the same on all of the stream's channels, until the device took them or it is cancelled.
    private func write(
        _ samples: [Float], to stream: PlaybackStream, _ progress: inout Progress
    ) throws(AudioDeviceError) {
        let frames = samples.flatMap { repeatElement(integerSample($0), count: stream.channels) }
        let total = samples.count
        var written = 0, idleRounds = 0
        while written < total && !wantsToStop {
            switch try writeSome(of: frames, from: written, total: total, to: stream) {
            case .wrote(let count):
                written += count
                progress.frames += count
                idleRounds = 0
            case .full:
                if try stream.waitForRoom(milliseconds: 50) == false { idleRounds += 1 }
            case .recovered:
                idleRounds += 1
            }
            if idleRounds > 100 {
                throw AudioDeviceError(device: device, operation: .play, reason: "it takes no sound")
            }
        }
    }

    private func writeSome(
        of frames: [Int16], from start: Int, total: Int, to stream: PlaybackStream
    ) throws(AudioDeviceError) -> PlaybackStream.Step {
        try frames.withUnsafeBufferPointer { buffer throws(AudioDeviceError) in
            guard let base = buffer.baseAddress else { return .full }
            return try stream.write(base + start * stream.channels, count: total - start)
        }
    }

    /// Lets the device play what it still holds. One that never says that it is done is left after a while.
    private func drain(_ stream: PlaybackStream, _ progress: Progress) -> Outcome {
        let deadline = Date(timeIntervalSinceNow: 2 + Double(stream.bufferFrames) / Double(stream.sampleRate))
        while !stream.drain(), Date() < deadline {
            let stopped = condition.withLock {
                if !isCancelled { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.01)) }
                return isCancelled
            }
            if stopped {
                stream.drop()
                return .cancelled(progress)
            }
        }
        return .finished(progress)
    }
}
