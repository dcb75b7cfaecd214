import Checkpoint
import Foundation
import Synchronization

/// Counts the calls of a save and spoils the chosen ones.
final class FaultLayer: Sendable {
    struct Call: Equatable {
        var name: String
        var path: String
    }
    private struct State {
        var log: [Call] = []
        var paths: [Int32: String] = [:]
    }
    private let state = Mutex(State())
    private let base: SystemCalls
    /// The write of this number takes half of what it is given.
    private let halvesWriteAt: Int?
    /// Given a call and its number from 0, a negative errno to fail with instead of making it.
    private let verdict: @Sendable (Call, Int) -> Int?

    init(
        base: SystemCalls = .system, halvesWriteAt: Int? = nil,
        _ verdict: @escaping @Sendable (Call, Int) -> Int? = { _, _ in nil }
    ) {
        self.base = base
        self.halvesWriteAt = halvesWriteAt
        self.verdict = verdict
    }

    var log: [Call] { state.withLock { $0.log } }

    private func make(_ name: String, _ path: String, _ body: () -> Int) -> Int {
        let call = Call(name: name, path: path)
        let number = state.withLock { state in
            state.log.append(call)
            return state.log.count - 1
        }
        return verdict(call, number) ?? body()
    }

    private func path(_ descriptor: Int32) -> String { state.withLock { $0.paths[descriptor] ?? "" } }

    var calls: SystemCalls {
        var calls = base
        let system = base
        calls.open = { path, flags, mode in
            let result =
                flags & O_CREAT == 0
                ? system.open(path, flags, mode) : self.make("create", path) { system.open(path, flags, mode) }
            if result >= 0 { self.state.withLock { $0.paths[Int32(result)] = path } }
            return result
        }
        calls.write = { descriptor, bytes, count in
            let isHalved = self.halvesWriteAt == self.log.count
            return self.make("write", self.path(descriptor)) {
                system.write(descriptor, bytes, isHalved ? (count + 1) / 2 : count)
            }
        }
        calls.fsync = { descriptor in self.make("fsync", self.path(descriptor)) { system.fsync(descriptor) } }
        calls.rename = { from, to in self.make("rename", to) { system.rename(from, to) } }
        calls.link = { from, to in self.make("link", to) { system.link(from, to) } }
        calls.mkdir = { path, mode in self.make("mkdir", path) { system.mkdir(path, mode) } }
        calls.unlink = { path in self.make("unlink", path) { system.unlink(path) } }
        calls.allocate = { descriptor, length in
            self.make("allocate", self.path(descriptor)) { system.allocate(descriptor, length) }
        }
        calls.ftruncate = { descriptor, length in
            self.make("ftruncate", self.path(descriptor)) { system.ftruncate(descriptor, length) }
        }
        calls.rmdir = { path in self.make("rmdir", path) { system.rmdir(path) } }
        return calls
    }
}
