import TerminalKit
import Training

/// What is done with a sentence at the moment.
package enum AuditionActivity: Sendable, Equatable {
    case none
    case synthesizing
    case playing
}

/// Parts of the audition that the arrow keys go to.
package enum AuditionFocus: Sendable, Equatable {
    case takes, form
}

/// A sound that is being heard.
package struct PlayingSound: Sendable, Equatable {
    package var order: PlaybackOrder
    /// The second that is heard now.
    package var seconds: Double
    /// True when the notification line says that it is played.
    var isAnnounced = false
}

/// What the audition shows.
package struct AuditionState: Sendable, Equatable {
    package var form = AuditionForm()
    package var focus = AuditionFocus.takes
    package var field = AuditionField.weights
    /// The newest first.
    package var takes: [Take] = []
    /// nil chooses the newest, also when newer ones come.
    package var selectedPath: String?
    /// The second of the selected take that playing begins at.
    package var cursor = 0.0
    package var isLooping = false
    /// At most two takes to be compared, by path.
    package var marks: [String] = []
    package var playing: PlayingSound?
    package var making: TakeMaking?
    package var series: TakeSeries?
    package var lastTake: Take?
    package var votes: [TakeVote] = []
    package var references: [AuditionMaterial.Reference] = []
    package var defaults = AuditionSampling()
    package var blind: BlindTest?
    package var pictures = PictureShelf()
    var isLoaded = false

    package init() {}

    package var activity: AuditionActivity {
        making != nil ? .synthesizing : playing != nil ? .playing : .none
    }

    package var selectedIndex: Int {
        selectedPath.flatMap { path in takes.firstIndex { $0.path == path } } ?? 0
    }

    package var selectedTake: Take? { takes.isEmpty ? nil : takes[selectedIndex] }

    /// The second of the selected take that is heard or would be.
    package var place: Double {
        // While A and B are compared nothing may tell which of them is heard.
        if blind == nil, let playing, playing.order.path == selectedTake?.path { return playing.seconds }
        return cursor
    }
}

/// Pictures of sounds that were looked at lately.
package struct PictureShelf: Sendable, Equatable {
    private var pictures: [String: Result<SoundPicture, SoundUnread>] = [:]
    private var order: [String] = []
    private static let limit = 24

    /// nil when it was never asked for, or is still being made.
    package subscript(path: String) -> Result<SoundPicture, SoundUnread>? { pictures[path] }

    mutating func put(_ picture: Result<SoundPicture, SoundUnread>, for path: String) {
        pictures[path] = picture
        order.removeAll { $0 == path }
        order.append(path)
        if order.count > Self.limit { pictures[order.removeFirst()] = nil }
    }
}

extension StudioState {
    mutating func perform(_ action: AuditionAction) -> [StudioEffect] {
        switch action {
        case .openEditor, .editLast:
            if action == .editLast, audition.form.editor.text.isEmpty {
                audition.form.editor.insert(audition.selectedTake?.text ?? audition.form.lastText)
            }
            overlay = .sentence
            return enterAudition()
        case .closeEditor: overlay = nil
        case .chooseWeights:
            let isMoment = audition.form.weights == .moment
            audition.form.weights = isMoment && selectedCheckpoint != nil ? .selected : .moment
        case .chooseSource: audition.form.fromHeldOutClip.toggle()
        case .speak: return speak()
        case .speakNextSeed:
            if audition.making == nil { audition.form.seed &+= 1 }
            return speak()
        case .series: return openSeries()
        case .cancelMaking: return cancelMaking()
        case .openWeights: return open(.weights)
        case .openReference: return open(.reference)
        case .nextFocus: audition.focus = audition.focus == .takes ? .form : .takes
        case .playOrStop: return audition.focus == .form ? open(audition.field) : playOrStop()
        case .back, .forward: return goSideways(action == .back ? -1 : 1)
        case .farBack: return seek(bySeconds: -1)
        case .farForward: return seek(bySeconds: 1)
        case .toStart: return seek(to: 0)
        case .loop: return toggleLoop()
        case .mark: return mark()
        case .blindTest: return beginBlindTest()
        case .playA, .playB, .playOther, .betterA, .betterB, .noDifference, .nextPair, .closeBlindTest:
            return performInBlindTest(action)
        }
        return []
    }

