import TerminalKit
import Training

/// What the first screen shows when no voice is named: one value, changed by `reduce` alone.
package struct WelcomeState: Sendable {
    package enum Choice: Sendable, Equatable {
        case voice(VoiceOffer.Entry)
        case sample(VoiceOffer.Entry)
        case unfinished(VoiceOffer.Entry)
        case folder
        case microphone
    }

    package enum Mode: Sendable, Equatable {
        case choosing
        case typingFolder(LineEditor, candidates: [String])
        /// The name of a voice to be made of a folder.
        case naming(LineEditor, from: String)
        case namingRecording(LineEditor)
        case choosingLanguage(LineEditor, name: String)
        /// Something short is under way.
        case opening(String)
        case importing(done: Int, total: Int, id: String, isStopping: Bool)
        case report(MadeVoice, from: Int)
        case recording(RecorderState, name: String, language: String)
        /// A sentence of the user's own, while recording.
        case typingSentence(LineEditor, RecorderState, name: String, language: String)
    }

    package var offer: VoiceOffer?
    package var mode = Mode.choosing
    package var selected = 0
    /// What there is to say; bad news or not.
    package var notice: Notice?
    package var helpFrom: Int?

    package init(problem: String? = nil) { notice = problem.map { Notice($0, .warning) } }

    /// All that can be chosen, in the order of the screen.
    package var choices: [Choice] {
        guard let offer else { return [.folder, .microphone] }
        return offer.voices.map(Choice.voice) + offer.unfinished.map(Choice.unfinished)
            + offer.samples.map(Choice.sample) + [.folder, .microphone]
    }

    /// The place whose keys the help lists.
    package var helpPlace: KeyPlace {
        if case .recording = mode { .recording } else { .welcome }
    }

    package var place: KeyPlace {
        if helpFrom != nil { return .help }
        switch mode {
        case .choosing, .opening, .importing, .report: return .welcome
        case .typingFolder: return .folder
        case .naming, .namingRecording, .choosingLanguage, .typingSentence: return .prompt
        case .recording: return .recording
        }
    }

    /// The line being typed, if there is one.
    package var editor: LineEditor? {
        get {
            switch mode {
            case .typingFolder(let editor, _), .naming(let editor, _), .namingRecording(let editor),
                .choosingLanguage(let editor, _), .typingSentence(let editor, _, _, _):
                editor
            case .choosing, .opening, .importing, .report, .recording: nil
            }
        }
        set {
            guard let newValue else { return }
            switch mode {
            case .typingFolder: mode = .typingFolder(newValue, candidates: [])
            case .naming(_, let path): mode = .naming(newValue, from: path)
            case .namingRecording: mode = .namingRecording(newValue)
            case .choosingLanguage(_, let name): mode = .choosingLanguage(newValue, name: name)
            case .typingSentence(_, let recorder, let name, let language):
                mode = .typingSentence(newValue, recorder, name: name, language: language)
            case .choosing, .opening, .importing, .report, .recording: break
            }
        }
    }
}

/// What the welcome screen is told.
package enum WelcomeMessage: Sendable {
    case terminal(TerminalEvent)
    case mouse(MouseEvent, on: StudioTarget?)
    case offered(VoiceOffer)
    case completed([String])
    /// The folder of a voice that can be opened.
    case ready(String)
    /// A folder to import, with a name for its voice.
    case named(String, from: String)
    case progress(done: Int, total: Int, id: String)
    case made(MadeVoice)
    case failed(String)
    /// Recording can begin: sentences to say, and how many clips there are already.
    case canRecord(sentences: [String], kept: Int, name: String, language: String)
    case recorder(RecorderState.Message)
    case redraw
}

/// What the welcome screen wants done.
package enum WelcomeEffect: Sendable, Equatable {
    case open(String)
    case adopt(String)
    case complete(String)
    /// Looks whether a path is a voice or a folder to import.
    case inspect(String)
    case importVoice(String, from: String)
    case cancelImport
    case beginRecording(String, language: String)
    case finishRecording(String, language: String)
    case recorder(RecorderState.Effect)
    case offer
    case suspend, redrawAll
    case leave(WelcomeExit)
}

/// How the welcome screen was left.
package enum WelcomeExit: Sendable, Equatable {
    /// With the folder of a voice.
    case voice(String)
    case left
    case interrupted(Int32)
    case terminalLost
}
