import Foundation
import Synchronization
import Tensor

/// What processes gave each other during one step, as one of them saw it.
package struct ExchangeFigures: Sendable, Codable, Equatable {
    package var processes: Int
    /// Gradients that this process sent to the others; it received as many.
    package var gradientBytes = 0
    /// Their exchange, beside backward or after it; the wait for processes that are not as far is part of it.
    package var gradientSeconds = 0.0
    /// What was left of it when backward had ended.
    package var waitedSeconds = 0.0
    /// What a step stops for: losses, statistics of batch norm, held-out figures, the comparison of weights.
    package var stops = 0
    package var stopSeconds = 0.0
}

/// A process group that counts what passes through it.
final class ExchangeMeter: ProcessGroup {
    private let group: any ProcessGroup
    private let figures: Mutex<ExchangeFigures>

    init(_ group: any ProcessGroup) {
        self.group = group
        figures = Mutex(ExchangeFigures(processes: group.count))
    }

    var rank: Int { group.rank }
    var count: Int { group.count }

    /// What was counted since the last call.
    func take() -> ExchangeFigures {
        figures.withLock { figures in
            defer { figures = ExchangeFigures(processes: group.count) }
            return figures
        }
    }

    /// Runs what waits for gradients.
    func waiting(_ body: () -> Void) {
        let start = ContinuousClock.now
        body()
        let seconds = (ContinuousClock.now - start).inSeconds
        figures.withLock { $0.waitedSeconds += seconds }
    }

    func gather(
        _ mine: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, sizes: [Int],
        on channel: ProcessChannel
    ) {
        counting(mine.count * (count - 1), on: channel) { group.gather(mine, into: all, sizes: sizes, on: channel) }
    }

    func exchange(
        _ mine: UnsafeRawBufferPointer, sent: [Int], into all: UnsafeMutableRawBufferPointer, received: [Int],
        on channel: ProcessChannel
    ) {
        counting(mine.count - sent[rank], on: channel) {
            group.exchange(mine, sent: sent, into: all, received: received, on: channel)
        }
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) { group.broadcast(bytes) }
    func abort() -> Never { group.abort() }

    private func counting(_ bytes: Int, on channel: ProcessChannel, _ body: () -> Void) {
        let start = ContinuousClock.now
        body()
        let seconds = (ContinuousClock.now - start).inSeconds
        figures.withLock {
            switch channel {
            case .gradients:
                $0.gradientBytes += bytes
                $0.gradientSeconds += seconds
            case .steps:
                $0.stops += 1
                $0.stopSeconds += seconds
            }
        }
    }
}
