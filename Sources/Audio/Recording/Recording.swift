import Foundation

/// Sound on its way from an ALSA device into memory, on a thread of its own. It begins when made.
package final class Recording: @unchecked Sendable {  // guarded by `lock`
    /// What a level meter shows.
    package struct Meter: Sendable, Equatable {
        /// Seconds recorded so far.
        package var seconds: Double
        /// The largest magnitude since the last meter, 1 is full scale.
        package var peak: Float

        package init(seconds: Double, peak: Float) {
            self.seconds = seconds
            self.peak = peak
        }
    }

    /// How it ended without being stopped.
    package enum End: Sendable, Equatable {
        /// It became as long as was allowed; the sound is there.
        case full(Waveform)
        case failed(AudioDeviceError)
    }

    /// Quarter-minute sentences fit twice.
    package static let longest = 30.0
    /// Meters come this often, in seconds of sound.
    private static let meterSeconds = 0.05
    /// A device that gives nothing for this long, in seconds, is given up.
    private static let patience = 3.0

    private let lock = NSLock()
    private var samples: [Float] = []
    private var sampleRate: Int
    private var isStopped = false

    /// - Parameters:
    ///   - device: an ALSA name: `default`, `hw:1,0`.
    ///   - sampleRate: what is asked for; the device may give another.
    ///   - longest: seconds after which it ends by itself.
    ///   - meter, ended: called on the recording's thread; `ended` not after `stop`.
    package init(
        device: String = "default", sampleRate: Int = 48000, longest: Double = Recording.longest,
        meter: @escaping @Sendable (Meter) -> Void = { _ in }, ended: @escaping @Sendable (End) -> Void
    ) {
        self.sampleRate = sampleRate
        let thread = Thread { [self] in
            do throws(AudioDeviceError) {
                guard try record(from: device, longest: longest, meter) else { return }
                ended(.full(sound))
            } catch {
                guard !lock.withLock({ isStopped }) else { return }
                ended(.failed(error))
            }
        }
        thread.name = "recording"
        thread.start()
    }

    /// Ends it and returns what was recorded until now, at once.
    @discardableResult
    package func stop() -> Waveform {
        lock.withLock {
            isStopped = true
            return Waveform(samples: samples, sampleRate: sampleRate)
        }
    }

    private var sound: Waveform { lock.withLock { Waveform(samples: samples, sampleRate: sampleRate) } }

    /// Reads until it is full (true) or stopped (false).
    private func record(
        from device: String, longest: Double, _ meter: (Meter) -> Void
    ) throws(AudioDeviceError) -> Bool {
        let stream = try CaptureStream.open(device, sampleRate: sampleRate)
        lock.withLock { sampleRate = stream.sampleRate }
        let limit = Int(longest * Double(stream.sampleRate))
        let meterFrames = max(1, Int(Self.meterSeconds * Double(stream.sampleRate)))
        var peak: Float = 0, unmetered = 0, lastSound = ContinuousClock.now
        while true {
            switch try stream.read() {
            case .read(let part):
                lastSound = .now
                let count = lock.withLock {
                    if !isStopped { samples += part.prefix(max(0, limit - samples.count)) }
                    return isStopped ? nil : samples.count
                }
                guard let count else { return false }
                peak = part.reduce(peak) { max($0, abs($1)) }
                unmetered += part.count
                if unmetered >= meterFrames {
                    meter(Meter(seconds: Double(count) / Double(stream.sampleRate), peak: peak))
                    (peak, unmetered) = (0, 0)
                }
                if count >= limit { return true }
            case .recovered: break
            case .empty:
                if lock.withLock({ isStopped }) { return false }
                _ = try stream.waitForSound(milliseconds: 20)
                if lastSound.duration(to: .now) > .seconds(Self.patience) {
                    throw AudioDeviceError(
                        device: device, direction: .capture, operation: .record, reason: "it gives no sound")
                }
            }
        }
    }
}
