import TerminalKit

/// What the keys of the training screen ask for.
package enum TrainAction: Sendable, Hashable {
    case nextPane, previousPane
    case nextChart, previousChart
    case maximise, pickFigures
    case toggleLogarithmic, smooth, toggleGhosts
    case viewFull, viewRecent, viewFromHere
    case zoomIn, zoomOut, panLeft, panRight
    case crosshairLeft, crosshairRight
    case back
}

/// What the keys of the list of figures ask for.
package enum FigureAction: Sendable, Hashable {
    case toggle
}

extension TrainAction {
    static let bindings: [KeyBinding] = [
        KeyBinding(
            [.train, .history], [.character("r")], .history(.restore), "roll back to the selected checkpoint (asks)",
            hint: "roll back"),
        KeyBinding(
            [.train], [.character("a")], .audition(.openEditor), "audition: type a sentence, hear it",
            hint: "audition"),
        KeyBinding(
            [.train], [.character("t")], .switchStage, "stage: schedule, sovits only, prior only", hint: "stage"),
        KeyBinding([.train], [.character("l")], .setLearningRate, "learning rate: type a factor"),
        KeyBinding([.train], [.tab], .train(.nextPane), "next part: chart, checkpoints, log"),
        KeyBinding([.train], [.backTab], .train(.previousPane), "previous part"),
        KeyBinding([.train], [.character("c")], .train(.nextChart), "next chart", hint: "chart"),
        KeyBinding([.train], [.character("C")], .train(.previousChart), "previous chart"),
        KeyBinding([.train], [.character("z"), .enter], .train(.maximise), "this chart alone, or all of them"),
        KeyBinding([.train], [.character("m")], .train(.pickFigures), "choose what this chart shows"),
        KeyBinding([.train], [.character("g")], .train(.toggleLogarithmic), "linear or logarithmic axis"),
        KeyBinding([.train], [.character("e")], .train(.smooth), "smooth the curves: off, 10, 50, 200 steps"),
        KeyBinding([.train], [.character("o")], .train(.toggleGhosts), "show or hide other branches"),
        KeyBinding([.train], [.character("f")], .train(.viewFull), "view: all steps"),
        KeyBinding([.train], [.character("n")], .train(.viewRecent), "view: the newest steps"),
        KeyBinding(
            [.train], [.character("h")], .train(.viewFromHere), "view: from here (crosshair, else checkpoint) on"),
        KeyBinding([.train], [.character("+"), .character("=")], .train(.zoomIn), "zoom in (mouse: wheel)"),
        KeyBinding([.train], [.character("-")], .train(.zoomOut), "zoom out"),
        KeyBinding([.train], [.character("[")], .train(.panLeft), "earlier steps (mouse: drag)"),
        KeyBinding([.train], [.character("]")], .train(.panRight), "later steps"),
        KeyBinding([.train], [.left], .train(.crosshairLeft), "crosshair to the left (mouse: click)"),
        KeyBinding([.train], [.right], .train(.crosshairRight), "crosshair to the right"),
        KeyBinding([.train], [.escape], .train(.back), "no crosshair; all charts; all steps"),
        KeyBinding(
            [.figures], [.character(" "), .enter], .figures(.toggle), "show it in the chart, or not", hint: "choose"),
        KeyBinding([.figures], [.up, .character("k")], .move(.up), "up in the list"),
        KeyBinding([.figures], [.down, .character("j")], .move(.down), "down in the list"),
        KeyBinding([.figures], [.home], .move(.first), "to the first line"),
        KeyBinding([.figures], [.end], .move(.last), "to the last line"),
        KeyBinding([.figures], [.escape, .character("m"), .character("q")], .cancel, "close", hint: "close"),
    ]
}
