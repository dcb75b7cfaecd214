import Foundation

/// A system call that failed: what was being done, on which path, and the kernel's reason.
package struct FileSystemError: Error, Sendable, Equatable, CustomStringConvertible {
    package var operation: String
    package var path: String
    package var code: Int32

    package init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// No room, or no room for this user.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
    package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

    package var description: String {
        switch code {
        case EROFS: "\(path) is on a read-only file system (\(operation)): make it writable and try again"
        case EACCES, EPERM: "no permission to \(operation) \(path): change its owner or mode and try again"
        default: "cannot \(operation) \(path): \(String(cString: strerror(code)))"
        }
    }
}

extension FileSystemError: LocalizedError {
    package var errorDescription: String? { description }
}
