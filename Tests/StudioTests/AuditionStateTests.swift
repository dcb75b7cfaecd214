import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// What the audition's keys, the mouse and the answers of the session come to.
@Suite struct AuditionStateTests {
    private func press(_ state: inout StudioState, _ keys: Key...) -> [StudioEffect] {
        keys.flatMap { state.reduce(.terminal(.key($0))) }
    }

    private func type(_ state: inout StudioState, _ text: String) {
        for character in text { _ = state.reduce(.terminal(.key(.character(character)))) }
    }

    private func request(
        _ checkpoint: String?, text: String = Fixture.sentence, seed: UInt64 = 1, reference: String? = nil,
        sampling: AuditionSampling? = nil
    ) -> AuditionRequest {
        AuditionRequest(
            text: text, checkpoint: checkpoint, seed: seed, fromHeldOutClip: false, reference: reference,
            sampling: sampling)
    }

    // MARK: Speaking

    @Test func theScreenAsksOnceForTakesAndForThePictureThatIsLookedAt() {
        var state = Fixture.state()
        #expect(press(&state, "3") == [.loadAudition])
        #expect(state.reduce(.auditionMaterial(Fixture.material)) == [.loadSound("takes/6.wav")])
        #expect(state.audition.takes.map(\.path) == Fixture.takes.reversed().map(\.path))
        #expect(press(&state, "1", "3") == [.loadSound("takes/6.wav")])
        _ = state.reduce(.soundRead("takes/6.wav", .success(Fixture.sound)))
        #expect(press(&state, .down) == [.loadSound("takes/5.wav")])
        #expect(press(&state, .up).isEmpty)
    }

    @Test func settingsGoIntoTheRequest() {
        var state = Fixture.audition()
        _ = press(&state, "w", .down, .down, .enter)
        #expect(state.auditionCheckpoint == "main/g_0000120")
        _ = press(&state, "r", .down, .enter)
        // Seed, source, temperature.
        _ = press(&state, .tab, .down, .down, .right, .right, .down, .down, .left)
        // Top-k is typed.
        _ = press(&state, .down, .enter, .control("u"))
        type(&state, "0")
        #expect(press(&state, .enter).isEmpty)
        #expect(state.notice?.text.contains("1 to 1024") == true)
        _ = press(&state, .backspace)
        type(&state, "40")
        _ = press(&state, .enter)
        let wanted = request(
            "main/g_0000120", seed: 3, reference: "clip_01", sampling: AuditionSampling(topK: 40, temperature: 0.95))
        #expect(press(&state, "g") == [.audition(wanted)])
    }

    @Test func goingThereAndBackWithASettingEndsWhereItBegan() {
        var state = Fixture.audition()
        _ = press(&state, .tab)
        for field in AuditionField.allCases {
            while state.audition.field != field { _ = press(&state, .down) }
            // The share of probability begins at its end.
            let there: Key = field == .topP ? .left : .right
            for _ in 0..<3 { _ = press(&state, there) }
            for _ in 0..<3 { _ = press(&state, there == .left ? .right : .left) }
        }
        #expect(state.audition.form.sampling == nil)
        #expect(state.audition.form.reference == nil)
        #expect(state.auditionCheckpoint == nil)
        #expect(state.audition.form.seed == 1)
    }

    @Test func whatWasMadeBeforeIsPlayedAtOnce() {
        var state = Fixture.audition()
        _ = press(&state, "w", .down, .down, .enter)
        #expect(press(&state, "g") == [.play(PlaybackOrder(path: "takes/6.wav"))])
        #expect(press(&state, "n") == [.audition(request("main/g_0000120", seed: 2))])
    }

    @Test func theSentenceOfATakeIsEditedAndOldOnesComeBack() {
        var state = Fixture.audition()
        _ = press(&state, .down, .down, .down, .down, "e")
        #expect(state.audition.form.editor.text == "Hello.")
        type(&state, " You")
        #expect(press(&state, .enter) == [.audition(request(nil, text: "Hello. You"))])
        _ = press(&state, "a", .up, .up)
        #expect(state.audition.form.editor.text == Fixture.sentence)
    }

    @Test func makingCanBeEndedAndSaysHowFarItIs() {
        var state = Fixture.audition()
        _ = press(&state, "n")
        _ = state.reduce(.auditionProgress(.speaking(0.5)))
        #expect(state.audition.making?.progress == .speaking(0.5))
        #expect(press(&state, .escape) == [.cancelAudition])
        #expect(state.reduce(.auditionCancelled).isEmpty)
        #expect(state.audition.activity == .none)
        // Too late to be cancelled: the take is there, and nobody is surprised by it.
        _ = press(&state, "n", .escape)
        #expect(!state.reduce(.auditioned(Fixture.take(7, "main@140"))).contains { $0.plays })
        #expect(state.audition.takes.first?.path == "takes/7.wav")
    }

