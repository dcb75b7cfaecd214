import Foundation
import Synchronization

/// Turns HUP, INT and TERM into a call; a second INT ends the process at once.
final class SignalWatch: @unchecked Sendable {  // `sources` is only kept alive, after init
    private let received = Atomic<Int32>(0)
    private var sources: [any DispatchSourceSignal] = []

    /// `handler` runs once, at the first signal.
    convenience init(handler: @escaping @Sendable () -> Void) { self.init(telling: { _ in handler() }) }

    /// The same for one that wants to know the signal's number.
    init(telling handler: @escaping @Sendable (Int32) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGHUP, SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in
                guard let self else { return }
                let isFirst = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
                if isFirst { return handler(number) }
                if number == SIGINT { _exit(128 + SIGINT) }
            }
            source.resume()
            sources.append(source)
        }
    }

    /// The signal that came, or nil.
    var signalNumber: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }
}
