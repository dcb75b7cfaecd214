import Foundation

/// The system calls a save makes, as replaceable closures: a fault layer puts its own in place of `system`.
///
/// Each returns what the kernel does: a result of zero or more, or a negative errno.
package struct SystemCalls: Sendable {
    package var open: @Sendable (_ path: String, _ flags: Int32, _ mode: mode_t) -> Int
    package var close: @Sendable (_ descriptor: Int32) -> Int
    package var read: @Sendable (_ descriptor: Int32, _ into: UnsafeMutableRawPointer, _ count: Int) -> Int
    package var write: @Sendable (_ descriptor: Int32, _ from: UnsafeRawPointer, _ count: Int) -> Int
    /// Lets reads and writes of an open file go past the page cache, or not any more.
    package var setDirect: @Sendable (_ descriptor: Int32, _ isDirect: Bool) -> Int
    package var fsync: @Sendable (_ descriptor: Int32) -> Int
    package var ftruncate: @Sendable (_ descriptor: Int32, _ length: Int) -> Int
    package var rename: @Sendable (_ from: String, _ to: String) -> Int
    package var link: @Sendable (_ from: String, _ to: String) -> Int
    package var mkdir: @Sendable (_ path: String, _ mode: mode_t) -> Int
    package var unlink: @Sendable (_ path: String) -> Int
    package var rmdir: @Sendable (_ path: String) -> Int
    /// Gives a new file that many bytes of the disk, really taken.
    package var allocate: @Sendable (_ descriptor: Int32, _ length: Int) -> Int
    /// What stands at a path; a symbolic link is not followed.
    package var status: @Sendable (_ path: String) -> Result<FileStatus, ErrorNumber>
    package var statusOfOpen: @Sendable (_ descriptor: Int32) -> Result<FileStatus, ErrorNumber>
    /// The names in a folder in any order, with or without `.` and `..`.
    package var list: @Sendable (_ path: String) -> Result<[String], ErrorNumber>
    /// Bytes an ordinary user may still write on the file system of a path.
    package var freeBytes: @Sendable (_ path: String) -> Int

    /// The calls of this machine.
    package static let system = SystemCalls(
        open: { outcome(Int(Glibc.open($0, $1, $2))) },
        close: { outcome(Int(Glibc.close($0))) },
        read: { outcome(Glibc.read($0, $1, $2)) },
        write: { descriptor, bytes, count in
            // `writev` is nobody else's here: what a checkpoint writes can be told from outside from what the program does.
            var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes), iov_len: count)
            return outcome(Glibc.writev(descriptor, &vector, 1))
        },
        setDirect: { descriptor, isDirect in
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0 else { return -Int(errno) }
            return outcome(Int(fcntl(descriptor, F_SETFL, isDirect ? flags | directFlag : flags & ~directFlag)))
        },
        fsync: { outcome(Int(Glibc.fsync($0))) },
        ftruncate: { outcome(Int(Glibc.ftruncate($0, off_t($1)))) },
        rename: { outcome(Int(Glibc.rename($0, $1))) },
        link: { outcome(Int(Glibc.link($0, $1))) },
        mkdir: { outcome(Int(Glibc.mkdir($0, $1))) },
        unlink: { outcome(Int(Glibc.unlink($0))) },
        rmdir: { outcome(Int(Glibc.rmdir($0))) },
        allocate: { -Int(posix_fallocate($0, 0, off_t($1))) },
        status: { path in
            var information = stat()
            return lstat(path, &information) == 0
                ? .success(FileStatus(information)) : .failure(ErrorNumber(code: errno))
        },
        statusOfOpen: { descriptor in
            var information = stat()
            return fstat(descriptor, &information) == 0
                ? .success(FileStatus(information)) : .failure(ErrorNumber(code: errno))
        },
        list: { path in
            guard let folder = opendir(path) else { return .failure(ErrorNumber(code: errno)) }
            defer { closedir(folder) }
            var names: [String] = []
            while true {
                errno = 0
                guard let entry = readdir(folder) else {
                    return errno == 0 ? .success(names) : .failure(ErrorNumber(code: errno))
                }
                names.append(
                    withUnsafePointer(to: &entry.pointee.d_name) {
                        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                    })
            }
        },
        freeBytes: { path in
            var information = statvfs()
            let result = outcome(Int(statvfs(path, &information)))
            return result < 0 ? result : Int(clamping: UInt64(information.f_bavail) &* UInt64(information.f_frsize))
        }
    )

    /// O_DIRECT, which the headers give to C programs only.
    #if arch(arm64) || arch(arm)
        private static let directFlag: Int32 = 0o200000
    #else
        private static let directFlag: Int32 = 0o40000
    #endif

    private static func outcome(_ result: Int) -> Int {
        result < 0 ? -Int(errno) : result
    }
}

/// The kernel's reason for refusing a call.
package struct ErrorNumber: Error, Sendable, Equatable {
    package var code: Int32

    package init(code: Int32) {
        self.code = code
    }
}

/// What tells one physical copy of a file from another, and how much it takes.
package struct FileStatus: Sendable, Hashable {
    /// Equal for two names of one file.
    package struct Identity: Sendable, Hashable {
        package var device: UInt64
        package var inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    package var identity: Identity
    package var bytes: Int
    /// Bytes of the disk that it takes; they come back when its last name goes.
    package var allocated: Int
    /// How many names it has, inside a store or not.
    package var links: Int
    package var isFolder: Bool
    package var isPlain: Bool

    package init(identity: Identity, bytes: Int, allocated: Int, links: Int, isFolder: Bool, isPlain: Bool) {
        self.identity = identity
        self.bytes = bytes
        self.allocated = allocated
        self.links = links
        self.isFolder = isFolder
        self.isPlain = isPlain
    }

    init(_ information: stat) {
        self.init(
            identity: Identity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino)),
            bytes: Int(information.st_size), allocated: Int(information.st_blocks) * 512,
            links: Int(information.st_nlink), isFolder: information.st_mode & S_IFMT == S_IFDIR,
            isPlain: information.st_mode & S_IFMT == S_IFREG)
    }
}