    // MARK: Across checkpoints

    @Test func aSentenceIsMadeByEveryCheckpointAndHeardInTheirOrder() {
        var state = Fixture.audition()
        let begun = press(&state, "m", .down, .down, .enter)
        // 40, 80 and 120 have spoken it, 136 has not.
        #expect(begun == [.audition(request("main/g_0000136")), .play(PlaybackOrder(path: "takes/1.wav"))])
        #expect(state.reduce(.played(1)) == [.play(PlaybackOrder(path: "takes/3.wav"))])
        _ = state.reduce(.auditioned(Fixture.take(9, "main/g_0000136")))
        #expect(state.audition.making == nil)
        #expect(state.reduce(.played(2)) == [.play(PlaybackOrder(path: "takes/6.wav"))])
        let last = state.reduce(.played(3))
        #expect(last.first == .play(PlaybackOrder(path: "takes/9.wav")))
        #expect(state.reduce(.played(4)).isEmpty)
        #expect(state.audition.series == nil)
    }

    @Test func aSeriesGoesOnAfterACheckpointThatCannotSpeak() {
        var state = Fixture.audition()
        _ = press(&state, "n")
        _ = state.reduce(.auditionFailed("x"))
        let begun = press(&state, "m", .enter)
        #expect(begun == [.audition(request("main/g_0000120", seed: 2))])
        let next = state.reduce(.auditionFailed("main/g_0000120 is damaged."))
        #expect(next == [.audition(request("main/g_0000136", seed: 2))])
        #expect(state.notice?.text == "main/g_0000120 is damaged.")
        let made = state.reduce(.auditioned(Fixture.take(9, "main/g_0000136", seed: 2)))
        #expect(made.first == .play(PlaybackOrder(path: "takes/9.wav")))
    }

    // MARK: Playing

