import CSndFile
import Foundation

/// Sound files through libsndfile: any format it knows is read, WAV and FLAC are written.
package enum AudioFile {
    /// What a file's header says.
    package struct Information: Sendable, Equatable {
        package let sampleRate: Int
        package let channels: Int
        package let frames: Int
        /// Seconds.
        package var duration: Double { Double(frames) / Double(sampleRate) }

        package init(sampleRate: Int, channels: Int, frames: Int) {
            self.sampleRate = sampleRate
            self.channels = channels
            self.frames = frames
        }
    }

    /// An hour: far more than a clip, far less than memory.
    package static let defaultMaximumDuration = 3600.0

    /// Rate, channels and length without decoding the sound.
    /// - Throws: `AudioFileError`
    package static func peek(_ url: URL) throws(AudioFileError) -> Information {
        let reader = try SoundFileReader(url)
        return reader.information
    }

    /// The whole file, its channels averaged to one.
    /// - Parameter maximumDuration: seconds; a longer file is refused before much of it is in memory.
    /// - Throws: `AudioFileError`
    package static func read(
        _ url: URL, maximumDuration: Double = defaultMaximumDuration
    ) throws(AudioFileError) -> Waveform {
        let reader = try SoundFileReader(url)
        let samples = try reader.decode(maximumDuration: maximumDuration)
        return Waveform(samples: samples, sampleRate: reader.information.sampleRate)
    }
}

extension AudioFile {
    /// libsndfile's reason for not opening or not encoding a sound.
    package struct Failure: Error, Equatable {
        package let reason: String
    }

    private static let openingLock = NSLock()

    /// Opens one handle at a time, as libsndfile keeps the reason for a failed opening in a global.
    static func opened(_ open: () -> OpaquePointer?) -> Result<OpaquePointer, Failure> {
        openingLock.withLock {
            if let handle = open() { return .success(handle) }
            return .failure(Failure(reason: lowercasedFirst(String(cString: sf_strerror(nil)))))
        }
    }
}

/// One open libsndfile handle, closed with the object.
private final class SoundFileReader {
    let information: AudioFile.Information
    private let path: String
    private let handle: OpaquePointer
    private let isFrameExact: Bool

    init(_ url: URL) throws(AudioFileError) {
        let path = url.path
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? .notFound(path: path) : .inaccessible(path: path, reason: systemReason(code))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .inaccessible(path: path, reason: "it is not a regular file")
        }
        guard access(path, R_OK) == 0 else { throw .inaccessible(path: path, reason: systemReason(errno)) }
        if status.st_size == 0 { throw .empty(path: path) }
        var header = SF_INFO()
        let handle: OpaquePointer
        switch AudioFile.opened({ sf_open(path, Int32(SFM_READ), &header) }) {
        case .success(let open): handle = open
        case .failure(let failure): throw .unreadable(path: path, reason: failure.reason)
        }
        guard header.samplerate > 0, header.channels > 0 else {
            sf_close(handle)
            throw .unreadable(path: path, reason: "its header names no sample rate or no channels")
        }
        self.handle = handle
        // Where no length is known, libsndfile says the largest number; decoding finds the end.
        let known = header.frames >= 0 && header.frames < Int64.max
        information = AudioFile.Information(
            sampleRate: Int(header.samplerate), channels: Int(header.channels), frames: known ? Int(header.frames) : 0)
        // MPEG lengths may come from an estimate that padding shifts.
        let container = Int(header.format) & Int(SF_FORMAT_TYPEMASK)
        isFrameExact = known && container != 0x230000
    }

    deinit { sf_close(handle) }

    /// All samples, mono.
    func decode(maximumDuration: Double) throws(AudioFileError) -> [Float] {
        let channels = information.channels, rate = Double(information.sampleRate)
        let limit = Int(maximumDuration * rate)
        guard information.frames <= limit else {
            throw .tooLong(path: path, duration: information.duration, limit: maximumDuration)
        }
        let blockFrames = max(1, 65536 / channels)
        var block = [Float](repeating: 0, count: blockFrames * channels)
        var samples = [Float]()
        samples.reserveCapacity(information.frames)
        let share = 1 / Float(channels)
        while true {
            let count = sf_readf_float(handle, &block, sf_count_t(blockFrames))
            if count <= 0 { break }
            for frame in 0..<Int(count) {
                var sum: Float = 0
                for channel in 0..<channels { sum += block[frame * channels + channel] }
                guard sum.isFinite else { throw .nonFinite(path: path, time: Double(samples.count) / rate) }
                samples.append(channels == 1 ? sum : sum * share)
            }
            guard samples.count <= limit else {
                throw .tooLong(path: path, duration: Double(samples.count) / rate, limit: maximumDuration)
            }
        }
        if isFrameExact, samples.count < information.frames {
            throw .truncated(path: path, expected: information.duration, found: Double(samples.count) / rate)
        }
        if let header = WaveHeader(path: path), header.isTruncated {
            let rate = Double(header.bytesPerSecond)
            throw .truncated(
                path: path, expected: Double(header.promisedBytes) / rate, found: Double(header.presentBytes) / rate)
        }
        if sf_error(handle) != 0 {
            throw .unreadable(path: path, reason: lowercasedFirst(String(cString: sf_strerror(handle))))
        }
        if samples.isEmpty { throw .empty(path: path) }
        return samples
    }
}
