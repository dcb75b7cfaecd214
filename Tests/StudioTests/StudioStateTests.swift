import Foundation
import Studio
import TerminalKit
import Testing
import Training

@Suite struct StudioStateTests {
    private func press(_ state: inout StudioState, _ keys: Key...) -> [StudioEffect] {
        keys.flatMap { state.reduce(.terminal(.key($0))) }
    }

    private func type(_ state: inout StudioState, _ text: String) {
        for character in text { _ = state.reduce(.terminal(.key(.character(character)))) }
    }

    // MARK: Commands

    @Test func spacePausesAndGoesOn() {
        var state = Fixture.state()
        let pause = press(&state, .character(" "))
        #expect(pause == [.send(.pause)])
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(.paused))))
        #expect(state.notice?.text == "Paused after step 140.")
        let resume = press(&state, .character(" "))
        #expect(resume == [.send(.resume)])
    }

    @Test func spaceStillPausesWhileACheckpointIsBeingSaved() {
        var state = Fixture.state()
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(.saving))))
        let effects = press(&state, .character(" "))
        #expect(effects == [.send(.pause)])
    }

    @Test func aHaltIsShownAndSpaceGoesOn() {
        var state = Fixture.state(.halted("The mel loss of step 140 is not finite; r goes back."))
        #expect(state.notice == Notice("The mel loss of step 140 is not finite; r goes back.", .bad))
        let effects = press(&state, .character(" "))
        #expect(effects == [.send(.resume)])
    }

    @Test func snapshotIsSent() {
        var state = Fixture.state()
        let effects = press(&state, .character("s"))
        #expect(effects == [.send(.snapshot)])
    }

    @Test func nothingIsSentBeforeTrainingBegins() {
        var state = StudioState(now: Fixture.now)
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(.preparing("Reading clips", fraction: 0.3)))))
        for key in [" ", "s", "r", "t", "l"] as [Character] {
            let effects = press(&state, .character(key))
            #expect(effects.isEmpty)
            #expect(state.overlay == nil)
            #expect(state.notice?.text == "Training has not begun yet.")
        }
    }

    @Test func whoeverLooksOnChangesNothing() {
        var state = Fixture.state(.watching(owner: "process 7 on ada"))
        #expect(state.notice?.text == "This studio looks on: process 7 on ada trains the voice.")
        for key in [" ", "s", "r", "t", "l"] as [Character] {
            let effects = press(&state, .character(key))
            #expect(effects.isEmpty && state.overlay == nil)
            #expect(state.notice?.text.contains("process 7 on ada trains the voice. Change it there") == true)
        }
        state.screen = .data
        for key in ["d", "t", "f", "n", "u", "A"] as [Character] {
            state.notice = nil
            let effects = press(&state, .character(key))
            #expect(effects.isEmpty && state.overlay == nil && state.data.recorder == nil)
            #expect(state.notice?.text.contains("looks on") == true)
        }
        // There is nothing to save.
        let leaving = press(&state, .character("q"))
        #expect(leaving == [.stopPlaying, .send(.stop), .leave(.finished)])
    }

    @Test func whoeverLooksOnTakesOverWhenNobodyTrains() {
        var state = Fixture.state(.watching(owner: "process 7 on ada"))
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(.watching(owner: nil)))))
        #expect(state.notice?.text == "Nobody trains this voice now. Press space to train it here.")
        let effects = press(&state, .character(" "))
        #expect(effects == [.stopPlaying, .send(.stop), .leave(.reopened)])
    }

    @Test func rollBackAsksFirstAndSaysThatNothingIsDeleted() {
        var state = Fixture.state()
        let asked = press(&state, .down, .down, .character("r"))
        #expect(asked.isEmpty)
        guard case .question(let question) = state.overlay else { return #expect(Bool(false), "no question") }
        #expect(question.effects == [.send(.rollBack(to: "main/g_0000080"))])
        let text = drawStudio(state, size: TerminalSize(columns: 80, rows: 24), glyphs: .braille).text
        #expect(text.contains("new branch"))
        #expect(text.contains("nothing"))

        let refused = press(&state, .character("n"))
        #expect(refused.isEmpty)
        #expect(state.overlay == nil)
        let agreed = press(&state, .character("r"), .character("y"))
        #expect(agreed == [.send(.rollBack(to: "main/g_0000080"))])
    }

    @Test func theCheckpointAskedAboutStaysTheSameWhenANewOneComes() {
        var state = Fixture.state()
        _ = press(&state, .character("r"))
        let newer = Fixture.checkpoints + [Fixture.checkpoint(141, minutesAgo: 0)]
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 141, checkpoints: newer))))
        let effects = press(&state, .character("y"))
        #expect(effects == [.send(.rollBack(to: "main/g_0000136"))])
    }

    @Test func otherKeysDoNothingWhileAQuestionIsOpen() {
        var state = Fixture.state()
        let effects = press(&state, .character("r"), .character("s"), .character(" "), .up, .tab)
        #expect(effects.isEmpty)
        #expect(state.overlay != nil)
    }

    @Test func theSelectionFollowsItsCheckpointAndTheNewestWithoutOne() {
        var state = Fixture.state()
        #expect(state.selectedCheckpoint?.step == 136)
        let newer = Fixture.checkpoints + [Fixture.checkpoint(141, minutesAgo: 0)]
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 141, checkpoints: newer))))
        #expect(state.selectedCheckpoint?.step == 141)
        _ = press(&state, .down)
        #expect(state.selectedCheckpoint?.step == 136)
        let newest = newer + [Fixture.checkpoint(150, minutesAgo: -1)]
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 150, checkpoints: newest))))
        #expect(state.selectedCheckpoint?.step == 136)
        _ = press(&state, .end, .down)
        #expect(state.selectedCheckpoint?.step == 40)
    }

    @Test func withoutCheckpointsRollBackSaysHowToMakeOne() {
        var state = Fixture.state()
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(checkpoints: []))))
        _ = press(&state, .down, .character("r"))
        #expect(state.overlay == nil)
        #expect(state.notice?.text.contains("press s") == true)
    }

    @Test func stagesGoRound() {
        var state = Fixture.state()
        let effects = press(&state, .character("t"), .character("t"), .character("t"))
        #expect(effects == [.send(.setStage(.sovits)), .send(.setStage(.prior)), .send(.setStage(nil))])
    }

    @Test func stagesGoOnFromTheOneAnEarlierSessionWished() {
        var state = Fixture.state()
        var snapshot = Fixture.snapshot()
        snapshot.stageOverride = .prior
        _ = state.reduce(.update(.snapshot(snapshot)))
        #expect(state.onlyStage == .prior)
        // A key counts at once, also while snapshots still tell of the step before.
        #expect(press(&state, .character("t"), .character("t")) == [.send(.setStage(nil)), .send(.setStage(.sovits))])
        _ = state.reduce(.update(.snapshot(snapshot)))
        #expect(state.onlyStage == .sovits)
        // Going back to a time before the wish undoes it.
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 80, branch: "b2"))))
        #expect(state.onlyStage == nil)
    }

    @Test func aLearningRateFactorIsAskedForAndChecked() {
        var state = Fixture.state()
        _ = press(&state, .character("l"))
        for wrong in ["0", "-1", "11", "nan", "ten", ""] {
            _ = press(&state, .control("u"))
            type(&state, wrong)
            let effects = press(&state, .enter)
            #expect(effects.isEmpty)
            #expect(state.overlay != nil)
        }
        _ = press(&state, .control("u"))
        type(&state, "0,5")
        let effects = press(&state, .enter)
        #expect(effects == [.send(.setLearningRateFactor(0.5))])
        #expect(state.overlay == nil)
    }

    // MARK: Leaving

    @Test func quitSavesFirstAndSaysSo() {
        var state = Fixture.state()
        let effects = press(&state, .character("q"))
        #expect(effects.contains(.send(.stop)))
        #expect(!effects.contains(.leave(.finished)))
        #expect(state.notice?.text.hasPrefix("Saving") == true)
        let saving = state.reduce(.update(.snapshot(Fixture.snapshot(.saving))))
        #expect(saving.isEmpty)
        let stopped = state.reduce(.update(.snapshot(Fixture.snapshot(.stopped))))
        #expect(stopped == [.leave(.finished)])
    }

    @Test func askedTwiceItLeavesAtOnce() {
        var state = Fixture.state()
        _ = press(&state, .character("q"))
        let second = press(&state, .character("q"))
        #expect(second == [.leave(.abandoned)])

        var other = Fixture.state()
        _ = press(&other, .character("a"), .control("c"))
        #expect(other.leaving == .interrupted(SIGINT))
        let again = press(&other, .control("c"))
        #expect(again == [.leave(.abandoned)])
    }

    @Test func aLostTerminalSavesAndComesWithoutASecondAsking() {
        var state = Fixture.state()
        let lost = state.reduce(.terminal(.lost))
        #expect(lost.contains(.send(.interrupt)))
        let again = state.reduce(.terminal(.lost))
        #expect(again.isEmpty)
        let ended = state.reduce(.sessionEnded)
        #expect(ended == [.leave(.terminalLost)])
        #expect(StudioExit.terminalLost.code == 129)
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func signalsSaveAndGiveTheirExitCode(signal: Int32, code: Int32) {
        var state = Fixture.state()
        let effects = state.reduce(.terminal(.signal(signal)))
        #expect(effects.contains(.send(.interrupt)))
        let ended = state.reduce(.update(.snapshot(Fixture.snapshot(.stopped))))
        #expect(ended == [.leave(.interrupted(signal))])
        #expect(StudioExit.interrupted(signal).code == code)
    }

    @Test func aStepThatOutlastsTheSignalsPatienceIsLeft() {
        var state = Fixture.state()
        #expect(state.reduce(.patienceEnded("Too late.")).isEmpty, "nobody is leaving")
        _ = state.reduce(.interrupt(SIGTERM))
        #expect(state.reduce(.patienceEnded("Left.")) == [.leave(.leftInStep(SIGTERM, "Left."))])
        #expect(StudioExit.leftInStep(SIGTERM, "Left.").code == 143)
    }

    @Test func theStatusTellsWhatIsAtRiskAndWhatSavingCosts() {
        var snapshot = Fixture.snapshot()
        #expect(Wording.safety(snapshot) == nil)
        snapshot.safety = TrainingSnapshot.Safety(savedStep: 128, isSaving: false, interval: 180, cost: 0.0042)
        #expect(Wording.safety(snapshot) == "12 steps at risk, saved every 3 min for 0.4 %")
        snapshot.safety.isSaving = true
        snapshot.safety.cost = nil
        #expect(Wording.safety(snapshot) == "saving, saved every 3 min")
        #expect(Wording.diskUse(snapshot) == nil)
        (snapshot.safety.nextBytes, snapshot.safety.freeBytes) = (189_000_000, 51_200_000_000)
        #expect(Wording.diskUse(snapshot) == "189 MB a save, 51 GB free")
    }

    @Test func afterTheEndQuitLeavesWithoutWaiting() {
        var state = Fixture.state(.stopped)
        let effects = press(&state, .character("q"))
        #expect(effects == [.leave(.finished)])
    }

    @Test func aFailureIsShownAndIsTheExit() {
        var state = Fixture.state(.failed("The disk is full."))
        #expect(state.notice?.text == "The disk is full.")
        let effects = press(&state, .character("q"))
        #expect(effects == [.leave(.failed("The disk is full."))])
        #expect(StudioExit.failed("").code == 1)
    }

    // MARK: Audition

    @Test func aSentenceGoesToTheChosenWeights() {
        var state = Fixture.state()
        _ = press(&state, .down, .character("a"))
        type(&state, "q 日本")
        _ = state.reduce(.terminal(.paste("!\n")))
        let now = press(&state, .enter)
        let first = AuditionRequest(text: "q 日本! ", checkpoint: nil, seed: 1, fromHeldOutClip: false)
        #expect(now == [.audition(first)])

        let busy = press(&state, .character("a"), .up, .enter)
        #expect(busy.isEmpty)
        #expect(state.notice?.text.hasPrefix("One sentence at a time") == true)

        _ = state.reduce(.auditionFailed("The text has no letter that can be spoken."))
        let old = press(&state, .tab, .control("t"), .enter)
        var second = first
        second.checkpoint = "main/g_0000120"
        second.fromHeldOutClip = true
        #expect(old == [.audition(second)])
    }

    @Test func anEmptySentenceIsNotSpoken() {
        var state = Fixture.state()
        _ = press(&state, .character("a"), .character(" "))
        let effects = press(&state, .enter)
        #expect(effects.isEmpty)
        #expect(state.overlay == .sentence)
    }

    @Test func aTakeIsPlayedAndItsPathAndSourceShown() {
        var state = Fixture.state()
        let take = Fixture.take(source: "clip_07")
        let effects = state.reduce(.auditioned(take))
        #expect(effects == [.play(PlaybackOrder(path: take.path))])
        #expect(state.notice?.text.contains("held-out clip clip_07") == true)
        #expect(state.notice?.text.contains("takes/0003.wav") == true)
        let stop = press(&state, .character("x"))
        #expect(stop == [.stopPlaying])
        let replay = press(&state, .character("."))
        #expect(replay == [.play(PlaybackOrder(path: take.path))])
        _ = state.reduce(.playFailed(3, "There is no sound device to play on."))
        #expect(state.notice?.text == "There is no sound device to play on. The take is in takes/0003.wav.")
    }

    @Test func pastedTextIsNeverACommand() {
        var state = Fixture.state()
        let effects = state.reduce(.terminal(.paste("sq ")))
        #expect(effects.isEmpty)
        #expect(state.leaving == nil)
    }

    // MARK: Curves

    @Test func aNewBranchTakesAwayWhatCameAfterAndReadsTheJournalAgain() {
        var state = Fixture.state()
        let effects = state.reduce(.update(.snapshot(Fixture.snapshot(step: 80, branch: "b2"))))
        #expect(effects == [.loadHistory])
        #expect(state.curves[.mel]?.buckets.last?.lastX == 79)
        _ = state.reduce(.update(.step(Fixture.step(81, branch: "b2"))))
        _ = state.reduce(.history((1...80).map { Fixture.step($0) }, events: []))
        #expect(state.curves[.mel]?.buckets.last?.lastX == 81)
        #expect(state.curves[.mel]?.buckets.count == 61)
    }

    @Test func stepsThatCameWhileTheJournalWasReadAreKeptOnce() {
        var state = StudioState(now: Fixture.now)
        for step in 139...142 { _ = state.reduce(.update(.step(Fixture.step(step)))) }
        _ = state.reduce(.history((1...140).map { Fixture.step($0) }, events: Fixture.events))
        let steps = state.log.entries.compactMap { if case .step(let record) = $0 { record.step } else { nil } }
        #expect(steps == Array(91...142))
        #expect(state.curves.lastStep == 142)
    }

    @Test func stepsDoneAgainReplaceThemselves() {
        var state = Fixture.state()
        _ = state.reduce(.update(.step(Fixture.step(101))))
        #expect(state.curves.lastStep == 101)
        #expect(state.curves[.mel]?.buckets.last?.lastX == 101)
    }

    @Test func whoReadsFurtherUpKeepsTheLinesBeforeThem() {
        var state = Fixture.state()
        _ = press(&state, .tab, .tab)
        #expect(state.train.focus == .log)
        _ = press(&state, .up, .up, .up)
        let size = TerminalSize(columns: 80, rows: 24)
        let before = drawStudio(state, size: size, glyphs: .braille).row(18).map(\.scalar)
        _ = state.reduce(.update(.step(Fixture.step(141))))
        let after = drawStudio(state, size: size, glyphs: .braille).row(18).map(\.scalar)
        #expect(before == after)
        _ = press(&state, .end)
        #expect(state.log.scroll == 0)
    }
}