    @Test func playingBeginsAtTheCursorAndStopsThere() {
        var state = Fixture.audition()
        #expect(press(&state, "]", .right, .right).isEmpty)
        let played = press(&state, .enter)
        guard case .play(let order) = played.first else { return #expect(Bool(false), "nothing is played") }
        #expect(abs(order.start - 1.2) < 1e-9)
        _ = state.reduce(.playMoved(1, seconds: 1.5))
        #expect(press(&state, .enter) == [.stopPlaying])
        #expect(state.audition.cursor == 1.5)
        // Another take begins at its beginning, and this one's place is forgotten.
        _ = press(&state, .down, .up)
        #expect(state.audition.cursor == 0)
    }

    @Test func movingTheCursorWhileItPlaysGoesOnFromThere() {
        var state = Fixture.audition()
        _ = press(&state, "l", .enter)
        _ = state.reduce(.playMoved(1, seconds: 0.5))
        #expect(press(&state, "]") == [.play(PlaybackOrder(path: "takes/6.wav", start: 1.5, isLooping: true))])
        #expect(press(&state, "l") == [.setLooping(false)])
        #expect(press(&state, "0") == [.play(PlaybackOrder(path: "takes/6.wav"))])
    }

    @Test func aClickInThePictureGoesToThatPlace() {
        var state = Fixture.audition()
        _ = press(&state, .enter)
        let grid = drawStudio(state, size: TerminalSize(columns: 120, rows: 40), glyphs: .braille)
        let found = grid.targets.first { $0.value as? StudioTarget == .takePicture }
        guard let rect = found?.rect else { return #expect(Bool(false), "no picture") }
        let target = PointedTarget(
            target: .takePicture, offset: CellPosition(row: 2, column: rect.columns / 2), rect: rect)
        let effects = state.reduce(.mouse(MouseEvent(.press, at: CellPosition(row: 0, column: 0)), on: target))
        guard case .play(let order) = effects.first else { return #expect(Bool(false), "nothing is played") }
        #expect(abs(order.start - 1.02) < 0.05)
    }

    @Test func aClickChoosesATakeAndASetting() {
        var state = Fixture.audition()
        let rect = CellRect(row: 0, column: 0, rows: 1, columns: 1)
        func click(_ target: StudioTarget) -> [StudioEffect] {
            let pointed = PointedTarget(target: target, offset: CellPosition(row: 0, column: 0), rect: rect)
            return state.reduce(.mouse(MouseEvent(.press, at: CellPosition(row: 0, column: 0)), on: pointed))
        }
        _ = click(.line(.audition, 2))
        #expect(state.audition.selectedTake?.path == "takes/4.wav")
        _ = click(.auditionField(.topK))
        #expect(state.overlay == nil)
        _ = click(.auditionField(.topK))
        #expect(state.overlay?.place == .prompt)
    }

    @Test func withoutASoundCardEverythingIsMadeAndNothingIsSaidTwice() {
        var state = Fixture.audition()
        _ = press(&state, "m", .enter)
        _ = state.reduce(.playFailed(1, "There is no sound device to play on."))
        #expect(state.notice?.text == "There is no sound device to play on. The take is in takes/6.wav.")
        #expect(!state.reduce(.auditioned(Fixture.take(9, "main/g_0000136"))).contains { $0 == .stopPlaying })
        #expect(state.audition.takes.first?.path == "takes/9.wav")
    }

    // MARK: Blind A/B

    @Test func thePairThatWasComparedLeastIsOffered() {
        var state = Fixture.audition()
        // 40 against 80 has two votes, 80 against 120 one, 40 against 120 none.
        #expect(press(&state, "b") == [.drawLot(Fixture.takes[5], Fixture.takes[0])])
        _ = press(&state, "v", .down, .down, .down, "v")
        #expect(press(&state, "b") == [.drawLot(Fixture.takes[5], Fixture.takes[2])])
    }

    @Test func oneCheckpointAloneIsNotCompared() {
        var state = Fixture.audition()
        #expect(press(&state, .down, "b").isEmpty)
        #expect(state.notice?.text.contains("press m") == true)
    }

    @Test func aVoteNeedsBothToBeHeardIsKeptAndThenTellsWhichWasWhich() throws {
        var state = Fixture.audition()
        _ = state.reduce(.lotDrawn(a: Fixture.takes[0], b: Fixture.takes[5]))
        let size = TerminalSize(columns: 120, rows: 40)
        func picture() -> String {
            drawStudio(state, size: size, glyphs: .braille).text
        }
        #expect(press(&state, "1").isEmpty)
        #expect(state.notice?.text.hasPrefix("Hear both first") == true)
        #expect(press(&state, "a") == [.play(PlaybackOrder(path: "takes/1.wav"))])
        _ = state.reduce(.playMoved(1, seconds: 1.25))
        // The other one, at the same place.
        #expect(press(&state, .tab) == [.play(PlaybackOrder(path: "takes/6.wav", start: 1.25))])
        #expect(!picture().contains("▸ g_0000") && state.audition.place == 0)
        let effects = press(&state, "2")
        let vote = try #require(state.audition.votes.last)
        #expect(effects == [.stopPlaying, .keepVote(vote)])
        #expect(vote.winner == "main/g_0000120" && vote.second.take == "6.wav" && vote.text == Fixture.sentence)
        #expect(picture().contains("B is better: main/g_0000120"))
        // A second vote is none.
        #expect(press(&state, "1").isEmpty)
        #expect(press(&state, .enter).count == 1)
        #expect(press(&state, .escape) == [.stopPlaying])
        #expect(state.overlay == nil && state.audition.blind == nil)
    }

    @Test func nothingThatComesMeanwhileGivesAwayWhichIsWhich() {
        var state = Fixture.audition()
        _ = press(&state, "n")
        _ = state.reduce(.lotDrawn(a: Fixture.takes[0], b: Fixture.takes[5]))
        _ = press(&state, "a")
        #expect(state.reduce(.auditioned(Fixture.take(7, "main@140"))).isEmpty)
        _ = state.reduce(.playFailed(2, "There is no sound device to play on."))
        #expect(state.notice?.text == "There is no sound device to play on.")
        #expect(state.audition.blind?.heardA == false)
    }

    @Test func standingsCountWinsAndDraws() {
        var votes = Fixture.material.votes
        votes[0].choice = .neither
        let table = VoteStanding.table(votes)
        #expect(table.map(\.checkpoint) == ["main/g_0000120", "main/g_0000080", "main/g_0000040"])
        #expect(table.map(\.wins) == [1, 1, 0])
        #expect(table.map(\.draws) == [0, 1, 1])
        #expect(table.map(\.losses) == [0, 1, 1])
    }
}

extension StudioEffect {
    var plays: Bool {
        if case .play = self { return true }
        return false
    }
}
