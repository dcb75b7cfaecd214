/// The sizes a voice can be trained at (DESIGN: one graph, several presets).
package enum ModelPreset: String, Sendable, Codable, CaseIterable {
    /// For tests: `nano` at a quarter of its widths and two layers of each.
    case tiny
    /// What trains by default, on two cores.
    case nano
    /// The public model's widths with our speaker vector.
    case standard
    /// The public GPT-SoVITS v2 graph, which hears a clip's content as recorded HuBERT features.
    case v2

    /// Samples per second of every clip and of the voice's speech.
    package var sampleRate: Int {
        switch self {
        case .tiny, .nano: 16000
        case .standard, .v2: 32000
        }
    }
    /// Samples per frame: 20 ms.
    package var hopLength: Int { sampleRate / 50 }
    /// Samples in a frame of every spectrogram.
    package var fftLength: Int { sampleRate == 32000 ? 2048 : 1024 }
    /// True where content is read from features beside each clip instead of from the clip itself.
    package var readsRecordedFeatures: Bool { self == .v2 }
    /// The symbols a voice's text embeddings have room for, of which its own table uses the first `count`.
    package func symbolRows(_ count: Int) -> Int { self == .v2 ? max(732, count) : count }
}
