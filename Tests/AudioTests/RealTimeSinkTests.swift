import Audio
import Foundation
import Synchronization
import Testing

/// Playing against a clock that only moves when someone waits: nothing here takes the time it plays.
@Suite struct RealTimeSinkTests {
    /// Seconds go by when the sink waits.
    private final class Clock: Sendable {
        private let time = Mutex(100.0)
        var now: Double { time.withLock { $0 } }
        func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    private final class Places: Sendable {
        private let list = Mutex<[Double]>([])
        func add(_ place: Double) { list.withLock { $0.append(place) } }
        var all: [Double] { list.withLock { $0 } }
    }

    private func sink(
        _ clock: Clock, rate: Int = 16000
    ) -> (RealTimeSink, PlaybackSinkOpener) {
        let sink = RealTimeSink(sampleRate: rate, bufferSeconds: 0.5, clock: { clock.now }, pause: { clock.pass($0) })
        return (sink, { _ in .success(sink) })
    }

    @Test(arguments: [16000, 48000])
    func everySecondIsHeardInItsTimeAndTheRingNeverRunsDry(rate: Int) {
        let clock = Clock(), places = Places()
        let (sink, opener) = sink(clock, rate: rate)
        let sound = sine(frequency: 440, seconds: 3)
        let outcome = Playback(sound, sink: opener, onMove: { places.add($0) }).wait()
        #expect(outcome == .finished(.init(frames: 3 * rate, sampleRate: rate)))
        #expect(sink.report.heard == 3 * rate)
        #expect(sink.report.underruns == 0)
        #expect((sink.report.lowest ?? 0) > 0.2)
        #expect(clock.now - 100 >= 3 && clock.now - 100 < 3.1)
        #expect(places.all == places.all.sorted())
        #expect((places.all.first ?? 1) < 0.1 && abs((places.all.last ?? 0) - 3) < 0.05)
        #expect(places.all.count > 60 && places.all.count < 110)
    }

    @Test func aPlayBeginsAtAPlaceAndLoopsUntilItIsToldNotTo() {
        let clock = Clock(), places = Places()
        let (sink, opener) = sink(clock)
        let sound = sine(frequency: 440, seconds: 1)
        let holder = Mutex<Playback?>(nil)
        let playback = Playback(sound, from: 12000, isLooping: true, sink: opener) { place in
            places.add(place)
            if clock.now > 104 { holder.withLock { $0 }?.setLooping(false) }
        }
        holder.withLock { $0 = playback }
        guard case .finished(let progress) = playback.wait() else { return #expect(Bool(false), "not finished") }
        #expect(sink.report.underruns == 0)
        // A quarter, then whole seconds only.
        #expect((progress.frames - 4000) % 16000 == 0 && progress.frames > 4 * 16000)
        #expect((places.all.first ?? 0) >= 0.75)
        #expect(places.all.allSatisfy { $0 >= 0 && $0 <= 1 })
        #expect(zip(places.all, places.all.dropFirst()).contains { $0 > $1 })
    }

    @Test func cancellingDropsWhatTheRingHolds() {
        let clock = Clock()
        let (sink, opener) = sink(clock)
        let holder = Mutex<Playback?>(nil)
        let cancelledAt = Mutex<Double?>(nil)
        let playback = Playback(sine(frequency: 440, seconds: 60), sink: opener) { place in
            if place > 1, let playback = holder.withLock({ $0 }) {
                cancelledAt.withLock { $0 = $0 ?? clock.now }
                playback.cancel()
            }
        }
        holder.withLock { $0 = playback }
        guard case .cancelled = playback.wait(), let dropped = sink.report.dropped,
            let asked = cancelledAt.withLock({ $0 })
        else { return #expect(Bool(false), "not cancelled") }
        #expect(dropped - asked <= 0.02)
        // What was heard was heard before the asking; the half second in the ring was not.
        #expect(sink.report.heard <= Int((asked - 100 + 0.1) * 16000))
    }

    @Test func aRingThatRanDryIsCounted() {
        let clock = Clock()
        let (sink, _) = sink(clock)
        let frames = [Int16](repeating: 1, count: 8000)
        #expect(sink.write(frames, count: 8000) == .wrote(8000))
        clock.pass(0.25)
        #expect(sink.write(frames, count: 8000) == .wrote(4000))
        clock.pass(10)
        #expect(sink.delay == 0)
        #expect(sink.write(frames, count: 8000) == .recovered)
        #expect(sink.write(frames, count: 100) == .wrote(100))
        #expect(sink.report.underruns == 1 && sink.report.heard == 12000 && sink.report.firstWrite == 100)
    }
}
