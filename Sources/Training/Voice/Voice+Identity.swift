import Foundation

extension Voice {
    /// The name voice.toml gives it.
    package var name: String { configuration.voice.name }
    /// Held by the one process that trains this voice.
    package var lockURL: URL { directory.appendingPathComponent(".lock") }
}

extension VoiceConfiguration {
    /// The seed of every random stream.
    package var randomSeed: UInt64 { UInt64(bitPattern: Int64(voice.seed)) }
}
