import TerminalKit
import Training

// What the data screen is told.
extension StudioState {
    /// When changed clips are trained with.
    static let changeRemark = "A opens an epoch with the clips as they are now; else the next start does."

    mutating func take(_ message: DataMessage) -> [StudioEffect] {
        switch message {
        case .listed(let listing):
            let unread = data.take(listing)
            return unread.isEmpty ? [] : [.data(.inspect(unread))]
        case .notListed(let sentence):
            data.problem = sentence
            notice = Notice(sentence, .bad)
        case .inspected(let inspections):
            for inspection in inspections { data.inspections[inspection.id] = inspection }
            data.refresh()
        case .changed(let change, let old, let isTakingBack):
            if isTakingBack { data.undo = data.undo.dropLast() } else { data.undo = data.undo.suffix(99) + [old] }
            data.hasChanged = true
            notice = Notice("\(words(for: change)) \(Self.changeRemark)", .good)
            data.inspections[change.id] = nil
            return [.data(.list)]
        case .notChanged(let sentence): notice = Notice(sentence, .warning)
        case .played(let sentence):
            guard data.playing != nil else { return [] }
            data.playing = nil
            notice = sentence.map { Notice($0, .warning) }
        case .reopen: return leave(.reopened)
        case .recorder(let message):
            let effects = (data.recorder?.take(message) ?? []).map { StudioEffect.data(.recorder($0)) }
            guard case .kept = message else { return effects }
            data.hasChanged = true
            return effects + [.data(.list)]
        }
        return []
    }

    private func words(for change: ClipChange) -> String {
        switch change {
        case .excluded(let id, let isOut): return isOut ? "\(id) is left out." : "\(id) is used again."
        case .transcript(let id, _):
            let own = data.listing?.entries.first { $0.id == id }?.ownPhonemes
            return own == nil
                ? "The transcript of \(id) is changed."
                : "The transcript of \(id) is changed, but its own phonemes still say what is trained (f edits them)."
        case .phonemes(let id, let phonemes):
            return phonemes == nil ? "\(id) is read from its transcript again." : "\(id) has phonemes of its own."
        }
    }
}
