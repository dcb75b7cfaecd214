/// The sizes a voice can be trained at (DESIGN: one graph, several presets).
package enum ModelPreset: String, Sendable, Codable, CaseIterable {
    /// For tests: `nano` at a quarter of its widths and two layers of each.
    case tiny
    /// What trains by default, on two cores.
    case nano
    /// The public model's widths with our speaker vector.
    case standard

    /// Samples per second of every clip and of the voice's speech.
    package var sampleRate: Int { self == .standard ? 32000 : 16000 }
    /// Samples per frame: 20 ms.
    package var hopLength: Int { sampleRate / 50 }
}
