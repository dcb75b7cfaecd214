import Foundation

/// A serial executor with a thread of its own, so that hours of arithmetic never occupy the cooperative pool.
package final class ThreadExecutor: SerialExecutor, @unchecked Sendable {  // guarded by `condition`
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isEnded = false

    package init(name: String) {
        let thread = Thread { [condition, weak self] in
            while true {
                condition.lock()
                while self?.jobs.isEmpty == true, self?.isEnded == false { condition.wait() }
                guard let self, !self.jobs.isEmpty else {
                    condition.unlock()
                    return
                }
                let job = self.jobs.removeFirst()
                condition.unlock()
                job.runSynchronously(on: self.asUnownedSerialExecutor())
            }
        }
        thread.name = name
        thread.stackSize = 16 << 20
        thread.start()
    }

    package func enqueue(_ job: UnownedJob) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets the thread end when nothing is left to do.
    package func end() {
        condition.lock()
        isEnded = true
        condition.signal()
        condition.unlock()
    }
}

/// Commands on their way to the trainer, and a way to wait for one.
final class CommandMailbox: @unchecked Sendable {  // guarded by `lock`
    private let lock = NSLock()
    private var commands: [TrainingCommand] = []
    private var waiter: CheckedContinuation<Void, Never>?
    private var isRung = false

    func post(_ command: TrainingCommand) {
        let waiting = lock.withLock {
            commands.append(command)
            defer { waiter = nil }
            return waiter
        }
        waiting?.resume()
    }

    func take() -> [TrainingCommand] {
        lock.withLock {
            defer { commands = [] }
            return commands
        }
    }

    var hasStop: Bool { lock.withLock { commands.contains { $0 == .stop || $0 == .interrupt } } }

    /// Returns when there is a command, when it is time, or when the bell rang since the last wait; one waiter at a time.
    func wait(until time: ContinuousClock.Instant? = nil) async {
        let alarm = time.map { time in
            Task {
                try await Task.sleep(until: time, clock: .continuous)
                ring()
            }
        }
        await waitForCommand()
        alarm?.cancel()
    }

    /// Ends the wait, or the next one: there is something to look at that is no command.
    func ring() {
        lock.withLock {
            isRung = true
            defer { waiter = nil }
            return waiter
        }?.resume()
    }

    private func waitForCommand() async {
        await withCheckedContinuation { continuation in
            let ready = lock.withLock {
                defer { isRung = false }
                if !commands.isEmpty || isRung { return true }
                waiter = continuation
                return false
            }
            if ready { continuation.resume() }
        }
    }
}
