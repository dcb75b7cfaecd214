import Foundation

/// Replaces a file in one step that survives a power cut: temp file beside it, fsync, rename, fsync of the folder.
package enum DurableFile {
    /// - Throws: `AudioFileError.unwritable`
    package static func write(_ bytes: [UInt8], to url: URL) throws(AudioFileError) {
        let path = url.path, folder = url.deletingLastPathComponent().path
        let temporary = "\(folder)/.\(url.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        func failure(_ code: Int32) -> AudioFileError { .unwritable(path: path, reason: systemReason(code)) }

        let descriptor = retrying { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw failure(errno) }
        var code = fill(descriptor, with: bytes)
        if code == 0, retrying({ fsync(descriptor) }) != 0 { code = errno }
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(temporary)
            throw failure(code)
        }
        let directory = retrying { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard directory >= 0 else { throw failure(errno) }
        let synced = retrying { fsync(directory) }
        code = errno
        close(directory)
        guard synced == 0 else { throw failure(code) }
    }

    /// Writes all bytes; returns 0 or the errno.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count, let base = buffer.baseAddress {
                let count = retrying { Glibc.write(descriptor, base + offset, buffer.count - offset) }
                if count < 0 { return errno }
                offset += count
            }
            return 0
        }
    }

    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}
