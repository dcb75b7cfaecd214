import Training

/// The loudspeaker and the microphone of the recorder and the data screen; tests put a silent one in its place.
package protocol SoundDesk: Sendable {
    /// Plays to the end or until `stopPlaying`; an error's description is one sentence.
    func play(file path: String) async throws
    func play(_ sound: RecordedSound) async throws
    /// Ends what is being played, without waiting.
    func stopPlaying()
    /// Begins to record; throws away what an earlier recording held. `heard` is told the level, and how it ended when that
    /// was not asked for.
    func startRecording(_ heard: @escaping @Sendable (RecorderState.Message) -> Void)
    /// Ends the recording at once and returns what it holds; nil when there is none.
    func stopRecording() -> RecordedSound?
}

/// Does what a recorder asks for; the welcome screen and the data screen share it.
@MainActor
func performRecording(
    _ effect: RecorderState.Effect, library: any ClipLibrary, desk: any SoundDesk,
    _ tell: @escaping @Sendable (RecorderState.Message) -> Void
) {
    switch effect {
    case .start:
        desk.stopPlaying()
        desk.startRecording(tell)
    case .stop(let text):
        let sound = desk.stopRecording() ?? RecordedSound(samples: [], sampleRate: 16_000)
        Task.detached { tell(.prepared(await library.prepare(sound, saying: text))) }
    case .discard: _ = desk.stopRecording()
    case .prepare(let sound, let text):
        Task.detached { tell(.prepared(await library.prepare(sound, saying: text))) }
    case .play(let sound):
        desk.stopPlaying()
        Task.detached {
            do {
                try await desk.play(sound)
                tell(.played(nil))
            } catch {
                tell(.played("\(error)"))
            }
        }
    case .stopPlaying: desk.stopPlaying()
    case .keep(let draft):
        Task.detached {
            do {
                tell(.kept(try await library.add(draft)))
            } catch {
                tell(.notKept("\(error)"))
            }
        }
    }
}
