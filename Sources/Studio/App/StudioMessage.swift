import Foundation
import TerminalKit
import Training

/// Everything the studio's one wait can bring.
package enum StudioMessage: Sendable {
    case terminal(TerminalEvent)
    /// The mouse, on what the last picture showed there.
    case mouse(MouseEvent, on: PointedTarget?)
    case update(TrainingUpdate)
    /// The session sends nothing more.
    case sessionEnded
    /// The journal's last steps and events, oldest first; no events when only the curves are read again.
    case history([StepRecord], events: [JournalEvent])
    /// What the journal answered to a request for curves.
    case curves(CurveSlice, CurveRequest)
    case couldNotLoad(String)
    /// What the history asked for.
    case answered(HistoryAnswer)
    /// Takes, votes and what else the audition begins with.
    case auditionMaterial(AuditionMaterial)
    case auditionProgress(AuditionProgress)
    case auditioned(Take)
    case auditionFailed(String)
    case auditionCancelled
    /// What a sound looks like, or why it could not be read.
    case soundRead(String, Result<SoundPicture, SoundUnread>)
    /// Which of two takes is A and which B.
    case lotDrawn(a: Take, b: Take)
    /// Where a sound is, how it ended; each with the number of the sound since the start.
    case playMoved(Int, seconds: Double)
    case played(Int)
    case playFailed(Int, String)
    /// For the data screen.
    case data(DataMessage)
    /// Lines of the journal that were asked for.
    case logPage(LogPage, LogRequest)
    case logFailed(String)
    case settings([SettingState])
    /// A setting was changed, or was not: one sentence.
    case settingChanged(String)
    case settingRefused(String)
    /// The themes there are, and the one that is shown where that is news.
    case themesFound([String], current: String?)
    /// Files of themes were written.
    case themesChanged
    case themeFailed(String)
    /// The step in hand outlasted what a signal gives it: one sentence that says what is lost.
    case patienceEnded(String)
    /// Someone outside asks to save and leave, with the signal that made them ask.
    case interrupt(Int32)
    /// Time went by: ages on the screen may be out of date.
    case tick
    /// A picture that was put off is due.
    case redraw
}

/// A part of the picture that the mouse can do something with.
package enum StudioTarget: Sendable, Hashable {
    case action(StudioAction)
    /// A line of the list in a place, by its number from the first of all lines.
    case line(KeyPlace, Int)
    /// A chart of the training screen by its number, and the part of it that has the curves.
    case chart(Int)
    case plot(Int)
    /// A part of the training screen.
    case pane(Pane)
    /// A setting of the audition.
    case auditionField(AuditionField)
    /// The picture of a take, from its beginning to its end.
    case takePicture
}

/// What the mouse is on, and where on it.
package struct PointedTarget: Sendable, Equatable {
    package var target: StudioTarget
    /// Rows and columns from the target's upper left corner.
    package var offset: CellPosition
    package var rect: CellRect

    package init(target: StudioTarget, offset: CellPosition, rect: CellRect) {
        self.target = target
        self.offset = offset
        self.rect = rect
    }
}

/// What the studio is to do because of a message; `StudioApp` does it.
package enum StudioEffect: Sendable, Equatable {
    case send(TrainingCommand)
    case loadHistory
    case ask(HistoryRequest)
    case loadAudition
    case loadCurves(CurveRequest)
    case audition(AuditionRequest)
    case cancelAudition
    /// Read a sound file and make its pictures.
    case loadSound(String)
    case drawLot(Take, Take)
    case keepVote(TakeVote)
    case play(PlaybackOrder)
    case setLooping(Bool)
    case stopPlaying
    case data(DataEffect)
    case loadLog(LogRequest)
    case loadSettings
    /// A setting by "section.key", as it was typed; nil takes a change back.
    case change(String, to: String?)
    case showTheme(String)
    case suspend
    case redrawAll
    case leave(StudioExit)
}

/// How the studio was left.
package enum StudioExit: Sendable, Equatable {
    /// Saved, as asked.
    case finished
    /// Saved, to be opened again with the clips as they are now.
    case reopened
    /// Saved after this signal.
    case interrupted(Int32)
    /// The terminal went away; saved.
    case terminalLost
    /// Left at once, without waiting for the save to end. The checkpoint before it is whole.
    case abandoned
    /// Left in the middle of a step that outlasted the patience of whoever sent the signal; one sentence.
    case leftInStep(Int32, String)
    /// Training could not go on; one sentence.
    case failed(String)

    /// The exit code of the command line: 0, 1, or 128 and the signal's number.
    package var code: Int32 {
        switch self {
        case .finished, .reopened: 0
        case .interrupted(let signal), .leftInStep(let signal, _): 128 + signal
        case .terminalLost: 128 + SIGHUP
        case .abandoned: 128 + SIGINT
        case .failed: 1
        }
    }
}
