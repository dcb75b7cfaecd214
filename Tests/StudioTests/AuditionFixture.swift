import Foundation
import Studio
import TerminalKit
import Training

extension Fixture {
    static let sentence = "The birch canoe slid on the smooth planks."

    static func take(
        _ number: Int, _ checkpoint: String, text: String = sentence, seconds: Double = 2, seed: UInt64 = 1,
        minutesAgo: Double = 5, source: String = "prior"
    ) -> Take {
        Take(
            path: "takes/\(number).wav", text: text, checkpoint: checkpoint, step: 40, seed: seed, source: source,
            date: now.addingTimeInterval(-60 * minutesAgo), sampleRate: 16_000, sampleCount: Int(seconds * 16_000),
            sampling: AuditionSampling())
    }

    /// The oldest first, as a session gives them.
    static let takes = [
        take(1, "main/g_0000040", seconds: 1.84, minutesAgo: 3000),
        take(2, "main@63", text: "Hello.", seconds: 0.6, minutesAgo: 400),
        take(3, "main/g_0000080", seconds: 2.12, minutesAgo: 290),
        take(4, "main/g_0000080", text: "", seconds: 1.4, minutesAgo: 280, source: "clip_07"),
        take(5, "main/g_0000080", text: "「日本語」の文を読みます。", seconds: 3.2, seed: 12, minutesAgo: 200),
        take(6, "main/g_0000120", seconds: 2.04, minutesAgo: 11),
    ]

    static func vote(_ winner: String, over loser: String) -> TakeVote {
        TakeVote(
            date: now, text: sentence, first: .init(take: "1.wav", checkpoint: winner),
            second: .init(take: "2.wav", checkpoint: loser), choice: .first)
    }

    static let material = AuditionMaterial(
        takes: takes,
        votes: [
            vote("main/g_0000080", over: "main/g_0000040"), vote("main/g_0000080", over: "main/g_0000040"),
            vote("main/g_0000120", over: "main/g_0000080"),
        ],
        references: [
            .init(id: "clip_01", text: "Glue the sheet to the dark blue background.", seconds: 2.8),
            .init(id: "clip_02", text: "It is easy to tell the depth of a well.", seconds: 3.1),
        ])

    /// Five bursts with a gliding band: made by arithmetic alone, the same on every machine.
    static let sound: SoundPicture = {
        let seconds = 2.04
        let samples = (0..<Int(seconds * 16_000)).map { index in
            let burst = Float(index % 6400) / 6400
            let envelope = burst < 0.8 ? burst * (0.8 - burst) * 4 : 0
            return (index / 40 % 2 == 0 ? envelope : -envelope) * (index % 40 < 20 ? 0.9 : 0.4)
        }
        let (bins, frames) = (257, 200)
        let magnitudes = (0..<bins * frames).map { index in
            let (bin, frame) = (index / frames, index % frames)
            let burst = Float(frame % 39) / 39
            let center = 12 + 40 * burst
            let away = abs(Float(bin % 48) - center / 2)
            return burst < 0.8 ? 4 / (1 + away * away * (1 + Float(bin) / 20)) : 0.001
        }
        return SoundPicture(
            seconds: seconds, sampleRate: 16_000, peaks: WaveformPeaks(samples),
            spectrogram: SpectrogramImage(magnitudes: magnitudes, bins: bins, frames: frames, sampleRate: 16_000))
    }()

    /// The audition with six takes, the newest chosen.
    static func audition() -> StudioState {
        var state = state().pressing(.character("3"))
        _ = state.reduce(.auditionMaterial(material))
        for take in takes { _ = state.reduce(.soundRead(take.path, .success(sound))) }
        return state
    }
}
