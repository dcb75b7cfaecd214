import Checkpoint
import Foundation
import Synchronization

/// A disk under a store that can be slow, full or failing when a test says so; what is written is really there.
final class TestDisk: @unchecked Sendable {  // guarded by `condition`
    enum State: Sendable, Equatable {
        case roomy, full
        /// As full, and the room that was kept for one save has been given back.
        case reserveReleased
        case failing(Int32)
    }

    private let condition = NSCondition()
    private var current = State.roomy
    private var isHeld = false

    var state: State {
        get { condition.withLock { current } }
        set { condition.withLock { current = newValue } }
    }

    /// Lets every fsync wait until `release`.
    func hold() { condition.withLock { isHeld = true } }

    func release() {
        condition.withLock {
            isHeld = false
            condition.broadcast()
        }
    }

    private func pass() {
        condition.lock()
        while isHeld { condition.wait() }
        condition.unlock()
    }

    private var error: Int? {
        switch state {
        case .roomy, .reserveReleased: nil
        case .full: -Int(ENOSPC)
        case .failing(let code): -Int(code)
        }
    }

    var fileSystem: FileSystem {
        let system = SystemCalls.system
        var calls = system
        calls.fsync = { [self] descriptor in
            pass()
            return system.fsync(descriptor)
        }
        calls.write = { [self] in error ?? system.write($0, $1, $2) }
        calls.allocate = { [self] in error ?? system.allocate($0, $1) }
        calls.mkdir = { [self] in error ?? system.mkdir($0, $1) }
        calls.unlink = { [self] path in
            let result = system.unlink(path)
            if result == 0, path.hasSuffix("/.reserve"), state == .full { state = .reserveReleased }
            return result
        }
        calls.freeBytes = { [self] path in [.full, .reserveReleased].contains(state) ? 0 : system.freeBytes(path) }
        return FileSystem(calls: calls)
    }
}
