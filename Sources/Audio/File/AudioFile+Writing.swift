import CSndFile
import Foundation

extension AudioFile {
    package enum Format: String, Sendable, CaseIterable {
        case wav, flac
    }

    /// Where a synthesized sound comes from: kept in the file's metadata, a WAV's LIST chunk.
    package struct Origin: Sendable, Equatable {
        /// What is said, and the voice that says it.
        package var text, voice: String
        /// What made it.
        package var comment: String

        package init(text: String, voice: String, comment: String) {
            self.text = text
            self.voice = voice
            self.comment = comment
        }
    }

    /// Writes 16-bit mono, in the format that the name ends in (`.flac`, else WAV). The file is either whole, on
    /// disk and under its name, or what was there before is still there.
    /// - Throws: `AudioFileError.unwritable`
    package static func write(
        _ waveform: Waveform, to url: URL, origin: Origin? = nil
    ) throws(AudioFileError) {
        let format: Format = url.pathExtension.lowercased() == "flac" ? .flac : .wav
        let bytes: [UInt8]
        do {
            bytes = try encoded(waveform, as: format, origin: origin)
        } catch {
            throw .unwritable(path: url.path, reason: error.reason)
        }
        try DurableFile.write(bytes, to: url)
    }

    /// The bytes of a 16-bit mono file. Samples are rounded without dither, so the same sound gives the same bytes,
    /// and are clamped to full scale; what was read from 16 bits is written back unchanged.
    package static func encoded(
        _ waveform: Waveform, as format: Format, origin: Origin? = nil
    ) throws(Failure) -> [UInt8] {
        if let position = waveform.samples.firstIndex(where: { !$0.isFinite }) {
            throw Failure(reason: "sample \(position) is not a number")
        }
        var header = SF_INFO()
        header.samplerate = Int32(clamping: waveform.sampleRate)
        header.channels = 1
        header.format = Int32((format == .wav ? SF_FORMAT_WAV : SF_FORMAT_FLAC) | SF_FORMAT_PCM_16)
        let memory = MemoryFile()
        var callbacks = MemoryFile.callbacks
        return try withExtendedLifetime(memory) { () throws(Failure) -> [UInt8] in
            let context = Unmanaged.passUnretained(memory).toOpaque()
            let handle: OpaquePointer
            switch opened({ sf_open_virtual(&callbacks, Int32(SFM_WRITE), &header, context) }) {
            case .success(let open): handle = open
            case .failure(let failure): throw failure
            }
            if let origin {
                sf_set_string(handle, Int32(SF_STR_TITLE), origin.text)
                sf_set_string(handle, Int32(SF_STR_ARTIST), origin.voice)
                sf_set_string(handle, Int32(SF_STR_COMMENT), origin.comment)
            }
            let integers = waveform.samples.map(integerSample)
            let written = integers.withUnsafeBufferPointer {
                sf_writef_short(handle, $0.baseAddress, sf_count_t($0.count))
            }
            let reason = lowercasedFirst(String(cString: sf_strerror(handle)))
            let closed = sf_close(handle)
            guard Int(written) == integers.count, closed == 0 else { throw Failure(reason: reason) }
            return memory.bytes
        }
    }
}

/// A growing file in memory behind libsndfile's callbacks: the disk's errors are then all ours to report.
private final class MemoryFile {
    var bytes = [UInt8]()
    private var position = 0

    static let callbacks = SF_VIRTUAL_IO(
        get_filelen: { of($0).map { sf_count_t($0.bytes.count) } ?? -1 },
        seek: { offset, whence, context in of(context)?.seek(Int(offset), whence) ?? -1 },
        read: { target, count, context in of(context)?.read(into: target, Int(count)) ?? 0 },
        write: { source, count, context in of(context)?.write(source, Int(count)) ?? 0 },
        tell: { of($0).map { sf_count_t($0.position) } ?? -1 })

    private static func of(_ context: UnsafeMutableRawPointer?) -> MemoryFile? {
        context.map { Unmanaged<MemoryFile>.fromOpaque($0).takeUnretainedValue() }
    }

    private func seek(_ offset: Int, _ whence: Int32) -> sf_count_t {
        let origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : bytes.count
        guard origin + offset >= 0 else { return -1 }
        position = origin + offset
        return sf_count_t(position)
    }

    private func read(into target: UnsafeMutableRawPointer?, _ count: Int) -> sf_count_t {
        let available = max(0, min(count, bytes.count - position))
        bytes.withUnsafeBytes { source in
            if available > 0, let base = source.baseAddress {
                target?.copyMemory(from: base + position, byteCount: available)
            }
        }
        position += available
        return sf_count_t(available)
    }

    private func write(_ source: UnsafeRawPointer?, _ count: Int) -> sf_count_t {
        guard let source, count > 0 else { return 0 }
        if position + count > bytes.count {
            bytes.append(contentsOf: repeatElement(0, count: position + count - bytes.count))
        }
        bytes.withUnsafeMutableBytes { target in
            target.baseAddress?.advanced(by: position).copyMemory(from: source, byteCount: count)
        }
        position += count
        return sf_count_t(count)
    }
}
