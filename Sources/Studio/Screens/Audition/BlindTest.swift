import Training

/// Two takes of the same sentence; nobody sees which is which before the vote.
package struct BlindTest: Sendable, Equatable {
    package enum Side: Sendable, Equatable {
        case a, b
    }

    package var a: Take
    package var b: Take
    package var heardA = false
    package var heardB = false
    /// Played last.
    package var current: Side?
    /// Set when there was a vote: then it is told which is which.
    package var vote: TakeVote?

    package init(a: Take, b: Take) {
        self.a = a
        self.b = b
    }

    package func take(_ side: Side) -> Take { side == .a ? a : b }
}

extension StudioState {
    /// The two marked takes, else two of the selected take's sentence whose checkpoints were compared least.
    private func pair(of text: String?) -> (Take, Take)? {
        let marked = audition.takes.filter { audition.marks.contains($0.path) }
        if text == nil, marked.count == 2 { return marked[0].text == marked[1].text ? (marked[0], marked[1]) : nil }
        guard let text = text ?? audition.selectedTake?.text, !text.isEmpty else { return nil }
        var newest: [Take] = []
        for take in audition.takes where take.text == text && take.source == "prior" {
            if !newest.contains(where: { $0.checkpoint == take.checkpoint }) { newest.append(take) }
        }
        var best: (votes: Int, pair: (Take, Take))?
        for (index, first) in newest.enumerated() {
            for second in newest[(index + 1)...] {
                let count = votes(between: first.checkpoint, second.checkpoint)
                if best.map({ count < $0.votes }) ?? true { best = (count, (first, second)) }
            }
        }
        return best?.pair
    }

    private func votes(between one: String, _ other: String) -> Int {
        let pair = Set([one, other])
        return audition.votes.filter { Set([$0.first.checkpoint, $0.second.checkpoint]) == pair }.count
    }

    mutating func beginBlindTest(text: String? = nil) -> [StudioEffect] {
        guard let (first, second) = pair(of: text) else {
            if audition.marks.count == 2 { return say("The two marked takes say different sentences.", .warning) }
            return say(
                "A and B are takes of one sentence by two checkpoints: press m to have others speak it, too.", .warning)
        }
        return [.drawLot(first, second)]
    }

    /// Opens the comparison.
    mutating func offer(_ a: Take, _ b: Take) -> [StudioEffect] {
        audition.blind = BlindTest(a: a, b: b)
        audition.series = nil
        audition.playing = nil
        overlay = .blindTest
        notice = nil
        let unseen = [a, b].filter { audition.pictures[$0.path] == nil }
        return [.stopPlaying] + unseen.map { .loadSound($0.path) }
    }

    mutating func performInBlindTest(_ action: AuditionAction) -> [StudioEffect] {
        guard let blind = audition.blind else {
            overlay = nil
            return []
        }
        switch action {
        case .playA: return hear(.a, from: 0)
        case .playB: return hear(.b, from: 0)
        case .playOther:
            let other: BlindTest.Side = blind.current == .a ? .b : .a
            let place = audition.playing?.seconds ?? 0
            return hear(other, from: place < blind.take(other).duration ? place : 0)
        case .betterA: return vote(.first)
        case .betterB: return vote(.second)
        case .noDifference: return vote(.neither)
        case .nextPair: return beginBlindTest(text: blind.a.text)
        case .closeBlindTest:
            overlay = nil
            audition.blind = nil
            audition.playing = nil
            return [.stopPlaying] + look()
        default: return []
        }
    }

    private mutating func hear(_ side: BlindTest.Side, from start: Double) -> [StudioEffect] {
        guard var blind = audition.blind else { return [] }
        blind.current = side
        if side == .a { blind.heardA = true } else { blind.heardB = true }
        audition.blind = blind
        return play(blind.take(side).path, from: start)
    }

    private mutating func vote(_ choice: TakeVote.Choice) -> [StudioEffect] {
        guard var blind = audition.blind, blind.vote == nil else { return [] }
        guard blind.heardA, blind.heardB else { return say("Hear both first: a plays A, b plays B.", .warning) }
        func side(_ take: Take) -> TakeVote.Side {
            let name = take.path.split(separator: "/").last.map(String.init) ?? take.path
            return TakeVote.Side(take: name, checkpoint: take.checkpoint)
        }
        let vote = TakeVote(date: now, text: blind.a.text, first: side(blind.a), second: side(blind.b), choice: choice)
        blind.vote = vote
        audition.blind = blind
        audition.votes.append(vote)
        audition.playing = nil
        return [.stopPlaying, .keepVote(vote)]
    }
}
