import Training

/// What makes a take heard. The command line puts the sound card here, tests a list.
package protocol AuditionPlayer: Sendable {
    /// Plays a take to its end, or until `stop`, and returns one sentence that says what was heard.
    /// Throws an error whose description is one sentence, e.g. when there is no sound device.
    func play(_ take: Take) async throws -> String
    /// Ends what is being played at once, without waiting; nothing happens when nothing is played.
    func stop()
}

/// A player for a machine without sound: names the file and plays nothing.
package struct SilentPlayer: AuditionPlayer {
    package init() {}
    package func play(_ take: Take) async throws -> String { "Not played: sound is off." }
    package func stop() {}
}
