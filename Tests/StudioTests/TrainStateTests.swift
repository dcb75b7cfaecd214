import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// Views, crosshair, closer looks and other branches: what the charts are asked to show, and what they ask for.
@Suite struct TrainStateTests {
    private let size = TerminalSize(columns: 120, rows: 40)

    private func target(_ state: StudioState, at position: CellPosition) -> PointedTarget? {
        let grid = drawStudio(state, size: size, glyphs: .braille)
        guard let found = grid.target(at: position), let target = found.value as? StudioTarget else { return nil }
        let offset = CellPosition(row: position.row - found.rect.row, column: position.column - found.rect.column)
        return PointedTarget(target: target, offset: offset, rect: found.rect)
    }

    private func mouse(_ state: inout StudioState, _ kind: MouseEvent.Kind, column: Int, row: Int = 6) {
        let position = CellPosition(row: row, column: column)
        _ = state.reduce(.mouse(MouseEvent(kind, at: position), on: target(state, at: position)))
    }

    private func window(_ state: StudioState) -> ClosedRange<Double> {
        state.train.view.window(of: state.curves.steps ?? 0...0)
    }

    // MARK: Views

    @Test func zoomingByKeysFollowsThePresentAndEndsAtAllSteps() {
        var state = Fixture.state().pressing("+")
        #expect(window(state).upperBound == 140)
        _ = state.reduce(.update(.step(Fixture.step(141))))
        #expect(window(state).upperBound == 141)
        #expect(state.pressing("-", "-").train.view == .full)
        #expect(state.pressing("f").train.view == .full)
    }

    @Test func theWheelZoomsAtThePointer() throws {
        var state = Fixture.state()
        let plot = try #require(target(state, at: CellPosition(row: 6, column: 40)))
        #expect(plot.target == .plot(0))
        func step(_ state: StudioState) -> Double {
            let window = window(state)
            return window.lowerBound
                + (window.upperBound - window.lowerBound) * Double(plot.offset.column) / Double(plot.rect.columns - 1)
        }
        let before = step(state)
        mouse(&state, .wheelUp, column: 40)
        let span = window(state).upperBound - window(state).lowerBound
        #expect(abs(step(state) - before) < 1 && span < 110)
        mouse(&state, .wheelDown, column: 40)
        mouse(&state, .wheelDown, column: 40)
        #expect(state.train.view == .full)
    }

    @Test func draggingMovesAndAClickPutsTheCrosshair() throws {
        var state = Fixture.state()
        mouse(&state, .wheelUp, column: 40)
        mouse(&state, .wheelUp, column: 40)
        let before = window(state)
        mouse(&state, .press, column: 40)
        let crosshair = try #require(state.train.crosshair)
        #expect(before.contains(crosshair))
        mouse(&state, .drag, column: 50)
        #expect(window(state).lowerBound < before.lowerBound)
        mouse(&state, .release, column: 50)
        let after = window(state)
        mouse(&state, .drag, column: 20)
        #expect(window(state) == after)
        mouse(&state, .secondary, column: 40)
        #expect(state.train.crosshair == nil)
    }

    @Test func theCrosshairTellsTheValuesOfItsStep() {
        var state = Fixture.state().pressing(.left)
        #expect(state.train.crosshair == 140)
        for _ in 0..<19 { state = state.pressing(.left) }
        #expect(state.train.crosshair == 121)
        let text = drawStudio(state, size: size, glyphs: .braille).text
        #expect(text.contains("step 121  ● mel \(LineChart.short(Double(Fixture.step(121).metrics[.mel] ?? 0)))"))
        #expect(state.pressing(.escape).train.crosshair == nil)
    }

    @Test func fromHereBeginsAtTheChosenCheckpointAndFollows() {
        var state = Fixture.state().pressing(.down, "h")
        #expect(window(state) == 120...140)
        _ = state.reduce(.update(.step(Fixture.step(141))))
        #expect(window(state) == 120...141)
    }

    @Test func figuresAreChosenByKeysAndByMouse() throws {
        var state = Fixture.state().pressing("m", .down, " ")
        #expect(state.train.pane.figures == [.metric(.mel), .metric(.kl), .metric(.validationMel)])
        _ = state.reduce(
            .mouse(
                MouseEvent(.press, at: CellPosition(row: 0, column: 0)),
                on: PointedTarget(
                    target: .line(.figures, 0), offset: CellPosition(row: 0, column: 0),
                    rect: CellRect(row: 0, column: 0, rows: 1, columns: 1))))
        #expect(state.train.pane.figures == [.metric(.kl), .metric(.validationMel)])
        #expect(state.train.pane.title == "KL, held-out mel")
    }

