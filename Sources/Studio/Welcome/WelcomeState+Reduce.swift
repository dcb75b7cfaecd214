import Foundation
import TerminalKit
import Training

extension WelcomeState {
    /// Changes the state and says what is to be done.
    package mutating func reduce(_ message: WelcomeMessage) -> [WelcomeEffect] {
        switch message {
        case .terminal(let event): return reduceTerminal(event)
        case .mouse(let event, let target): return reduceMouse(event, target)
        case .offered(let offer):
            self.offer = offer
            selected = min(selected, choices.count - 1)
        case .completed(let candidates): complete(candidates)
        case .ready(let path): return [.leave(.voice(path))]
        case .named(let name, let path): mode = .naming(LineEditor(text: name), from: path)
        case .progress(let done, let total, let id):
            if case .importing(_, _, _, let isStopping) = mode {
                mode = .importing(done: done, total: total, id: id, isStopping: isStopping)
            }
        case .made(let made):
            if made.isWithoutRemarks { return [.leave(.voice(made.path))] }
            mode = .report(made, from: 0)
        case .failed(let sentence):
            mode = .choosing
            notice = Notice(sentence, .bad)
            return [.offer]
        case .canRecord(let sentences, let kept, let name, let language):
            var recorder = RecorderState(sentences: sentences)
            recorder.keptCount = kept
            recorder.index = kept
            mode = .recording(recorder, name: name, language: language)
        case .recorder(let message):
            guard case .recording(var recorder, let name, let language) = mode else { return [] }
            let effects = recorder.take(message)
            mode = .recording(recorder, name: name, language: language)
            return effects.map(WelcomeEffect.recorder)
        case .redraw: break
        }
        return []
    }

    private mutating func reduceTerminal(_ event: TerminalEvent) -> [WelcomeEffect] {
        switch event {
        case .key(let key): return press(key)
        case .paste(let text): editor?.insert(text)
        case .mouse, .resized: break
        case .lost: return [.cancelImport, .leave(.terminalLost)]
        case .signal(SIGTSTP): return [.suspend]
        case .signal(SIGCONT): return [.redrawAll]
        case .signal(let number): return [.cancelImport, .leave(.interrupted(number))]
        }
        return []
    }

    private mutating func press(_ key: Key) -> [WelcomeEffect] {
        guard let action = KeyTable.action(for: key, at: place) else {
            editor?.handle(key)
            return []
        }
        if mode == .choosing { notice = nil }
        return perform(action)
    }

    private mutating func reduceMouse(_ event: MouseEvent, _ target: StudioTarget?) -> [WelcomeEffect] {
        switch event.kind {
        case .wheelUp, .wheelDown:
            for _ in 0..<3 { _ = perform(.move(event.kind == .wheelUp ? .up : .down)) }
            return []
        case .press:
            switch target {
            case .line(.welcome, let index) where mode == .choosing:
                if selected == index { return perform(.welcome(.open)) }
                selected = index
            case .action(let action): return perform(action)
            default: break
            }
            return []
        case .release, .drag, .secondary: return []
        }
    }

    private mutating func perform(_ action: StudioAction) -> [WelcomeEffect] {
        switch action {
        case .interrupt: return [.cancelImport, .leave(.interrupted(SIGINT))]
        case .suspend: return [.suspend]
        case .redraw: return [.redrawAll]
        case .help: helpFrom = 0
        case .move(let movement): move(movement)
        case .cancel: cancel()
        case .confirm: return confirm()
        case .welcome(.complete):
            if let text = editor?.text { return [.complete(text)] }
        case .welcome(.leave): return leave()
        case .welcome(.open):
            if case .report(let made, _) = mode { return [.leave(.voice(made.path))] }
            if mode == .choosing { return open() }
        case .recorder(let action): return perform(action)
        default: break
        }
        return []
    }

    private mutating func move(_ movement: Movement) {
        if let first = helpFrom {
            helpFrom = max(0, min(KeyTable.help(at: helpPlace).count - 1, first + movement.lines))
            return
        }
        switch mode {
        case .choosing: selected = max(0, min(choices.count - 1, selected + movement.lines))
        case .report(let made, let first):
            mode = .report(made, from: max(0, min(made.report.count - 1, first + movement.lines)))
        default: break
        }
    }

