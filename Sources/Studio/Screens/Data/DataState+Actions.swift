import TerminalKit
import Training

// What the keys of the data screen do.
extension StudioState {
    mutating func perform(_ action: DataAction) -> [StudioEffect] {
        if action.changesClips, let refusal = refusesChanges() { return refusal }
        switch action {
        case .play: return playClip()
        case .exclude:
            guard let clip = selectedClip else { return noClip() }
            return change(.excluded(clip.id, !clip.isExcluded), from: .excluded(clip.id, clip.isExcluded))
        case .editTranscript:
            guard let clip = selectedClip else { return noClip() }
            openPrompt(
                .transcript(clip.id), "Transcript of \(clip.id)", "text", ["What is said, word for word."], clip.text)
        case .editPhonemes:
            guard let clip = selectedClip else { return noClip() }
            let now = data.inspections[clip.id]?.symbols.joined() ?? ""
            openPrompt(
                .phonemes(clip.id), "Phonemes of \(clip.id)", "IPA", ["Empty: what the transcript gives."],
                clip.ownPhonemes ?? now)
        case .search:
            openPrompt(.search, "Search", "/", ["Words of ids, transcripts, warnings; out, held out."], data.search)
        case .clearSearch: data.search = ""
        case .sort:
            let all = ClipOrder.allCases
            data.order = all[((all.firstIndex(of: data.order) ?? 0) + 1) % all.count]
            data.refresh()
            return say("Sorted by \(data.order == .file ? "their place in metadata.csv" : data.order.rawValue).")
        case .reverse:
            data.isReversed.toggle()
            data.refresh()
        case .record:
            guard let listing = data.listing else { return noClip() }
            data.recorder = RecorderState(sentences: listing.prompts)
            overlay = .recorder
        case .takeBack:
            guard let last = data.undo.last, let now = present(last) else {
                return say("There is no change of a clip to take back.")
            }
            return [.data(.change(last, from: now, isTakingBack: true))]
        case .nextPane: data.pane = data.pane == .clip ? .coverage : .clip
        case .useNow:
            if let refusal = refusesCommands() { return refusal }
            guard data.hasChanged else { return say("No clip has changed since this session began.") }
            overlay = .question(
                Question(
                    title: "Train with the changed clips",
                    lines: ["Save, read the clips anew and begin an epoch with them? No step is lost."],
                    short: "Read clips anew?", answer: "Saving, then reading the clips anew.", effects: [.data(.reopen)]
                ))
        }
        return []
    }

    private mutating func noClip() -> [StudioEffect] {
        say(data.listing == nil ? "The clips have not been read yet." : "No clip is chosen; esc shows all again.")
    }

    private mutating func openPrompt(
        _ purpose: DataPrompt, _ title: String, _ label: String, _ lines: [String], _ text: String
    ) {
        overlay = .prompt(Prompt(.data(purpose), title: title, label: label, lines: lines, text: text))
    }

    private mutating func change(_ change: ClipChange, from old: ClipChange) -> [StudioEffect] {
        [.data(.change(change, from: old, isTakingBack: false))]
    }

    /// What a change would change, as it is now.
    private func present(_ change: ClipChange) -> ClipChange? {
        guard let entry = data.listing?.entries.first(where: { $0.id == change.id }) else { return nil }
        switch change {
        case .excluded(let id, _): return .excluded(id, entry.isExcluded)
        case .transcript(let id, _): return .transcript(id, entry.text)
        case .phonemes(let id, _): return .phonemes(id, entry.ownPhonemes)
        }
    }

    private mutating func playClip() -> [StudioEffect] {
        guard let clip = selectedClip else { return noClip() }
        let silenced = audition.playing == nil ? [] : stopPlaying()
        data.playing = clip.id
        notice = Notice("Playing \(clip.id); x stops it.", .accent)
        return silenced + [.data(.play(clip.path))]
    }

    /// Ends a clip that is being played; nil when none is.
    mutating func stopPlayingClip() -> [StudioEffect]? {
        guard data.playing != nil else { return nil }
        data.playing = nil
        return say("Stopped.", then: .data(.stopPlaying))
    }

    // MARK: Prompts

    /// Takes what was typed for the data screen.
    mutating func answer(_ purpose: DataPrompt, with text: String) -> [StudioEffect] {
        overlay = nil
        switch purpose {
        case .search:
            data.search = text.trimmingSpaces
            let count = clipRows.count
            if !data.search.isEmpty { return say("\(count) clip\(count == 1 ? "" : "s") found; esc shows all again.") }
        case .transcript(let id):
            guard let entry = data.listing?.entries.first(where: { $0.id == id }), entry.text != text else { return [] }
            return change(.transcript(id, text), from: .transcript(id, entry.text))
        case .phonemes(let id):
            guard let entry = data.listing?.entries.first(where: { $0.id == id }) else { return [] }
            let typed = text.trimmingSpaces
            let isAsBefore =
                typed == entry.ownPhonemes ?? "" || typed == entry.ownPhonemes ?? data.inspections[id]?.symbols.joined()
            if isAsBefore { return [] }
            return change(.phonemes(id, typed.isEmpty ? nil : typed), from: .phonemes(id, entry.ownPhonemes))
        case .sentence:
            overlay = .recorder
            return (data.recorder?.say(text) ?? []).map { .data(.recorder($0)) }
        }
        return []
    }

    // MARK: Recording

    mutating func perform(_ action: RecorderAction) -> [StudioEffect] {
        guard data.recorder != nil else {
            overlay = nil
            return []
        }
        switch action {
        case .close:
            let closing = data.recorder?.closing ?? []
            let count = data.recorder?.keptCount ?? 0
            data.recorder = nil
            overlay = nil
            if count > 0 { notice = Notice("\(count) new clip\(count == 1 ? "" : "s"). \(Self.changeRemark)", .good) }
            return closing.map { .data(.recorder($0)) }
        case .ownSentence:
            guard data.recorder?.phase != .recording else { return [] }
            openPrompt(.sentence, "Your own sentence", "say", ["What you will say, word for word."], "")
            return []
        default: return (data.recorder?.perform(action) ?? []).map { .data(.recorder($0)) }
        }
    }
}

extension String {
    /// Without spaces at its ends.
    var trimmingSpaces: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
