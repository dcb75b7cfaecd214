import Training

/// A sound to hear: which file, from which second on, and whether it begins again when it is over.
package struct PlaybackOrder: Sendable, Equatable {
    package var path: String
    package var start: Double
    package var isLooping: Bool

    package init(path: String, start: Double = 0, isLooping: Bool = false) {
        self.path = path
        self.start = start
        self.isLooping = isLooping
    }
}

/// What makes sounds heard. The command line puts the sound card here, tests a list.
package protocol AuditionPlayer: Sendable {
    /// Plays a sound to its end, or until `stop`. Throws an error whose description is one sentence, e.g. when there is no
    /// sound device.
    ///
    /// - Parameter onMove: told about thirty times a second which second of the sound is heard.
    func play(_ order: PlaybackOrder, onMove: @escaping @Sendable (Double) -> Void) async throws
    /// Whether what is being played begins again when it is over.
    func setLooping(_ isLooping: Bool)
    /// Ends what is being played at once, without waiting; nothing happens when nothing is played.
    func stop()
}

/// A player for a machine without sound: it plays nothing.
package struct SilentPlayer: AuditionPlayer {
    package init() {}
    package func play(_ order: PlaybackOrder, onMove: @escaping @Sendable (Double) -> Void) async throws {}
    package func setLooping(_ isLooping: Bool) {}
    package func stop() {}
}
