import TerminalKit

/// What the keys of the training screen ask for.
package enum TrainAction: Sendable, Hashable {
    case nextPane, previousPane
    case nextChart, previousChart
    case toggleLogarithmic
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
        KeyBinding([.train], [.tab], .train(.nextPane), "next pane"),
        KeyBinding([.train], [.backTab], .train(.previousPane), "previous pane"),
        KeyBinding([.train], [.right, .character("c")], .train(.nextChart), "next chart"),
        KeyBinding([.train], [.left], .train(.previousChart), "previous chart"),
        KeyBinding([.train], [.character("g")], .train(.toggleLogarithmic), "linear or logarithmic axis"),
    ]
}