    private mutating func cancel() {
        if helpFrom != nil {
            helpFrom = nil
            return
        }
        switch mode {
        case .typingSentence(_, let recorder, let name, let language):
            mode = .recording(recorder, name: name, language: language)
        default: mode = .choosing
        }
    }

    private mutating func leave() -> [WelcomeEffect] {
        switch mode {
        case .importing(let done, let total, let id, _):
            mode = .importing(done: done, total: total, id: id, isStopping: true)
            return [.cancelImport]
        case .report(let made, _): return [.leave(.voice(made.path))]
        default: return [.leave(.left)]
        }
    }

    private mutating func open() -> [WelcomeEffect] {
        guard choices.indices.contains(selected) else { return [] }
        switch choices[selected] {
        case .voice(let voice):
            mode = .opening("Opening \(voice.name) …")
            return [.open(voice.path)]
        case .sample(let sample):
            mode = .opening("Copying \(sample.name) …")
            return [.adopt(sample.path)]
        case .unfinished(let entry): mode = .choosingLanguage(LineEditor(text: offer?.language ?? ""), name: entry.name)
        case .folder: mode = .typingFolder(LineEditor(), candidates: [])
        case .microphone: mode = .namingRecording(LineEditor())
        }
        return []
    }

    /// Takes what was typed.
    private mutating func confirm() -> [WelcomeEffect] {
        guard let text = editor?.text.trimmingSpaces else { return [] }
        if text.isEmpty {
            if case .typingSentence = mode {
                cancel()
            } else {
                notice = Notice("Type something, or press esc.", .warning)
            }
            return []
        }
        notice = nil
        switch mode {
        case .typingFolder:
            mode = .opening("Looking at \(text) …")
            return [.inspect(text)]
        case .naming(_, let path):
            mode = .importing(done: 0, total: 0, id: "", isStopping: false)
            return [.importVoice(text, from: path)]
        case .namingRecording: mode = .choosingLanguage(LineEditor(text: offer?.language ?? "en-us"), name: text)
        case .choosingLanguage(_, let name):
            mode = .opening("Preparing to record …")
            return [.beginRecording(name, language: text)]
        case .typingSentence(_, var recorder, let name, let language):
            let effects = recorder.say(text)
            mode = .recording(recorder, name: name, language: language)
            return effects.map(WelcomeEffect.recorder)
        default: break
        }
        return []
    }

    private mutating func complete(_ candidates: [String]) {
        guard case .typingFolder(let editor, _) = mode else { return }
        guard let first = candidates.first else {
            notice = Notice("Nothing begins with \(editor.text).", .warning)
            return
        }
        notice = nil
        let common = candidates.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        let text = common.count > editor.text.count || candidates.count == 1 ? common : editor.text
        mode = .typingFolder(LineEditor(text: text), candidates: candidates.count == 1 ? [] : candidates)
    }

    // MARK: Recording

    private mutating func perform(_ action: RecorderAction) -> [WelcomeEffect] {
        guard case .recording(var recorder, let name, let language) = mode else { return [] }
        switch action {
        case .close:
            let effects = recorder.closing.map(WelcomeEffect.recorder)
            guard recorder.keptCount >= 2 else {
                mode = .choosing
                notice =
                    recorder.keptCount == 0
                    ? nil
                    : Notice("One clip of \(name) is kept; a voice needs two at least. Go on when you like.", .good)
                return effects + [.offer]
            }
            mode = .importing(done: 0, total: recorder.keptCount, id: "", isStopping: false)
            return effects + [.finishRecording(name, language: language)]
        case .ownSentence:
            guard recorder.phase != .recording else { return [] }
            mode = .typingSentence(LineEditor(), recorder, name: name, language: language)
            return []
        default:
            let effects = recorder.perform(action)
            mode = .recording(recorder, name: name, language: language)
            return effects.map(WelcomeEffect.recorder)
        }
    }
}
