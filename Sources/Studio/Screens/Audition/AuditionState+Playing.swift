import Training

// Takes are heard from any place, again and again.
extension StudioState {
    /// Selects a take and plays it.
    mutating func listen(to take: Take, from start: Double = 0) -> [StudioEffect] {
        audition.lastTake = take
        audition.selectedPath = audition.takes.first?.path == take.path ? nil : take.path
        audition.cursor = start
        return play(take.path, from: start) + look()
    }

    /// Plays a sound from a second on.
    mutating func play(_ path: String, from start: Double) -> [StudioEffect] {
        let order = PlaybackOrder(path: path, start: start, isLooping: audition.isLooping)
        audition.playing = PlayingSound(order: order, seconds: start)
        return [.play(order)]
    }

    mutating func playOrStop() -> [StudioEffect] {
        guard let take = audition.selectedTake else { return say("There is no take yet; press a and type a sentence.") }
        if audition.playing?.order.path == take.path { return stopPlaying() }
        audition.series = nil
        // From the end there would be nothing to hear.
        return listen(to: take, from: audition.cursor >= take.duration - 0.01 ? 0 : audition.cursor)
    }

    mutating func replayLastTake() -> [StudioEffect] {
        guard let take = audition.lastTake ?? audition.takes.first else {
            return say("There is no take yet; press a and type a sentence.")
        }
        audition.series = nil
        notice = Notice("Playing \(take.path)", .accent)
        let effects = listen(to: take)
        audition.playing?.isAnnounced = true
        return effects
    }

    /// Silence; when there is silence already, what is being made is ended.
    mutating func stopPlaying() -> [StudioEffect] {
        guard let playing = audition.playing else {
            return audition.making == nil ? [] : cancelMaking()
        }
        audition.series = nil
        if playing.order.path == audition.selectedTake?.path { audition.cursor = playing.seconds }
        audition.playing = nil
        if screen == .audition {
            notice = nil
            return [.stopPlaying]
        }
        return say("Stopped.", then: .stopPlaying)
    }

    mutating func toggleLoop() -> [StudioEffect] {
        audition.isLooping.toggle()
        audition.playing?.order.isLooping = audition.isLooping
        return audition.playing == nil ? [] : [.setLooping(audition.isLooping)]
    }

    mutating func seek(bySeconds seconds: Double) -> [StudioEffect] {
        guard let take = audition.selectedTake, take.duration > 0 else { return [] }
        return seek(to: (audition.place + seconds) / take.duration)
    }

    /// Moves to a place, 0 ... 1, of the selected take; what is being heard goes on from there.
    mutating func seek(to fraction: Double) -> [StudioEffect] {
        guard let take = audition.selectedTake else { return [] }
        audition.focus = .takes
        let second = max(0, min(1, fraction)) * take.duration
        audition.cursor = second
        guard audition.playing?.order.path == take.path else { return [] }
        if second >= take.duration { return stopPlaying() }
        return play(take.path, from: second)
    }

    mutating func playingEnded() -> [StudioEffect] {
        guard let playing = audition.playing else { return [] }
        audition.playing = nil
        if playing.isAnnounced { notice = Notice("Played \(playing.order.path)", .good) }
        return playNextOfSeries()
    }

    mutating func playingFailed(_ sentence: String) -> [StudioEffect] {
        let path = audition.playing?.order.path ?? audition.lastTake?.path ?? ""
        audition.playing = nil
        // Without a sound card the takes of a series are made all the same, and nothing is played after all of them.
        audition.series = nil
        // A name would tell which of the two it was.
        let isBlind = overlay == .blindTest
        // What was not heard is not voted on.
        if audition.blind?.current == .a { audition.blind?.heardA = false }
        if audition.blind?.current == .b { audition.blind?.heardB = false }
        return say(isBlind ? sentence : "\(sentence) The take is in \(path).", .warning)
    }
}
