import Foundation
import Studio
import TerminalKit
import Testing
import Training

@Suite struct HistoryStateTests {
    private func press(_ state: inout StudioState, _ keys: Key...) -> [StudioEffect] {
        keys.flatMap { state.reduce(.terminal(.key($0))) }
    }

    private func type(_ state: inout StudioState, _ text: String) {
        for character in text { _ = state.reduce(.terminal(.key(.character(character)))) }
    }

    // MARK: The tree

    private func tree(_ present: String = "branch-2") -> CheckpointTree {
        CheckpointTree(HistoryFixture.checkpoints, branches: HistoryFixture.branches, present: present)
    }

    @Test func theWayToThePresentIsTheLeftmostLine() {
        let tree = tree()
        #expect(
            tree.checkpoints.map(\.id) == [
                "branch-2/g_0000240", "branch-2/g_0000200", "branch-1/g_0000210", "branch-1/g_0000180",
                "branch-1/g_0000160", "main/g_0000200", "main/g_0000160", "main/g_0000120", "main/g_0000080",
                "main/g_0000040",
            ])
        #expect(tree.places.map(\.depth) == [0, 0, 1, 1, 0, 1, 1, 0, 0, 0])
        #expect(tree.places.map(\.leaves) == [false, false, false, true, false, false, true, false, false, false])
        #expect(tree.head == 0)
        #expect(tree.places[1].older == 4 && tree.places[4].newer == 1 && tree.places[4].older == 7)
        #expect(tree.beginnings["main/g_0000120"] == ["branch-1"])
    }

    @Test func takingARollBackBackMovesTheLeftmostLine() {
        let tree = tree("main")
        #expect(tree.head.map { tree.checkpoints[$0].id } == "main/g_0000200")
        #expect(tree.places.filter { $0.depth == 0 }.count == 5)
        #expect(tree.places.map(\.depth).max() == 2)
    }

    @Test func aBranchWithoutACheckpointStandsWhereItBegan() {
        let branches = HistoryFixture.branches + [BranchSummary(name: "branch-3", parent: "main/g_0000080")]
        let tree = CheckpointTree(HistoryFixture.checkpoints, branches: branches, present: "branch-3")
        #expect(tree.head.map { tree.checkpoints[$0].id } == "main/g_0000080")
        // What came after it on main left the way to the present there.
        #expect(tree.places.filter { $0.depth == 0 }.count == 2)
    }

    @Test func whatWasThinnedOutLeavesNoHoleInTheTree() {
        let kept = HistoryFixture.checkpoints.filter { $0.id != "main/g_0000120" && $0.id != "branch-1/g_0000160" }
        let tree = CheckpointTree(kept, branches: HistoryFixture.branches, present: "branch-2")
        #expect(tree.checkpoints.count == kept.count)
        #expect(tree.places.filter { $0.older == nil }.count == 1)
        let first = tree.number(of: "branch-2/g_0000200").flatMap { tree.places[$0].older }
        #expect(first.map { tree.checkpoints[$0].id } == "main/g_0000080")
    }

    @Test func aStoreThatContradictsItselfIsListedAllTheSame() {
        let checkpoints = [
            HistoryFixture.checkpoint(5, "a", hoursAgo: 2), HistoryFixture.checkpoint(5, "b", hoursAgo: 1),
            HistoryFixture.checkpoint(9, "nobody knows", hoursAgo: 1, parent: "not an ID"),
        ]
        let branches = [
            BranchSummary(name: "a", parent: "b/g_0000005"), BranchSummary(name: "b", parent: "a/g_0000005"),
        ]
        let tree = CheckpointTree(checkpoints, branches: branches, present: "a")
        #expect(Set(tree.checkpoints.map(\.id)) == Set(checkpoints.map(\.id)))
    }

    @Test func theTreeIsMadeAnewOnlyWhenTheCheckpointsChange() {
        var state = HistoryScreenTests.many(2_000, branches: 40).pressing("2")
        let first = state.checkpoints.withUnsafeBufferPointer { $0.baseAddress }
        for step in 2091...2100 {
            var snapshot = state.snapshot ?? HistoryFixture.snapshot()
            snapshot.step = step
            _ = state.reduce(.update(.snapshot(snapshot)))
        }
        #expect(state.checkpoints.withUnsafeBufferPointer { $0.baseAddress } == first)
        #expect(state.checkpoints.count == 2_000)
    }

    // MARK: Moving

    @Test func leftAndRightStepThroughTimeAcrossBranches() {
        var state = HistoryFixture.state()
        var seen: [String] = []
        for _ in 0..<6 {
            seen.append(state.selectedCheckpoint?.id ?? "")
            _ = press(&state, .left)
        }
        #expect(
            seen == [
                "branch-2/g_0000240", "branch-2/g_0000200", "branch-1/g_0000160", "main/g_0000120", "main/g_0000080",
                "main/g_0000040",
            ])
        #expect(state.notice?.text.contains("oldest") == true)
        for _ in 0..<5 { _ = press(&state, .right) }
        #expect(state.selectedCheckpoint?.id == "branch-2/g_0000240")
        #expect(state.history.selectedID == nil, "follows the present again")
    }

    @Test func theMouseChoosesAndTheWheelTurnsWhatItIsOn() throws {
        var state = HistoryFixture.state()
        let grid = drawStudio(state, size: TerminalSize(columns: 120, rows: 40), glyphs: .braille)
        let row = try #require(
            grid.text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
                $0.contains("branch-1   9h")
            })
        func pointed(row: Int, column: Int) -> PointedTarget? {
            let position = CellPosition(row: row, column: column)
            return grid.target(at: position).flatMap { found in
                (found.value as? StudioTarget).map {
                    PointedTarget(target: $0, offset: CellPosition(row: 0, column: 0), rect: found.rect)
                }
            }
        }
        let place = CellPosition(row: row, column: 20)
        _ = state.reduce(.mouse(MouseEvent(.press, at: place), on: pointed(row: row, column: 20)))
        #expect(state.selectedCheckpoint?.id == "branch-1/g_0000160")
        _ = state.reduce(.mouse(MouseEvent(.wheelDown, at: place), on: pointed(row: row, column: 20)))
        #expect(state.selectedCheckpoint?.id == "main/g_0000120")
        let beside = CellPosition(row: 30, column: 90)
        _ = state.reduce(.mouse(MouseEvent(.wheelDown, at: beside), on: pointed(row: 30, column: 90)))
        #expect(state.selectedCheckpoint?.id == "main/g_0000120")
        #expect(state.history.scroll == 3)
    }

    @Test func whatTheMomentLacksIsAskedForOnceAndOneAtATime() {
        var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
        _ = state.reduce(.update(.snapshot(HistoryFixture.snapshot())))
        let first = press(&state, "2")
        #expect(
            Set(first.map { "\($0)" })
                == Set(
                    [StudioEffect.ask(.line("branch-2")), .ask(.settings("branch-2/g_0000240")), .ask(.takes)].map {
                        "\($0)"
                    }))
        #expect(press(&state, .left, .left, .left).isEmpty, "who walks on leaves no questions behind")
        let next = state.reduce(.answered(.settings("branch-2/g_0000240", HistoryFixture.settings)))
        #expect(next == [.ask(.settings("main/g_0000120"))])
        #expect(state.reduce(.answered(.line("branch-2", []))) == [.ask(.line("main"))])
        let failed = state.reduce(.answered(.failed(.settings("main/g_0000120"), "It is damaged.")))
        #expect(failed.isEmpty, "what cannot be read is not asked for again and again")
        let text = drawStudio(state, size: TerminalSize(columns: 120, rows: 40), glyphs: .braille).text
        #expect(text.contains("It is damaged."))
    }

    @Test func theMomentShowsItsOwnFiguresSettingsAndTakes() {
        var state = HistoryFixture.state()
        let size = TerminalSize(columns: 120, rows: 40)
        let now = drawStudio(state, size: size, glyphs: .braille).text
        #expect(now.contains("Good morning.") && now.contains("learning rate × 0.50") && now.contains("at 240"))
        _ = press(&state, .left, .left, .left)
        let then = drawStudio(state, size: size, glyphs: .braille).text
        #expect(then.contains("none yet") && then.contains("at 120") && then.contains("→ 0.546 now"))
        // A take of this session is read anew.
        #expect(state.reduce(.auditioned(Fixture.take())).contains(.ask(.takes)))
    }

    @Test func settingsThatDifferFromThePresentsAreMarkedAndCommentsLeftOut() {
        var state = HistoryFixture.state().pressing(.left)
        var other = HistoryFixture.settings
        other.configuration = "# How long.\n[training]\nbatch = 4\nautosave_steps = 40\n"
        _ = state.reduce(.answered(.settings("branch-2/g_0000200", other)))
        let text = drawStudio(state, size: TerminalSize(columns: 120, rows: 60), glyphs: .braille).text
        #expect(text.contains("≠ batch = 4") && text.contains("  autosave_steps = 40"))
        #expect(!text.contains("How long"))
    }

    @Test func theEarliestOfEquallyGoodOnesIsTheBest() {
        let checkpoints = HistoryFixture.checkpoints.map {
            var checkpoint = $0
            checkpoint.losses[.validationMel] = $0.step < 160 ? 0.9 : 0.5
            return checkpoint
        }
        let tree = CheckpointTree(checkpoints, branches: HistoryFixture.branches, present: "branch-2")
        #expect(tree.best.map { tree.checkpoints[$0].step } == 160)
    }

    @Test func aComparisonTellsWishesAndLeavesOutTheirPlaceInTheData() {
        var comparison = HistoryFixture.comparison
        comparison.texts.append(
            CheckpointComparison.Text(
                name: "position.json", removed: ["\"step\" : 120,", "\"learningRateFactor\" : 1,"],
                added: ["\"step\" : 240,", "\"learningRateFactor\" : 0.5,"]))
        var state = HistoryFixture.state()
        _ = state.reduce(.answered(.comparison(comparison)))
        let text = drawStudio(state, size: TerminalSize(columns: 120, rows: 60), glyphs: .braille).text
        #expect(text.contains("+ \"learningRateFactor\" : 0.5") && !text.contains("\"step\""))
    }

    @Test func aStepThatIsDoneJoinsTheCurveOnTheScreen() {
        var state = HistoryFixture.state()
        _ = state.reduce(.update(.step(Fixture.step(245, branch: "branch-2"))))
        #expect(state.history.moments.lines["branch-2"]?.lastStep == 245)
        _ = state.reduce(.update(.step(Fixture.step(242, branch: "branch-2"))))
        #expect(state.history.moments.lines["branch-2"]?.points(.mel, in: 243...300).isEmpty == true)
    }

    // MARK: Finding

    @Test func everyWordMustBeThereAndTheSelectionIsAmongTheFound() {
        var state = HistoryFixture.state()
        _ = press(&state, "/")
        type(&state, "main verified")
        #expect(state.history.found?.map { state.checkpoints[$0].step } == [200, 120, 80, 40])
        #expect(state.selectedCheckpoint?.id == "main/g_0000200")
        _ = press(&state, .down, .enter)
        #expect(state.overlay == nil && state.selectedCheckpoint?.id == "main/g_0000120")
        _ = press(&state, .escape)
        #expect(state.history.found == nil && state.selectedCheckpoint?.id == "main/g_0000120")
        for (words, count) in [
            ("pinned", 1), ("damaged", 1), ("声", 1), ("understood", 1), ("head", 1), ("rollback", 2),
        ] {
            _ = press(&state, "/")
            type(&state, words)
            #expect(state.history.found?.count == count, "\(words)")
            _ = press(&state, .escape)
        }
    }

    @Test func whatIsTypedToFindIsNeverACommand() {
        var state = HistoryFixture.state()
        let effects = press(&state, "/", "q", "d", "u", " ", "p")
        #expect(effects.isEmpty && state.leaving == nil)
        #expect(state.history.filter.text == "qdu p")
    }

    // MARK: Commands

    @Test func restoringAsksAndBranchingTakesALearningRate() {
        var state = HistoryFixture.state()
        #expect(press(&state, .left, .enter).isEmpty)
        #expect(press(&state, "y") == [.send(.rollBack(to: "branch-2/g_0000200"))])
        #expect(press(&state, "b", .control("u")).isEmpty)
        type(&state, "0,25")
        #expect(press(&state, .enter) == [.send(.branch(from: "branch-2/g_0000200", learningRateFactor: 0.25))])
    }

    @Test func undoAndRedoNeedNoQuestion() {
        var state = HistoryFixture.state()
        #expect(press(&state, "u", "U") == [.send(.undoRollBack), .send(.redoRollBack)])
    }

    @Test func anyStepOfALineCanBeGoneTo() {
        var state = HistoryFixture.state()
        func go(_ text: String) -> [StudioEffect] {
            _ = press(&state, "g", .control("u"))
            type(&state, text)
            return press(&state, .enter)
        }
        #expect(go("200") == [.send(.rollBack(to: "branch-2/g_0000200"))])
        #expect(go("223") == [.send(.rollBack(to: "branch-2/g_0000223"))])
        #expect(state.notice?.text == "Going to step 223: 23 steps are done again from branch-2/g_0000200.")
        // A step of the line that an ancestor trained.
        #expect(go("121") == [.send(.rollBack(to: "branch-2/g_0000121"))])
        #expect(state.notice?.text.contains("1 step is done again from main/g_0000120") == true)
        for (wrong, reason) in [("245", "its last is 244"), ("x", "whole number"), ("7", "no checkpoint before")] {
            #expect(go(wrong).isEmpty)
            #expect(state.notice?.text.contains(reason) == true)
            #expect(state.overlay != nil)
            _ = press(&state, .escape)
        }
    }

    @Test func marksAreMade() {
        var state = HistoryFixture.state()
        #expect(press(&state, "p") == [.send(.pin("branch-2/g_0000240", true))])
        #expect(press(&state, "v") == [.send(.verify("branch-2/g_0000240"))])
        _ = press(&state, "t")
        type(&state, "best yet")
        #expect(press(&state, .enter) == [.send(.tag("branch-2/g_0000240", add: "best yet"))])
        _ = press(&state, "n")
        type(&state, "日本")
        #expect(press(&state, .enter) == [.send(.note("branch-2/g_0000240", "日本"))])
        _ = press(&state, "T")
        #expect(state.overlay == nil && state.notice?.text.contains("no tag") == true)

        _ = press(&state, .end, .up)
        let id = "main/g_0000080"
        #expect(press(&state, "p") == [.send(.pin(id, false))])
        #expect(press(&state, "n", .control("u"), .enter) == [.send(.note(id, nil))])
        _ = press(&state, "T", .control("u"))
        type(&state, "second")
        #expect(press(&state, .enter).isEmpty)
        #expect(state.notice?.text == "main/g_0000080 has no tag second; it has first, 声.")
        _ = press(&state, .control("u"))
        type(&state, "声")
        #expect(press(&state, .enter) == [.send(.untag(id, "声"))])
    }

    @Test func theMarkedOneIsComparedWithTheSelected() {
        var state = HistoryFixture.state()
        #expect(press(&state, "c") == [.ask(.comparison("branch-2/g_0000200", "branch-2/g_0000240"))])
        _ = press(&state, "m")
        #expect(press(&state, "c").isEmpty && state.overlay == nil)
        #expect(press(&state, .end, "c") == [.ask(.comparison("main/g_0000040", "branch-2/g_0000240"))])
        _ = state.reduce(.answered(.comparison(HistoryFixture.comparison)))
        #expect(state.place == .comparison)
        _ = press(&state, .down, .pageDown)
        #expect(state.overlay == .comparison(HistoryFixture.comparison, from: 11))
        _ = press(&state, .escape)
        #expect(state.overlay == nil)
        _ = press(&state, "n")
        _ = state.reduce(.answered(.comparison(HistoryFixture.comparison)))
        #expect(state.place == .prompt, "an answer never takes the place of what is typed")
    }

    @Test func thinningOutShowsFirstThenAsksThenDeletes() {
        var state = HistoryFixture.state()
        #expect(press(&state, "d") == [.ask(.thinning)])
        _ = state.reduce(.answered(.thinning(HistoryFixture.preview)))
        #expect(press(&state, "d").isEmpty)
        guard case .question(let question) = state.overlay else { return #expect(Bool(false), "no question") }
        #expect(question.lines.joined().contains("cannot be undone"))
        let ids = HistoryFixture.preview.leaving.map(\.checkpoint.id)
        #expect(press(&state, "y") == [.send(.prune(ids))])

        _ = press(&state, "d")
        _ = state.reduce(.answered(.thinning(HistoryFixture.preview)))
        #expect(press(&state, .escape, "y").isEmpty && state.overlay == nil)

        #expect(press(&state, .delete).isEmpty)
        #expect(press(&state, "y") == [.send(.prune(["branch-2/g_0000240"]))])
    }

    @Test func auditionFromHereTakesItsWeights() {
        var state = HistoryFixture.state()
        _ = press(&state, .left, "a")
        type(&state, "Hello.")
        let effects = press(&state, .enter)
        guard case .audition(let request) = effects.first else { return #expect(Bool(false), "nothing is spoken") }
        #expect(request.checkpoint == "branch-2/g_0000200" && request.text == "Hello.")
    }

    @Test func theNewestTakeIsHeard() {
        var state = HistoryFixture.state()
        #expect(press(&state, "o") == [.play(PlaybackOrder(path: HistoryFixture.takes[1].path))])
        #expect(press(&state, .left, "o").isEmpty)
        #expect(state.notice?.text.contains("no take of branch-2/g_0000200") == true)
    }

    @Test func withoutACheckpointEveryKeySaysHowToMakeOne() {
        for key in ["b", "g", "p", "t", "T", "n", "v", "m", "c", .enter, .left, .delete] as [Key] {
            var state = HistoryFixture.state(HistoryFixture.snapshot(step: 3, branch: "main", checkpoints: []))
            #expect(press(&state, key).isEmpty)
            #expect(state.overlay == nil)
            #expect(state.notice?.text == "There is no checkpoint yet; press s to make one.", "\(key.label)")
        }
    }

    // MARK: What is not done yet

    @Test func whatWasAskedIsSaidUntilItIsDone() {
        var state = HistoryFixture.state()
        func line() -> String { drawStudio(state, size: TerminalSize(columns: 120, rows: 24), glyphs: .braille).text }
        _ = press(&state, "p", "v")
        _ = press(&state, .right)
        _ = press(&state, .tab)
        #expect(line().contains("Reading every byte of branch-2/g_0000240 …"))
        #expect(line().contains("After this step: pin branch-2/g_0000240."))
        _ = state.reduce(.update(.progress(.verify("branch-2/g_0000240"), 0.45)))
        #expect(line().contains("Reading every byte of branch-2/g_0000240, 45 % …"))
        _ = state.reduce(.update(.obeyed(.pin("branch-2/g_0000240", true))))
        #expect(!line().contains("After this step"))
        _ = state.reduce(.update(.obeyed(.verify("branch-2/g_0000240"))))
        #expect(!line().contains("Reading every byte"))
    }

    @Test func evaluatingIsEndedByTheSameKey() {
        var state = HistoryFixture.state()
        func line() -> String { drawStudio(state, size: TerminalSize(columns: 120, rows: 24), glyphs: .braille).text }
        let (first, second) = ("branch-2/g_0000240", "branch-2/g_0000200")
        #expect(press(&state, "e") == [.send(.evaluate(first))])
        #expect(state.notice?.text == "Evaluating \(first) beside training; e again ends that.")
        _ = state.reduce(.update(.progress(.evaluate(first), 0.3)))
        // Another one waits for it.
        #expect(press(&state, .left, "e") == [.send(.evaluate(second))])
        #expect(press(&state, .right, "e") == [.send(.stopEvaluating)])
        #expect(state.notice?.text == "Ending the evaluation.")
        for id in [first, second] { _ = state.reduce(.update(.obeyed(.evaluate(id)))) }
        _ = state.reduce(.update(.obeyed(.stopEvaluating)))
        #expect(!line().contains("Evaluating"))
        // It is over, so that the key begins anew.
        #expect(press(&state, "e") == [.send(.evaluate(first))])
    }

    @Test func stepsDoneAgainAreCountedAndTheirEndIsSaid() {
        var state = HistoryFixture.state()
        var snapshot = HistoryFixture.snapshot(step: 246)
        snapshot.redoing = TrainingSnapshot.Redoing(from: 240, to: 256)
        _ = state.reduce(.update(.snapshot(snapshot)))
        let text = drawStudio(state, size: TerminalSize(columns: 120, rows: 24), glyphs: .braille).text
        #expect(text.contains("again 6/16"))
        _ = state.reduce(.update(.snapshot(HistoryFixture.snapshot(step: 256))))
        #expect(state.notice?.text == "All 16 steps are done again.")
    }
}