    // MARK: A closer look

    /// 200,000 steps as the journal gives them, with one spike.
    private func long() -> StudioState {
        var state = StudioState(now: Fixture.now)
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 40_000))))
        var slice = CurveSlice(steps: 1...Int.max, count: 40_000)
        for step in 1...40_000 {
            slice.append(FigureSpan(step: step, value: step == 33_333 ? 99 : 1), of: .metric(.mel))
            slice.append(FigureSpan(step: step, value: 0.5), of: .seconds(.sovits))
        }
        _ = state.reduce(.curves(slice, CurveRequest(.whole)))
        return state
    }

    @Test func aSpikeIsSeenInAllOfIt() {
        let chart = long().chart(ChartPane("Mel", [.mel]), glyphs: .braille)
        #expect(chart.valueRange == 1...99)
    }

    @Test func zoomingInAsksTheJournalOnceAndShowsWhatItAnswers() throws {
        var state = long()
        var asked: [CurveRequest] = []
        for _ in 0..<12 where asked.isEmpty {
            for effect in state.reduce(.terminal(.key("+"))) {
                if case .loadCurves(let request) = effect { asked.append(request) }
            }
        }
        let request = try #require(asked.first)
        #expect(request.purpose == .detail)
        #expect(Double(request.steps.lowerBound) <= window(state).lowerBound)
        #expect(state.reduce(.terminal(.key("g"))).isEmpty, "asked twice")
        var slice = CurveSlice(steps: request.steps, count: 40_000 - request.steps.lowerBound + 1)
        for step in request.steps.lowerBound...40_000 {
            for figure in [Figure.metric(.mel), .seconds(.sovits)] {
                slice.append(FigureSpan(step: step, value: Float(step % 2)), of: figure)
            }
        }
        let answered = state.reduce(.curves(slice, request))
        #expect(answered.isEmpty)
        let points = try #require(state.chart(ChartPane("Mel", [.mel]), glyphs: .braille).series.first?.points)
        let seen = points.visible(in: window(state))
        #expect(seen.allSatisfy { $0.lastX - $0.firstX <= 8 })
        // New steps belong to it.
        _ = state.reduce(.update(.step(Fixture.step(40_001))))
        #expect(state.train.detail?.curves.lastStep == 40_001)
    }

    @Test func anAnswerToAnEarlierQuestionIsLeftAside() {
        var state = long()
        let request = CurveRequest(.detail, steps: 5...10)
        _ = state.reduce(.curves(CurveSlice(steps: 5...10), request))
        #expect(state.train.detail == nil)
    }

    // MARK: Other branches

    @Test func otherBranchesAreReadFromWhereTheyAreOthers() {
        var state = Fixture.state()
        var snapshot = Fixture.snapshot(step: 60, branch: "c")
        snapshot.branches = [
            BranchSummary(name: "main"), BranchSummary(name: "b", parent: "main/g_0000080"),
            BranchSummary(name: "c", parent: "b/g_0000100"), BranchSummary(name: "d", parent: "main/g_0000040"),
        ]
        let effects = state.reduce(.update(.snapshot(snapshot)))
        let asked = effects.compactMap { effect -> CurveRequest? in
            if case .loadCurves(let request) = effect { request } else { nil }
        }
        #expect(
            Set(asked.map { "\($0.branch ?? "") \($0.steps.lowerBound)" }) == ["main 81", "b 101", "d 41"])
        let again = state.reduce(.update(.snapshot(snapshot)))
        #expect(!again.contains { if case .loadCurves = $0 { true } else { false } })
    }

    @Test func anotherBranchIsDrawnWithItsNameAndCanBeHidden() {
        let state = TrainScreenTests.branched()
        let shown = state.chart(state.train.pane, glyphs: .braille)
        #expect(shown.series.filter(\.isGhost).map(\.name) == ["main"])
        #expect(drawStudio(state, size: size, glyphs: .braille).text.contains("⡀main") || shown.series.count == 3)
        #expect(state.pressing("o").chart(state.train.pane, glyphs: .braille).series.allSatisfy { !$0.isGhost })
    }
}
