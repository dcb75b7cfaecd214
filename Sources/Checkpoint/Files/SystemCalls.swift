import Foundation

/// The system calls a save makes, as replaceable closures: a fault layer puts its own in place of `system`.
///
/// Each returns what the kernel does: a result of zero or more, or a negative errno.
package struct SystemCalls: Sendable {
    package var open: @Sendable (_ path: String, _ flags: Int32, _ mode: mode_t) -> Int
    package var close: @Sendable (_ descriptor: Int32) -> Int
    package var read: @Sendable (_ descriptor: Int32, _ into: UnsafeMutableRawPointer, _ count: Int) -> Int
    package var write: @Sendable (_ descriptor: Int32, _ from: UnsafeRawPointer, _ count: Int) -> Int
    package var fsync: @Sendable (_ descriptor: Int32) -> Int
    package var ftruncate: @Sendable (_ descriptor: Int32, _ length: Int) -> Int
    package var rename: @Sendable (_ from: String, _ to: String) -> Int
    package var link: @Sendable (_ from: String, _ to: String) -> Int
    package var mkdir: @Sendable (_ path: String, _ mode: mode_t) -> Int
    package var unlink: @Sendable (_ path: String) -> Int
    package var rmdir: @Sendable (_ path: String) -> Int
    /// Bytes an ordinary user may still write on the file system of a path.
    package var freeBytes: @Sendable (_ path: String) -> Int

    /// The calls of this machine.
    package static let system = SystemCalls(
        open: { outcome(Int(Glibc.open($0, $1, $2))) },
        close: { outcome(Int(Glibc.close($0))) },
        read: { outcome(Glibc.read($0, $1, $2)) },
        write: { outcome(Glibc.write($0, $1, $2)) },
        fsync: { outcome(Int(Glibc.fsync($0))) },
        ftruncate: { outcome(Int(Glibc.ftruncate($0, off_t($1)))) },
        rename: { outcome(Int(Glibc.rename($0, $1))) },
        link: { outcome(Int(Glibc.link($0, $1))) },
        mkdir: { outcome(Int(Glibc.mkdir($0, $1))) },
        unlink: { outcome(Int(Glibc.unlink($0))) },
        rmdir: { outcome(Int(Glibc.rmdir($0))) },
        freeBytes: { path in
            var information = statvfs()
            let result = outcome(Int(statvfs(path, &information)))
            return result < 0 ? result : Int(clamping: UInt64(information.f_bavail) &* UInt64(information.f_frsize))
        }
    )

    private static func outcome(_ result: Int) -> Int {
        result < 0 ? -Int(errno) : result
    }
}
