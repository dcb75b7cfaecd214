/// What a key, a click or a line of the palette asks for.
package enum StudioAction: Sendable, Hashable {
    case show(Screen)
    case pauseOrResume, snapshot, switchStage, setLearningRate
    case replay, stopPlaying
    case help, palette, quit, interrupt, suspend, redraw
    case confirm, cancel
    case move(Movement)
    case train(TrainAction)
    case history(HistoryAction)
    case audition(AuditionAction)
    case data(DataAction)
    case recorder(RecorderAction)
    case welcome(WelcomeAction)
    case log(LogAction)
    case settings(SettingsAction)
    case figures(FigureAction)
}

/// Where to go in whatever list or text is read.
package enum Movement: Sendable, Hashable {
    case up, down, pageUp, pageDown, first, last

    /// Lines to go; the ends are further than any list is long.
    package var lines: Int {
        switch self {
        case .up: -1
        case .down: 1
        case .pageUp: -10
        case .pageDown: 10
        case .first: -1_000_000_000
        case .last: 1_000_000_000
        }
    }
}
