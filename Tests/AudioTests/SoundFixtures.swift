import CSndFile
import Foundation

/// Writes what `AudioFile` itself does not: any libsndfile format, any number of channels.
/// - Parameter samples: interleaved.
func writeSound(_ samples: [Float], channels: Int = 1, rate: Int = 16000, format: Int, to url: URL) throws {
    struct Unwritten: Error {}
    var header = SF_INFO()
    header.samplerate = Int32(rate)
    header.channels = Int32(channels)
    header.format = Int32(format)
    guard let handle = sf_open(url.path, Int32(SFM_WRITE), &header) else { throw Unwritten() }
    defer { sf_close(handle) }
    let frames = sf_count_t(samples.count / channels)
    guard sf_writef_float(handle, samples, frames) == frames else { throw Unwritten() }
}

/// The format word of MP3 at its usual quality; libsndfile's names for it are newer than some of its headers.
let mp3Format = 0x230000 | 0x0082
