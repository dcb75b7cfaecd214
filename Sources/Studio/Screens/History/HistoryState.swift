import TerminalKit
import Training

/// What the history shows.
package struct HistoryState: Sendable, Equatable {
    package enum Pane: Sendable { case list, moment }

    /// nil chooses the one that the present grew from, also when newer ones come.
    package var selectedID: String?
    package var tree = CheckpointTree()
    package var pane = Pane.list
    /// Lines of the moment above the first that is shown.
    package var scroll = 0
    /// To be compared with the selected one.
    package var markedID: String?
    /// Words that a checkpoint must have to be listed.
    package var filter = LineEditor()
    /// Those that have them, by their number in the tree; nil lists all.
    package var found: [Int]?
    /// The best by this stands first; nil lists them as they grew.
    package var order: CheckpointFigure?
    /// Curves of the steps around the selected one, instead of its whole line.
    package var isNarrow = false
    package var moments = MomentLibrary()

    package init() {}

    /// Checkpoints by their number in the tree, in the order they are listed.
    var listed: [Int] {
        let all = found ?? Array(tree.checkpoints.indices)
        guard let order else { return all }
        return all.sorted { CheckpointSummary.isBetter(tree.checkpoints[$0], tree.checkpoints[$1], by: order) }
    }

    /// True where the list is no tree.
    var isFlat: Bool { found != nil || order != nil }
}

extension StudioState {
    /// The checkpoints, as the tree lists them.
    package var checkpoints: [CheckpointSummary] { history.tree.checkpoints }

    package var selectedIndex: Int {
        history.selectedID.flatMap { history.tree.number(of: $0) } ?? history.tree.head ?? 0
    }

    package var selectedCheckpoint: CheckpointSummary? {
        checkpoints.isEmpty ? nil : checkpoints[selectedIndex]
    }

    mutating func select(_ number: Int) {
        guard checkpoints.indices.contains(number) else { return }
        if number != selectedIndex { history.scroll = 0 }
        history.selectedID = number == history.tree.head ? nil : checkpoints[number].id
    }

    /// Takes over what the trainer says there is.
    mutating func listCheckpoints(_ snapshot: TrainingSnapshot) {
        let (source, branches) = (snapshot.checkpoints, snapshot.branches)
        if history.tree.shows(source, branches, present: snapshot.branch) { return }
        history.tree = CheckpointTree(source, branches: branches, present: snapshot.branch)
        if let marked = history.markedID, history.tree.number(of: marked) == nil { history.markedID = nil }
        find()
    }

    mutating func perform(_ action: HistoryAction) -> [StudioEffect] {
        switch action {
        case .older, .newer: return stepInTime(older: action == .older)
        case .switchPane: history.pane = history.pane == .list ? .moment : .list
        case .focus(let pane): history.pane = pane
        case .narrow: history.isNarrow.toggle()
        case .mark: return mark()
        case .filter:
            overlay = .filter
            history.pane = .list
        case .keepFilter: overlay = nil
        case .dropFilter:
            if overlay == nil, history.found == nil, history.order == nil { history.markedID = nil }
            if overlay == nil { history.order = nil }
            overlay = nil
            history.filter = LineEditor()
            find()
        case .hearTake: return hearTake()
        case .audition:
            guard selectedCheckpoint != nil else { return perform(.openEditor as AuditionAction) }
            audition.form.weights = .selected
            return perform(.openEditor as AuditionAction)
        case .restore, .branch, .goTo, .undo, .redo, .pin, .tag, .untag, .note, .verify, .evaluate, .delete:
            return change(action)
        case .order: return orderByNextFigure()
        case .compare: return compare()
        case .prune: return say("Looking at what could go …", then: .ask(.thinning))
        case .deleteThinnedOut: return deleteThinnedOut()
        }
        return []
    }

    mutating func moveInHistory(_ movement: Movement) {
        if screen == .history, history.pane == .moment {
            history.scroll = max(0, min(10_000, history.scroll + movement.lines))
            return
        }
        let listed = screen == .history ? history.listed : Array(checkpoints.indices)
        guard !listed.isEmpty else { return }
        var selection = ListSelection(index: listed.firstIndex(of: selectedIndex) ?? 0)
        selection.move(by: movement.lines, count: listed.count)
        select(listed[selection.index])
    }

