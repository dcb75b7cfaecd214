import Training

/// A sentence being recorded: shown, spoken, looked at, kept. A value that says what is to be done; whoever holds it does it.
package struct RecorderState: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        case ready
        case recording
        /// Trimming and looking at what was recorded.
        case checking
        case review(RecordingDraft)
        case keeping(RecordingDraft)
    }

    package enum Effect: Sendable, Equatable {
        case start
        /// Ends the recording and prepares what it holds as this sentence.
        case stop(saying: String)
        case discard
        case prepare(RecordedSound, saying: String)
        case play(RecordedSound)
        case stopPlaying
        case keep(RecordingDraft)
    }

    package enum Message: Sendable, Equatable {
        /// Seconds so far, and the largest magnitude since the last time.
        case meter(seconds: Double, peak: Float)
        /// It became as long as is allowed.
        case full(RecordedSound)
        case failed(String)
        case prepared(RecordingDraft)
        /// The name it is kept under.
        case kept(String)
        case notKept(String)
        /// What was played is over, or could not be played: one sentence.
        case played(String?)
    }

    package var phase = Phase.ready
    package var sentences: [String]
    package var index = 0
    /// Typed by the reader; in place of the sentence of the list.
    package var ownSentence: String?
    package var seconds = 0.0
    /// The largest magnitudes of the last moments, the newest last.
    package var peaks: [Float] = []
    package var keptCount = 0
    package var isPlaying = false
    /// What there is to say, and whether it is bad news.
    package var remark: (text: String, isBad: Bool)? {
        get { remarkText.isEmpty ? nil : (remarkText, isBad) }
        set { (remarkText, isBad) = (newValue?.text ?? "", newValue?.isBad ?? false) }
    }
    private var remarkText = ""
    private var isBad = false

    package init(sentences: [String]) { self.sentences = sentences }

    /// What is to be said; empty while the reader has to type it.
    package var sentence: String {
        ownSentence ?? (sentences.isEmpty ? "" : sentences[index % sentences.count])
    }

    package mutating func perform(_ action: RecorderAction) -> [Effect] {
        switch action {
        case .recordOrStop: return recordOrStop()
        case .keep:
            guard case .review(let draft) = phase else { return [] }
            if let refusal = draft.refusal {
                remark = ("It cannot be kept: \(refusal). r records it again.", true)
                return []
            }
            phase = .keeping(draft)
            return [.keep(draft)]
        case .again:
            guard case .review = phase else { return [] }
            return begin()
        case .hear:
            guard case .review(let draft) = phase else { return [] }
            isPlaying = true
            return [.play(draft.sound)]
        case .silence:
            isPlaying = false
            return [.stopPlaying]
        case .next, .previous:
            guard phase != .recording, phase != .checking, !sentences.isEmpty else { return [] }
            index = (index + (action == .next ? 1 : sentences.count - 1)) % sentences.count
            return toReady()
        case .ownSentence, .close: return []
        }
    }

    /// Another sentence than those of the list; an empty one goes back to them.
    package mutating func say(_ text: String) -> [Effect] {
        ownSentence = text.allSatisfy(\.isWhitespace) ? nil : text
        return toReady(keepingOwn: true)
    }

    /// What ends with the recorder.
    package var closing: [Effect] { phase == .recording ? [.discard, .stopPlaying] : [.stopPlaying] }

    private mutating func toReady(keepingOwn: Bool = false) -> [Effect] {
        phase = .ready
        remark = nil
        if !keepingOwn { ownSentence = nil }
        defer { isPlaying = false }
        return isPlaying ? [.stopPlaying] : []
    }

    private mutating func recordOrStop() -> [Effect] {
        switch phase {
        case .ready, .review: return begin()
        case .recording:
            phase = .checking
            return [.stop(saying: sentence)]
        case .checking, .keeping: return []
        }
    }

    private mutating func begin() -> [Effect] {
        guard !sentence.isEmpty else {
            remark = ("Type what you will say first, with e.", true)
            return []
        }
        (phase, seconds, peaks, remark) = (.recording, 0, [], nil)
        defer { isPlaying = false }
        return (isPlaying ? [.stopPlaying] : []) + [.start]
    }

    package mutating func take(_ message: Message) -> [Effect] {
        switch message {
        case .meter(let seconds, let peak):
            guard phase == .recording else { return [] }
            self.seconds = seconds
            peaks = peaks.suffix(255) + [peak]
        case .full(let sound):
            guard phase == .recording else { return [] }
            phase = .checking
            return [.prepare(sound, saying: sentence)]
        case .failed(let sentence):
            phase = .ready
            remark = (sentence, true)
        case .prepared(let draft):
            guard phase == .checking else { return [] }
            phase = .review(draft)
            remark = draft.refusal.map { ("It cannot be kept: \($0). r records it again.", true) }
        case .kept(let name):
            keptCount += 1
            index += sentences.isEmpty ? 0 : 1
            ownSentence = nil
            phase = .ready
            remark = ("Kept as \(name).", false)
        case .notKept(let sentence):
            if case .keeping(let draft) = phase { phase = .review(draft) }
            remark = (sentence, true)
        case .played(let sentence):
            isPlaying = false
            if let sentence { remark = (sentence, true) }
        }
        return []
    }
}
