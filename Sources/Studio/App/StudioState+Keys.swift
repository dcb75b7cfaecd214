import Foundation
import TerminalKit
import Training

// What comes from the terminal: keys and the mouse become actions, and each action goes where it belongs.
extension StudioState {
    mutating func reduceTerminal(_ event: TerminalEvent) -> [StudioEffect] {
        switch event {
        case .key(let key): return press(key)
        case .paste(let text):
            paste(text)
            return []
        case .mouse, .resized: return []
        case .lost: return leave(.terminalLost)
        case .signal(SIGTSTP): return [.suspend]
        case .signal(SIGCONT): return [.redrawAll]
        case .signal(let number): return leave(.interrupted(number))
        }
    }

    private mutating func press(_ key: Key) -> [StudioEffect] {
        guard let action = KeyTable.action(for: key, at: place) else {
            edit(key)
            return []
        }
        if overlay == nil, leaving == nil { notice = nil }
        return perform(action)
    }

    mutating func reduceMouse(_ event: MouseEvent, on pointed: PointedTarget?) -> [StudioEffect] {
        if let effects = mouseOnCharts(event, on: pointed) { return effects }
        switch event.kind {
        case .wheelUp, .wheelDown:
            if overlay == nil, case .pane(let pane) = pointed?.target { train.focus = pane }
            if overlay == nil { pointHistory(pointed?.target) }
            return (0..<3).flatMap { _ in move(event.kind == .wheelUp ? .up : .down) }
        case .press: return click(pointed)
        case .drag: return pointed?.target == .takePicture ? click(pointed) : []
        case .release, .secondary: return []
        }
    }

    private mutating func click(_ pointed: PointedTarget?) -> [StudioEffect] {
        guard let pointed else { return [] }
        switch pointed.target {
        case .action(let action):
            if case .palette = overlay { overlay = nil }
            return perform(action)
        case .pane(let pane) where overlay == nil: train.focus = pane
        case .line(.figures, let index): return chooseFigure(line: index)
        case .line(let place, let index) where self.place == place: return choose(line: index, at: place)
        case .auditionField(let field): return clickInForm(field)
        case .takePicture: return seek(to: Double(pointed.offset.column) / Double(max(1, pointed.rect.columns)))
        case .pane, .line, .chart, .plot: break
        }
        return []
    }

    /// Chooses a line of a list with the mouse.
    private mutating func choose(line index: Int, at place: KeyPlace) -> [StudioEffect] {
        switch place {
        case .train, .history:
            select(index)
            history.pane = .list
            train.focus = .history
        case .audition: return chooseTake(index)
        case .choice:
            guard case .choice(var choice) = overlay else { return [] }
            choice.selected = index
            return take(choice)
        case .data: chooseClip(index)
        case .log: log.chosen = max(0, log.lines.count - 1 - index)
        case .settings:
            if index == settings.selection.index { return perform(SettingsAction.edit) }
            settings.choose(index)
        case .themes:
            guard case .themes(var chooser) = overlay else { break }
            chooser.choose(index)
            overlay = .themes(chooser)
        default: break
        }
        return []
    }

    mutating func perform(_ action: StudioAction) -> [StudioEffect] {
        switch action {
        case .interrupt: return leave(.interrupted(SIGINT))
        case .suspend: return [.suspend]
        case .redraw: return [.redrawAll]
        case .quit: return leave(.finished)
        case .help: overlay = .help(overlay == .recorder ? .recording : screen.place, from: 0)
        case .palette: overlay = .palette(Palette(place: screen.place))
        case .confirm: return confirm()
        // What lay over the recorder goes; the recorder stays.
        case .cancel: overlay = data.recorder == nil ? nil : .recorder
        case .show(let screen):
            self.screen = screen
            if screen == .audition { return enterAudition() }
            if screen == .data { return enterData() }
        case .move(let movement): return move(movement)
        case .replay: return replayLastTake()
        case .stopPlaying: return stopPlayingClip() ?? stopPlaying()
        case .pauseOrResume, .snapshot, .switchStage, .setLearningRate: return command(action)
        case .train(let action): return perform(action)
        case .history(let action): return perform(action)
        case .audition(let action): return perform(action)
        case .data(let action): return perform(action)
        case .recorder(let action): return perform(action)
        case .welcome: break
        case .log(let action): return perform(action)
        case .settings(let action): return perform(action)
        case .figures(let action): return perform(action)
        }
        return []
    }

    private mutating func move(_ movement: Movement) -> [StudioEffect] {
        if moveInOverlay(movement) { return [] }
        switch screen {
        case .train: moveInTrain(movement)
        case .history: moveInHistory(movement)
        case .audition: return moveInAudition(movement)
        case .data: moveInData(movement)
        case .log: moveInLog(movement)
        case .settings: moveInSettings(movement)
        }
        return []
    }
}