    /// The wheel turns what the mouse is on.
    mutating func pointHistory(_ target: StudioTarget?) {
        switch target {
        case .action(.history(.focus(let pane))): history.pane = pane
        case .line(.history, _): history.pane = .list
        default: break
        }
    }

    private mutating func stepInTime(older: Bool) -> [StudioEffect] {
        guard !checkpoints.isEmpty else { return say("There is no checkpoint yet; press s to make one.") }
        let place = history.tree.places[selectedIndex]
        guard let next = older ? place.older : place.newer else {
            return say(older ? "This is the oldest one of its line." : "Nothing newer on this line.")
        }
        select(next)
        return []
    }

    /// Of the figures that some checkpoint has, then as they grew again.
    private mutating func orderByNextFigure() -> [StudioEffect] {
        let figures = CheckpointFigure.allCases.filter { figure in checkpoints.contains { $0.figure(figure) != nil } }
        guard !figures.isEmpty else { return say("No checkpoint has held-out figures yet; e measures one.") }
        let place = history.order.flatMap { figures.firstIndex(of: $0) }
        let next = place.map { $0 + 1 } ?? 0
        history.order = figures.indices.contains(next) ? figures[next] : nil
        guard let order = history.order else { return say("As they grew again, the newest first.") }
        if let first = history.listed.first { select(first) }
        return say("The best first by \(Wording.name(of: order)); f takes the next figure, Esc ends it.")
    }

    private mutating func hearTake() -> [StudioEffect] {
        guard let checkpoint = selectedCheckpoint else { return [] }
        let older = history.tree.places[selectedIndex].older.map { checkpoints[$0].step } ?? 0
        guard let take = history.moments.takes(of: checkpoint, after: older).first else {
            return say("There is no take of \(checkpoint.id) yet; a makes one with it.")
        }
        audition.lastTake = take
        return replayLastTake()
    }

    private mutating func mark() -> [StudioEffect] {
        guard let id = selectedCheckpoint?.id else { return say("There is no checkpoint yet; press s to make one.") }
        history.markedID = history.markedID == id ? nil : id
        return say(
            history.markedID == nil
                ? "\(id) is not marked any more." : "\(id) is marked: go to another one and press c to compare.")
    }

    /// The selected one with the marked one, else with the one it grew from; the older one first.
    private mutating func compare() -> [StudioEffect] {
        guard let selected = selectedCheckpoint else {
            return say("There is no checkpoint yet; press s to make one.")
        }
        let other = history.markedID.flatMap { history.tree.number(of: $0) } ?? history.tree.places[selectedIndex].older
        guard let other, checkpoints[other].id != selected.id else {
            return say("Mark another checkpoint with m first, then press c here.")
        }
        let pair = [checkpoints[other], selected].sorted { $0.step < $1.step }
        return say("Comparing \(pair[0].id) with \(pair[1].id) …", then: .ask(.comparison(pair[0].id, pair[1].id)))
    }

    // MARK: Finding

    /// Lists what has all the typed words, and keeps the selection among them.
    mutating func find() {
        let words = history.filter.text.lowercased().split(separator: " ")
        guard !words.isEmpty else {
            history.found = nil
            return
        }
        let found = checkpoints.indices.filter { number in
            let text = Self.searchText(checkpoints[number], isHead: number == history.tree.head)
            return words.allSatisfy { text.contains($0) }
        }
        history.found = found
        if let first = found.first, !found.contains(selectedIndex) { select(first) }
    }

    private static func searchText(_ checkpoint: CheckpointSummary, isHead: Bool) -> String {
        let state =
            switch checkpoint.verification {
            case .notYet: "unverified"
            case .sound: "verified"
            case .damaged: "damaged"
            }
        return
            ([
                checkpoint.id, "\(checkpoint.step)", checkpoint.reason, checkpoint.note ?? "", state,
                checkpoint.isPinned ? "pinned" : "", isHead ? "head" : "",
            ] + checkpoint.tags).joined(separator: " ").lowercased()
    }
}
