import TerminalKit
import Training

/// The sentence being typed and where it is to come from.
package struct AuditionForm: Sendable, Equatable {
    package var editor = LineEditor()
    /// True for the checkpoint that is selected in the history, false for the weights of this moment.
    package var usesCheckpoint = false
    package var fromHeldOutClip = false

    package init() {}
}

/// What is done with a sentence at the moment.
package enum AuditionActivity: Sendable, Equatable {
    case none
    case synthesizing
    case playing
}

/// What the audition shows.
package struct AuditionState: Sendable, Equatable {
    package var form = AuditionForm()
    package var activity = AuditionActivity.none
    package var lastTake: Take?

    package init() {}
}

extension StudioState {
    mutating func perform(_ action: AuditionAction) -> [StudioEffect] {
        switch action {
        case .openEditor: overlay = .sentence
        case .closeEditor: overlay = nil
        case .chooseWeights:
            audition.form.usesCheckpoint = !audition.form.usesCheckpoint && selectedCheckpoint != nil
        case .chooseSource: audition.form.fromHeldOutClip.toggle()
        case .speak: return speak()
        }
        return []
    }

    private mutating func speak() -> [StudioEffect] {
        if audition.activity == .synthesizing {
            return say("One sentence at a time: the last one is still being made.", .warning)
        }
        let form = audition.form
        let text = form.editor.text
        if text.allSatisfy(\.isWhitespace), !form.fromHeldOutClip { return say("Type a sentence first.", .warning) }
        _ = audition.form.editor.submit()
        overlay = nil
        audition.activity = .synthesizing
        let checkpoint = form.usesCheckpoint ? selectedCheckpoint?.id : nil
        let request = AuditionRequest(
            text: text, checkpoint: checkpoint, seed: 1, fromHeldOutClip: form.fromHeldOutClip)
        return say("Speaking with \(checkpoint ?? "the weights of this moment") …", .accent, then: .audition(request))
    }

    mutating func heard(_ take: Take) -> [StudioEffect] {
        audition.lastTake = take
        audition.activity = .playing
        let source = take.source == "prior" ? "the prior" : "held-out clip \(take.source), resynthesized"
        notice = Notice("Playing \(source), \(take.checkpoint): \(take.path)", .accent)
        return [.play(take)]
    }

    mutating func replayLastTake() -> [StudioEffect] {
        guard let take = audition.lastTake else { return say("There is no take yet; press a and type a sentence.") }
        audition.activity = .playing
        return say("Playing \(take.path)", .accent, then: .play(take))
    }

    mutating func stopPlaying() -> [StudioEffect] {
        guard audition.activity == .playing else { return [] }
        audition.activity = .none
        return say("Stopped.", then: .stopPlaying)
    }

    mutating func moveInAudition(_ movement: Movement) {}
}
