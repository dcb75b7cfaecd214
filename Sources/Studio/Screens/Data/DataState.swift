import TerminalKit
import Training

/// What the clips are sorted by.
package enum ClipOrder: String, Sendable, CaseIterable {
    case file = "as listed"
    case length
    case level
    case warnings
    case use
    case text = "transcript"
}

/// What stands beside the list of clips where there is not room for both.
package enum DataPane: Sendable, CaseIterable {
    case clip, coverage
}

/// What the data screen shows.
package struct DataState: Sendable, Equatable {
    package var listing: ClipListing?
    package var inspections: [String: ClipInspection] = [:]
    /// Why the clips cannot be shown.
    package var problem: String?
    package var selectedID: String?
    package var order = ClipOrder.file
    package var isReversed = false
    package var search = ""
    package var pane = DataPane.clip
    /// The clip that is heard.
    package var playing: String?
    /// True once a clip was changed that the session does not train with yet.
    package var hasChanged = false
    /// Takes the last changes back, the newest last.
    var undo: [ClipChange] = []
    package var recorder: RecorderState?
    /// The listing's places in the chosen order.
    private(set) var sorted: [Int] = []
    /// How often each symbol occurs in the clips that train.
    private(set) var counts: [String: Int] = [:]

    package init() {}

    /// The clips that match a search, in the chosen order.
    package func rows(searching text: String) -> [Int] {
        guard let listing else { return [] }
        let words = text.lowercased().split(separator: " ")
        guard !words.isEmpty else { return sorted }
        return sorted.filter { index in
            let entry = listing.entries[index]
            let warnings = inspections[entry.id]?.warnings.map(\.short).joined(separator: " ") ?? ""
            let all = "\(entry.id) \(entry.text) \(use(of: entry)) \(warnings)".lowercased()
            return words.allSatisfy { all.contains($0) }
        }
    }

    /// In a word.
    func use(of entry: ClipListing.Entry) -> String {
        entry.isExcluded ? "out" : entry.isHeldOut ? "held out" : "train"
    }

    /// Sorts and counts anew after clips or what is known of them changed.
    mutating func refresh() {
        guard let listing else { return }
        let entries = listing.entries
        counts = [:]
        for entry in entries where !entry.isExcluded && !entry.isHeldOut {
            for symbol in inspections[entry.id]?.symbols ?? [] { counts[symbol, default: 0] += 1 }
        }
        func sort<Key: Comparable>(by key: (Int) -> Key) {
            let keys = entries.indices.map(key)
            sorted = entries.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        }
        switch order {
        case .file: sorted = Array(entries.indices)
        case .length: sort { inspections[entries[$0].id]?.seconds ?? .infinity }
        case .level: sort { inspections[entries[$0].id]?.outline.level ?? -200 }
        case .warnings:
            sort { index in
                let warnings = inspections[entries[index].id]?.warnings ?? []
                // The worst first.
                return warnings.contains(where: \.stopsTraining) ? -100 : -warnings.count
            }
        case .use: sort { entries[$0].isExcluded ? 0 : entries[$0].isHeldOut ? 1 : 2 }
        case .text: sort { entries[$0].text.lowercased() }
        }
        if isReversed { sorted.reverse() }
    }

    mutating func take(_ new: ClipListing) -> [String] {
        listing = new
        problem = nil
        let ids = Set(new.entries.map(\.id))
        inspections = inspections.filter { ids.contains($0.key) }
        if let selectedID, !ids.contains(selectedID) { self.selectedID = nil }
        refresh()
        return new.entries.map(\.id).filter { inspections[$0] == nil }
    }

    /// Seconds of the clips that train, that are held out and that are left out, as far as they were read.
    package var totals: (train: Double, heldOut: Double, out: Double) {
        var totals = (train: 0.0, heldOut: 0.0, out: 0.0)
        for entry in listing?.entries ?? [] {
            let seconds = inspections[entry.id]?.seconds ?? 0
            if entry.isExcluded {
                totals.out += seconds
            } else if entry.isHeldOut {
                totals.heldOut += seconds
            } else {
                totals.train += seconds
            }
        }
        return totals
    }
}

extension StudioState {
    /// What is searched for now, also while it is being typed.
    var clipSearch: String {
        if case .prompt(let prompt) = overlay, prompt.purpose == .data(.search) { return prompt.editor.text }
        return data.search
    }

    /// Places in the listing, as the list shows them.
    package var clipRows: [Int] { data.rows(searching: clipSearch) }

    package func clipIndex(in rows: [Int]) -> Int {
        guard let listing = data.listing, let id = data.selectedID else { return 0 }
        return rows.firstIndex { listing.entries[$0].id == id } ?? 0
    }

    package var selectedClip: ClipListing.Entry? {
        let rows = clipRows
        guard let listing = data.listing, !rows.isEmpty else { return nil }
        return listing.entries[rows[clipIndex(in: rows)]]
    }

    mutating func moveInData(_ movement: Movement) {
        let rows = clipRows
        guard !rows.isEmpty else { return }
        var selection = ListSelection(index: clipIndex(in: rows))
        selection.move(by: movement.lines, count: rows.count)
        chooseClip(selection.index)
    }

    mutating func chooseClip(_ index: Int) {
        let rows = clipRows
        guard let listing = data.listing, rows.indices.contains(index) else { return }
        data.selectedID = listing.entries[rows[index]].id
    }

    /// The clips are read when they are looked at, and again each time: others may have changed them.
    mutating func enterData() -> [StudioEffect] { [.data(.list)] }
}
