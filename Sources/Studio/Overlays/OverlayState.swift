import Foundation
import TerminalKit

// What lies over a screen: how it is opened, typed into, moved in, confirmed.
extension StudioState {
    mutating func confirm() -> [StudioEffect] {
        switch overlay {
        case .question(let question):
            overlay = nil
            notice = Notice(question.answer)
            return question.effects
        case .prompt(let prompt): return answer(prompt)
        case .themes(let chooser): return keepTheme(chooser)
        case .palette(let palette):
            overlay = nil
            guard let entry = palette.selectedEntry else { return [] }
            return perform(entry.action)
        case .choice(let choice): return take(choice)
        case .help, .sentence, .blindTest, .filter, .comparison, .thinning, .recorder, .figures, nil:
            overlay = nil
            return []
        }
    }

    /// Takes what was typed, or says why it cannot and leaves the prompt open.
    private mutating func answer(_ prompt: Prompt) -> [StudioEffect] {
        let text = prompt.editor.text
        switch prompt.purpose {
        case .audition(let field): return setSampling(field, typed: text)
        case .data(let purpose): return answer(purpose, with: text)
        case .logSearch:
            overlay = nil
            return beginSearch(text)
        case .setting(let id): return answer(setting: id, text)
        case .learningRate:
            guard let factor = Self.learningRateFactor(text) else {
                return say("A factor is a number above 0 and up to 10; 1 is the schedule's own rate.", .warning)
            }
            overlay = nil
            return say(
                "Learning rate × \(text.replacing(",", with: ".")) from the next step on.",
                then: .send(.setLearningRateFactor(factor)))
        case .history(let purpose): return answer(purpose, text)
        }
    }

    mutating func edit(_ key: Key) {
        switch overlay {
        case .sentence: audition.form.editor.handle(key)
        case .prompt(var prompt):
            prompt.editor.handle(key)
            overlay = .prompt(prompt)
        case .palette(var palette):
            palette.type(key)
            overlay = .palette(palette)
        case .choice(var choice):
            choice.type(key)
            overlay = .choice(choice)
        case .filter:
            history.filter.handle(key)
            find()
        case .help, .question, .blindTest, .comparison, .thinning, .recorder, .figures, .themes, nil: break
        }
    }

    mutating func paste(_ text: String) {
        switch overlay {
        case .sentence: audition.form.editor.insert(text)
        case .prompt(var prompt):
            prompt.editor.insert(text)
            overlay = .prompt(prompt)
        case .palette(var palette):
            palette.editor.insert(text)
            palette.selected = 0
            overlay = .palette(palette)
        case .choice(var choice):
            choice.paste(text)
            overlay = .choice(choice)
        // Pasted text is never taken for commands.
        case .filter:
            history.filter.insert(text)
            find()
        case .help, .question, .blindTest, .comparison, .thinning, .recorder, .figures, .themes, nil: break
        }
    }

    /// True when something lies over the screen that is moved in instead of it.
    mutating func moveInOverlay(_ movement: Movement) -> Bool {
        switch overlay {
        case .help(let place, let first):
            let last = KeyTable.help(at: place).count - 1
            overlay = .help(place, from: max(0, min(last, first + movement.lines)))
        case .palette(var palette):
            palette.move(movement)
            overlay = .palette(palette)
        case .choice(var choice):
            choice.move(movement)
            overlay = .choice(choice)
        case .comparison(let comparison, let first):
            let count = ComparisonTable(comparison: comparison).lines(columns: 80).count
            overlay = .comparison(comparison, from: max(0, min(count - 1, first + movement.lines)))
        case .thinning(let preview, let first):
            let count = ThinningTable(preview: preview, state: self).lines(columns: 80).count
            overlay = .thinning(preview, from: max(0, min(count - 1, first + movement.lines)))
        case .figures(var picker):
            picker.move(movement, among: curves.figures.count)
            overlay = .figures(picker)
        case .themes(var chooser):
            chooser.move(movement)
            overlay = .themes(chooser)
        case .question, .prompt, .sentence, .blindTest, .recorder: break
        // The list itself is moved in while words are typed.
        case .filter, nil: return false
        }
        return true
    }
}
