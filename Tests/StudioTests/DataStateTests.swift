import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// What the keys of the data screen ask for and what comes of it.
@MainActor @Suite(.timeLimit(.minutes(10))) struct DataStateTests {
    @Test func lookingAtTheClipsReadsThem() {
        var state = Fixture.state()
        #expect(state.reduce(.terminal(.key("4"))) == [.data(.list)])
        #expect(
            state.reduce(.data(.listed(ClipFixture.listing)))
                == [.data(.inspect(["ada_01", "ada_02", "ada_03", "ada_04", "ada_05"]))])
        _ = state.reduce(.data(.inspected(ClipFixture.inspections)))
        // What was read is not read again.
        #expect(state.reduce(.data(.listed(ClipFixture.listing))).isEmpty)
    }

    @Test func totalsTellWhatTrains() {
        let totals = ClipFixture.state().data.totals
        #expect(abs(totals.train - 9.37) < 1e-9 && abs(totals.heldOut - 2.81) < 1e-9 && abs(totals.out - 0.51) < 1e-9)
    }

    private func ids(_ state: StudioState) -> [String] {
        state.clipRows.compactMap { state.data.listing?.entries[$0].id.suffix(1) }.map(String.init)
    }

    @Test func clipsAreSortedAndSearched() {
        var state = ClipFixture.state().pressing("o")
        #expect(ids(state) == ["4", "5", "2", "1", "3"])
        state = state.pressing("O")
        #expect(ids(state) == ["3", "1", "2", "5", "4"])
        state = state.pressing("o").pressing("o", "O")
        #expect(ids(state).first == "4", "the clip that stops training comes first")
        state = state.pressing("/").pressing("c", "l", "i", "p")
        // Found while it is being typed.
        #expect(ids(state) == ["5"])
        state = state.pressing(.enter)
        #expect(state.selectedClip?.id == "ada_05" && ids(state) == ["5"])
        #expect(ids(state.pressing(.escape)).count == 5)
    }

    @Test func aChangeGoesToTheFolderAndCanBeTakenBack() {
        var state = ClipFixture.state()
        let out = ClipChange.excluded("ada_01", true), back = ClipChange.excluded("ada_01", false)
        #expect(
            state.reduce(.terminal(.key("d"))) == [.data(.change(out, from: back, isTakingBack: false))])
        // Nothing is said to have changed before it is on the disk.
        #expect(!state.data.hasChanged)
        #expect(state.reduce(.data(.changed(out, from: back, isTakingBack: false))) == [.data(.list)])
        #expect(state.data.hasChanged && state.notice?.text.hasPrefix("ada_01 is left out.") == true)
        var listing = ClipFixture.listing
        listing.entries[0].isExcluded = true
        #expect(state.reduce(.data(.listed(listing))) == [.data(.inspect(["ada_01"]))])
        #expect(state.reduce(.terminal(.key("u"))) == [.data(.change(back, from: out, isTakingBack: true))])
        _ = state.reduce(.data(.changed(back, from: out, isTakingBack: true)))
        #expect(state.reduce(.terminal(.key("u"))).isEmpty)
    }

    @Test func phonemesAreTypedAndEmptyOnesTakeThemOff() {
        var state = ClipFixture.state().pressing(.down, .down).pressing("f", "s")
        #expect(
            state.reduce(.terminal(.key(.enter)))
                == [
                    .data(
                        .change(
                            .phonemes("ada_03", "ʃiː bˈɔːts"), from: .phonemes("ada_03", "ʃiː bˈɔːt"),
                            isTakingBack: false))
                ])
        state = state.pressing("f", .control("u"))
        #expect(
            state.reduce(.terminal(.key(.enter)))
                == [
                    .data(
                        .change(.phonemes("ada_03", nil), from: .phonemes("ada_03", "ʃiː bˈɔːt"), isTakingBack: false))
                ])
        // Nothing typed, nothing done.
        state = state.pressing("t")
        #expect(state.reduce(.terminal(.key(.enter))).isEmpty)
    }

    @Test func changedClipsAreTrainedWithAfterASave() {
        var state = ClipFixture.state().pressing("A")
        #expect(state.overlay == nil)
        let change = ClipChange.excluded("ada_01", true)
        _ = state.reduce(.data(.changed(change, from: .excluded("ada_01", false), isTakingBack: false)))
        state = state.pressing("A")
        #expect(state.reduce(.terminal(.key("y"))) == [.data(.reopen)])
        #expect(state.reduce(.data(.reopen)).contains(.send(.stop)))
        #expect(state.reduce(.update(.snapshot(Fixture.snapshot(.stopped)))) == [.leave(.reopened)])
    }

    @Test func playingIsStoppedByTheSameKeyAsEverywhere() {
        var state = ClipFixture.state()
        #expect(state.reduce(.terminal(.key(.enter))) == [.data(.play("/v/clips/ada_01.flac"))])
        #expect(state.reduce(.terminal(.key("x"))) == [.data(.stopPlaying)])
        #expect(state.data.playing == nil)
    }

    // MARK: Recording

    @Test func aSentenceIsRecordedLookedAtAndKept() {
        var state = ClipFixture.state().pressing("n")
        #expect(state.reduce(.terminal(.key(" "))) == [.data(.recorder(.start))])
        _ = state.reduce(.data(.recorder(.meter(seconds: 1, peak: 0.5))))
        let first = ClipFixture.listing.prompts[0]
        #expect(state.reduce(.terminal(.key(" "))) == [.data(.recorder(.stop(saying: first)))])
        _ = state.reduce(.data(.recorder(.prepared(ClipFixture.draft))))
        #expect(state.reduce(.terminal(.key(.enter))) == [.data(.recorder(.keep(ClipFixture.draft)))])
        #expect(state.reduce(.data(.recorder(.kept("recorded_0001")))) == [.data(.list)])
        #expect(state.data.recorder?.sentence == ClipFixture.listing.prompts[1] && state.data.hasChanged)
        _ = state.reduce(.terminal(.key(.escape)))
        #expect(state.overlay == nil && state.data.recorder == nil)
    }

    @Test func leavingWhileRecordingThrowsTheRecordingAway() {
        var state = ClipFixture.state().pressing("n", " ")
        #expect(
            state.reduce(.terminal(.key(.escape))) == [.data(.recorder(.discard)), .data(.recorder(.stopPlaying))])
    }

    @Test func whatCannotBeUsedIsNotKept() {
        var draft = ClipFixture.draft
        draft.refusal = "silent"
        var state = ClipFixture.state().pressing("n", " ", " ")
        _ = state.reduce(.data(.recorder(.prepared(draft))))
        #expect(state.reduce(.terminal(.key(.enter))).isEmpty)
        #expect(state.reduce(.terminal(.key("r"))) == [.data(.recorder(.start))])
    }

    @Test func ownSentencesAreTypedAndOneComesBackToTheRecorder() {
        var state = ClipFixture.state().pressing("n", "e").pressing("H", "i", ".").pressing(.enter)
        #expect(state.overlay == .recorder && state.data.recorder?.sentence == "Hi.")
        #expect(state.pressing("e", .escape).overlay == .recorder)
        #expect(state.reduce(.terminal(.key(.right))).isEmpty)
        #expect(state.data.recorder?.sentence == ClipFixture.listing.prompts[1])
    }

    // MARK: The whole way

    @Test func changesAndRecordingsReachTheLibrary() async throws {
        let backend = MemoryBackend(size: TerminalSize(columns: 120, rows: 40))
        let clips = ScriptedClips(), desk = SilentDesk()
        let session = ScriptedSession { command in
            command == .stop ? [.snapshot(Fixture.snapshot(.stopped))] : []
        }
        let app = StudioApp(
            session: session, backend: backend, theme: .plain, player: ListPlayer(),
            data: DataWorker(library: clips, desk: desk), timeZone: Fixture.timeZone, clock: { Fixture.now })
        session.script.yield(.snapshot(Fixture.snapshot()))
        let running = Task { try await app.run() }
        backend.press("4")
        _ = await backend.picture { $0.text.contains("train 9.4 s") }
        backend.press("d")
        _ = await backend.picture { $0.text.contains("ada_01 is left out.") && $0.text.contains("out 3.9 s") }
        #expect(clips.current[0].isExcluded)
        backend.press("n", " ")
        _ = await backend.picture { $0.text.contains("1.5 s") }
        backend.press(" ")
        _ = await backend.picture { $0.text.contains("after trimming") }
        backend.press(.enter)
        _ = await backend.picture { $0.text.contains("Kept as recorded_0001.") }
        backend.press(.escape)
        _ = await backend.picture { $0.text.contains("6 clips") }
        #expect(clips.current.last?.text == ClipFixture.listing.prompts[0])
        backend.press("q")
        #expect(try await running.value == .finished)
        #expect(desk.calls.contains("record") && desk.calls.last == "stop recording")
    }

    @Test func aRefusedChangeIsSaidAndNothingElse() async throws {
        let backend = MemoryBackend(size: TerminalSize(columns: 120, rows: 40))
        let session = ScriptedSession { command in
            command == .stop ? [.snapshot(Fixture.snapshot(.stopped))] : []
        }
        let app = StudioApp(
            session: session, backend: backend, theme: .plain, player: ListPlayer(),
            data: DataWorker(library: ScriptedClips(refuses: true), desk: SilentDesk()), timeZone: Fixture.timeZone,
            clock: { Fixture.now })
        session.script.yield(.snapshot(Fixture.snapshot()))
        let running = Task { try await app.run() }
        backend.press("4")
        _ = await backend.picture { $0.text.contains("train 9.4 s") }
        backend.press("d")
        _ = await backend.picture { $0.text.contains("it is the last clip to train on and has to stay.") }
        #expect(!app.state.data.hasChanged)
        backend.press("q")
        _ = try await running.value
    }
}