    /// Asks for the takes the first time, and for the picture of the one that is looked at.
    mutating func enterAudition() -> [StudioEffect] {
        var effects: [StudioEffect] = []
        if !audition.isLoaded {
            audition.isLoaded = true
            effects.append(.loadAudition)
        }
        return effects + look()
    }

    /// Asks for the picture of the selected take when there is none.
    func look() -> [StudioEffect] {
        guard screen == .audition, let take = audition.selectedTake, audition.pictures[take.path] == nil else {
            return []
        }
        return [.loadSound(take.path)]
    }

    mutating func reduceAudition(_ message: StudioMessage) -> [StudioEffect] {
        switch message {
        case .auditionMaterial(let material):
            // A take may have been made while the others were read.
            let read = Set(material.takes.map(\.path))
            audition.takes = audition.takes.filter { !read.contains($0.path) } + material.takes.reversed()
            (audition.votes, audition.references, audition.defaults) = (
                material.votes, material.references, material.sampling
            )
            var texts: [String] = []
            for take in material.takes where !take.text.isEmpty {
                texts.removeAll { $0 == take.text }
                texts.append(take.text)
            }
            let editor = audition.form.editor
            if editor.history.isEmpty, editor.text.isEmpty {
                audition.form.editor = LineEditor(history: texts.suffix(100))
            }
            if audition.form.lastText.isEmpty { audition.form.lastText = texts.last ?? "" }
            return look()
        case .soundRead(let path, let picture):
            audition.pictures.put(picture, for: path)
            return []
        case .auditionProgress(let progress):
            audition.making?.progress = progress
            return []
        case .auditioned(let take):
            history.moments.takes = nil
            return heard(take)
        case .auditionFailed(let sentence): return makingEnded(sentence)
        case .auditionCancelled: return makingEnded(nil)
        case .lotDrawn(let a, let b): return offer(a, b)
        case .playMoved(_, let seconds):
            audition.playing?.seconds = seconds
            return []
        case .played: return playingEnded()
        case .playFailed(_, let sentence): return playingFailed(sentence)
        default: return []
        }
    }

    // MARK: Moving

    mutating func moveInAudition(_ movement: Movement) -> [StudioEffect] {
        switch audition.focus {
        case .takes:
            var selection = ListSelection(index: audition.selectedIndex)
            selection.move(by: movement.lines, count: audition.takes.count)
            return chooseTake(selection.index)
        case .form:
            let all = AuditionField.allCases
            let index = max(0, min(all.count - 1, audition.field.rawValue + movement.lines))
            audition.field = all[index]
            return []
        }
    }

    mutating func chooseTake(_ index: Int) -> [StudioEffect] {
        audition.focus = .takes
        guard audition.takes.indices.contains(index), index != audition.selectedIndex || audition.selectedPath == nil
        else { return [] }
        audition.selectedPath = index == 0 ? nil : audition.takes[index].path
        audition.cursor = 0
        return look()
    }

    private mutating func goSideways(_ direction: Int) -> [StudioEffect] {
        switch audition.focus {
        case .takes: return seek(bySeconds: Double(direction) * 0.1)
        case .form:
            adjust(audition.field, by: direction)
            return []
        }
    }

    private mutating func mark() -> [StudioEffect] {
        guard let take = audition.selectedTake else { return say("There is no take yet; press a and type a sentence.") }
        if audition.marks.contains(take.path) {
            audition.marks.removeAll { $0 == take.path }
        } else {
            audition.marks = audition.marks.suffix(1) + [take.path]
        }
        return []
    }
}
