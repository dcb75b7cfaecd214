import TerminalKit
import Training

/// Takes that are being made, one after the other.
package struct TakeMaking: Sendable, Equatable {
    /// The first one is in hand.
    package var requests: [AuditionRequest]
    package var total: Int
    package var progress = AuditionProgress.loadingWeights
    package var isCancelled = false

    init(_ requests: [AuditionRequest]) {
        self.requests = requests
        total = requests.count
    }

    /// The number of the one in hand, from 1.
    package var number: Int { total - requests.count + 1 }
}

/// The same sentence spoken by several checkpoints, heard in their order as they come.
package struct TakeSeries: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        package var checkpoint: String
        /// nil until it is made.
        package var path: String?
    }

    package var items: [Item]
    /// The one to hear next.
    package var next = 0
}

extension StudioState {
    private func request(text: String, checkpoint: String?) -> AuditionRequest {
        let form = audition.form
        return AuditionRequest(
            text: text, checkpoint: checkpoint, seed: form.seed, fromHeldOutClip: form.fromHeldOutClip,
            reference: form.reference, sampling: form.sampling)
    }

    /// The take that a request would give once more.
    private func take(answering request: AuditionRequest) -> Take? {
        audition.takes.first { $0.answers(request, defaults: audition.defaults) }
    }

    /// The sentence in force, remembered; nil when there is none, or another one is being made.
    private mutating func sentence() -> String? {
        if audition.making != nil {
            _ = say(
                "One sentence at a time: the last one is still being made. esc on the Audition screen ends it.",
                .warning)
            return nil
        }
        let text = audition.form.text
        if text.allSatisfy(\.isWhitespace), !audition.form.fromHeldOutClip {
            _ = say("Type a sentence first.", .warning)
            return nil
        }
        if !audition.form.editor.text.isEmpty { _ = audition.form.editor.submit() }
        audition.form.lastText = text
        return text
    }

    mutating func speak() -> [StudioEffect] {
        let isTyping = overlay == .sentence
        if isTyping, audition.making == nil, audition.form.editor.text.allSatisfy(\.isWhitespace),
            !audition.form.fromHeldOutClip
        {
            return say("Type a sentence first.", .warning)
        }
        guard let text = sentence() else { return [] }
        overlay = nil
        audition.focus = .takes
        audition.series = nil
        let checkpoint = auditionCheckpoint
        let request = request(text: text, checkpoint: checkpoint)
        if let take = take(answering: request) {
            notice = Notice("This take was made before: \(take.path)", .accent)
            return listen(to: take)
        }
        audition.making = TakeMaking([request])
        return say("Speaking with \(checkpoint ?? "the weights of this moment") …", .accent, then: .audition(request))
    }

    // MARK: Across checkpoints

    mutating func openSeries() -> [StudioEffect] {
        if checkpoints.isEmpty { return say("There is no checkpoint yet; press s to make one.") }
        if audition.form.text.allSatisfy(\.isWhitespace), !audition.form.fromHeldOutClip {
            return say("Type a sentence first, with a.", .warning)
        }
        overlay = .choice(seriesChoice())
        return []
    }

    mutating func beginSeries(_ checkpoints: [String]) -> [StudioEffect] {
        guard let text = sentence() else { return [] }
        var series = TakeSeries(items: [])
        var missing: [AuditionRequest] = []
        for checkpoint in checkpoints {
            let request = request(text: text, checkpoint: checkpoint)
            let made = take(answering: request)
            series.items.append(TakeSeries.Item(checkpoint: checkpoint, path: made?.path))
            if made == nil { missing.append(request) }
        }
        audition.series = series
        audition.focus = .takes
        var effects: [StudioEffect] = []
        if let first = missing.first {
            audition.making = TakeMaking(missing)
            effects.append(.audition(first))
        }
        let made = checkpoints.count - missing.count
        notice = Notice(
            made == 0
                ? "Speaking with \(checkpoints.count) checkpoints …"
                : "Speaking with \(checkpoints.count) checkpoints; \(made) did so before.", .accent)
        return effects + playNextOfSeries()
    }

    /// Plays the next take of the series when it is there and nothing is heard.
    mutating func playNextOfSeries() -> [StudioEffect] {
        guard audition.playing == nil, overlay != .blindTest, let series = audition.series else { return [] }
        guard series.next < series.items.count else {
            audition.series = nil
            return []
        }
        guard let path = series.items[series.next].path, let take = audition.takes.first(where: { $0.path == path })
        else { return [] }
        audition.series?.next += 1
        return listen(to: take)
    }

    // MARK: What comes of it

    mutating func heard(_ take: Take) -> [StudioEffect] {
        audition.takes.removeAll { $0.path == take.path }
        audition.takes.insert(take, at: 0)
        audition.lastTake = take
        if let index = audition.series?.items.firstIndex(where: { $0.checkpoint == take.checkpoint && $0.path == nil })
        {
            audition.series?.items[index].path = take.path
        }
        let wasCancelled = audition.making?.isCancelled == true
        var effects = makeNext()
        // Nobody who votes blindly is to see or hear what came of something else.
        if overlay == .blindTest { return effects }
        if audition.series != nil { return effects + playNextOfSeries() }
        if wasCancelled { return effects + look() }
        let source = take.source == "prior" ? "the prior" : "held-out clip \(take.source), resynthesized"
        notice = Notice("Playing \(source), \(take.checkpoint): \(take.path)", .accent)
        effects += listen(to: take)
        audition.playing?.isAnnounced = true
        return effects
    }

    /// Goes on with the next one after the one in hand is done with.
    private mutating func makeNext() -> [StudioEffect] {
        guard var making = audition.making else { return [] }
        making.requests.removeFirst()
        guard let next = making.requests.first, !making.isCancelled else {
            audition.making = nil
            return []
        }
        making.progress = .loadingWeights
        audition.making = making
        return [.audition(next)]
    }

    mutating func makingEnded(_ failure: String?) -> [StudioEffect] {
        if let failure { notice = Notice(failure, .bad) }
        if failure == nil { notice = Notice("Not made: cancelled.", .warning) }
        // One checkpoint of a series that cannot be read does not end the others.
        if let failed = audition.making?.requests.first?.checkpoint {
            audition.series?.items.removeAll { $0.checkpoint == failed && $0.path == nil }
        }
        return makeNext() + playNextOfSeries()
    }

    mutating func cancelMaking() -> [StudioEffect] {
        guard audition.making != nil else {
            audition.marks = []
            return []
        }
        audition.making?.isCancelled = true
        if var series = audition.series {
            series.items.removeAll { $0.path == nil }
            audition.series = series
        }
        return say("Cancelling …", .warning, then: .cancelAudition)
    }
}
