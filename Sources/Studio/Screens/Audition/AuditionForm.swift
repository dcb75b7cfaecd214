import TerminalKit
import Training

/// Whose weights speak.
package enum WeightsChoice: Sendable, Equatable {
    case moment
    /// The checkpoint that is selected in the history.
    case selected
    case checkpoint(String)
}

/// The settings of a take, in the order they are shown.
package enum AuditionField: Int, Sendable, Hashable, CaseIterable {
    case weights, reference, seed, source, temperature, topK, topP, repetition

    var name: String {
        switch self {
        case .weights: "weights"
        case .reference: "style of"
        case .source: "source"
        case .temperature: "temperature"
        case .topK: "top-k"
        case .topP: "top-p"
        case .repetition: "repeat"
        case .seed: "seed"
        }
    }

    /// What helps to fill the line where it is typed; nil for what is chosen from a list.
    var hint: String? {
        switch self {
        case .weights, .reference, .source: nil
        case .temperature: "0.01 to 10; above 1 is bolder, below 1 safer"
        case .topK: "1 to 1024; choose among this many most probable tokens"
        case .topP: "0.01 to 1; choose within this share of probability"
        case .repetition: "1 to 10; makes the last 16 tokens less probable, 1 does not"
        case .seed: "a whole number; the same one gives the same samples"
        }
    }
}

/// The sentence being typed and how it is to be spoken.
package struct AuditionForm: Sendable, Equatable {
    package var editor = LineEditor()
    /// What was spoken last: the sentence in force while nothing is typed.
    package var lastText = ""
    package var weights = WeightsChoice.moment
    package var fromHeldOutClip = false
    /// The clip whose style is taken; nil for the voice's default.
    package var reference: String?
    /// nil draws as voice.toml says.
    package var sampling: AuditionSampling?
    package var seed: UInt64 = 1

    package init() {}

    /// What would be spoken now.
    package var text: String { editor.text.allSatisfy(\.isWhitespace) ? lastText : editor.text }
}

extension StudioState {
    /// The checkpoint that would speak; nil for the weights of this moment.
    package var auditionCheckpoint: String? {
        switch audition.form.weights {
        case .moment: nil
        case .selected: selectedCheckpoint?.id
        case .checkpoint(let id): id
        }
    }

    /// How tokens would be drawn.
    var auditionSampling: AuditionSampling { audition.form.sampling ?? audition.defaults }

    /// The value of a setting as it is shown.
    func text(of field: AuditionField) -> String {
        let sampling = auditionSampling
        switch field {
        case .weights:
            switch audition.form.weights {
            case .moment: return "this moment (step \(snapshot?.step ?? 0))"
            case .selected: return selectedCheckpoint?.id ?? "this moment"
            case .checkpoint(let id): return id
            }
        case .reference: return audition.form.reference ?? "the longest clip"
        case .source: return audition.form.fromHeldOutClip ? "a held-out clip" : "the sentence"
        case .temperature: return AxisTicks.plain(sampling.temperature, decimals: 2)
        case .topK: return "\(sampling.topK)"
        case .topP: return AxisTicks.plain(sampling.topP, decimals: 2)
        case .repetition: return AxisTicks.plain(sampling.repetitionPenalty, decimals: 2)
        case .seed: return "\(audition.form.seed)"
        }
    }

    /// One step more or less of a setting, or the next or previous of what there is.
    mutating func adjust(_ field: AuditionField, by steps: Int) {
        func moved(_ value: Double, in range: ClosedRange<Double>) -> Double {
            // Whole twentieths, so that going there and back ends where it began.
            min(range.upperBound, max(range.lowerBound, ((value * 20).rounded() + Double(steps)) / 20))
        }
        var sampling = auditionSampling
        switch field {
        case .weights:
            let all: [WeightsChoice] = [.moment] + checkpoints.map { .checkpoint($0.id) }
            let now = auditionCheckpoint.map { WeightsChoice.checkpoint($0) } ?? .moment
            audition.form.weights = all[cycled(all.firstIndex(of: now) ?? 0, by: steps, count: all.count)]
        case .reference:
            let all = [String?.none] + audition.references.map { $0.id }
            let now = all.firstIndex(of: audition.form.reference) ?? 0
            audition.form.reference = all[cycled(now, by: steps, count: all.count)]
        case .source: audition.form.fromHeldOutClip.toggle()
        case .temperature: sampling.temperature = moved(sampling.temperature, in: 0.05...10)
        case .topK: sampling.topK = min(1024, max(1, sampling.topK + steps))
        case .topP: sampling.topP = moved(sampling.topP, in: 0.05...1)
        case .repetition: sampling.repetitionPenalty = moved(sampling.repetitionPenalty, in: 1...10)
        case .seed:
            let seed = audition.form.seed
            audition.form.seed = steps < 0 ? seed - min(seed, UInt64(-steps)) : seed &+ UInt64(steps)
        }
        setSampling(sampling)
    }

    private func cycled(_ index: Int, by steps: Int, count: Int) -> Int { ((index + steps) % count + count) % count }

    private mutating func setSampling(_ sampling: AuditionSampling) {
        audition.form.sampling = sampling == audition.defaults ? nil : sampling
    }

    /// Opens the list or the line where a setting is chosen.
    mutating func open(_ field: AuditionField) -> [StudioEffect] {
        switch field {
        case .weights: overlay = .choice(weightsChoice())
        case .reference: overlay = .choice(referenceChoice())
        case .source: audition.form.fromHeldOutClip.toggle()
        case .temperature, .topK, .topP, .repetition, .seed:
            overlay = .prompt(
                Prompt(
                    .audition(field), title: "How it is spoken", label: field.name, lines: [field.hint ?? ""],
                    text: text(of: field)))
        }
        return []
    }

    /// Takes a typed setting, or says why it cannot.
    mutating func setSampling(_ field: AuditionField, typed text: String) -> [StudioEffect] {
        let number = text.filter { !$0.isWhitespace }.replacing(",", with: ".")
        var sampling = auditionSampling
        func taken(_ range: ClosedRange<Double>) -> Double? {
            Double(number).flatMap { range.contains($0) ? $0 : nil }
        }
        var isTaken = false
        func keep<Value>(_ value: Value?, in place: inout Value) {
            guard let value else { return }
            place = value
            isTaken = true
        }
        switch field {
        case .temperature: keep(taken(0.01...10), in: &sampling.temperature)
        case .topK: keep(Int(number).flatMap { (1...1024).contains($0) ? $0 : nil }, in: &sampling.topK)
        case .topP: keep(taken(0.01...1), in: &sampling.topP)
        case .repetition: keep(taken(1...10), in: &sampling.repetitionPenalty)
        case .seed: keep(UInt64(number), in: &audition.form.seed)
        case .weights, .reference, .source: break
        }
        guard isTaken else { return say("\(field.name): \(field.hint ?? "").", .warning) }
        setSampling(sampling)
        overlay = nil
        return []
    }

    /// A click chooses a setting, a second one opens it.
    mutating func clickInForm(_ field: AuditionField) -> [StudioEffect] {
        guard overlay == nil || overlay == .sentence else { return [] }
        overlay = nil
        if audition.focus == .form, audition.field == field { return open(field) }
        audition.focus = .form
        audition.field = field
        return []
    }
}
