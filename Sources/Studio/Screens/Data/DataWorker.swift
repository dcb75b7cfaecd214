import Training

/// Does what the data screen asks for, away from the screen.
@MainActor
package final class DataWorker {
    private let library: any ClipLibrary
    private let desk: any SoundDesk
    private var inspecting: Task<Void, Never>?
    /// Counts what was played or stopped.
    private var played = 0

    package init(library: any ClipLibrary, desk: any SoundDesk) {
        self.library = library
        self.desk = desk
    }

    /// Ends all that goes on by itself.
    package func end() {
        inspecting?.cancel()
        desk.stopPlaying()
        _ = desk.stopRecording()
    }

    package func perform(_ effect: DataEffect, _ tell: @escaping @Sendable (DataMessage) -> Void) {
        let (library, desk) = (library, desk)
        switch effect {
        case .list:
            Task.detached {
                do {
                    tell(.listed(try await library.listing()))
                } catch {
                    tell(.notListed("\(error)"))
                }
            }
        case .inspect(let ids): inspect(ids, tell)
        case .change(let change, let old, let isTakingBack):
            Task.detached {
                do {
                    switch change {
                    case .excluded(let id, let isExcluded): try await library.setExcluded(id, isExcluded)
                    case .transcript(let id, let text): try await library.setTranscript(id, text)
                    case .phonemes(let id, let phonemes): try await library.setPhonemes(id, phonemes)
                    }
                    tell(.changed(change, from: old, isTakingBack: isTakingBack))
                } catch {
                    tell(.notChanged("\(error)"))
                }
            }
        case .play(let path):
            desk.stopPlaying()
            played += 1
            let number = played
            Task {
                var trouble: String?
                do {
                    try await desk.play(file: path)
                } catch {
                    trouble = "\(error)"
                }
                // What an earlier clip has to say when it ends is not heard any more.
                if number == played { tell(.played(trouble)) }
            }
        case .stopPlaying:
            played += 1
            desk.stopPlaying()
        case .recorder(let effect):
            performRecording(effect, library: library, desk: desk) { tell(.recorder($0)) }
        case .reopen: tell(.reopen)
        }
    }

    /// Reads clips one after another, and tells of those that were read about every tenth of a second.
    private func inspect(_ ids: [String], _ tell: @escaping @Sendable (DataMessage) -> Void) {
        inspecting?.cancel()
        let library = library
        inspecting = Task.detached(priority: .utility) {
            var read: [ClipInspection] = [], told = ContinuousClock.now
            for id in ids where !Task.isCancelled {
                read.append(await library.inspect(id))
                guard told.duration(to: .now) > .milliseconds(100) else { continue }
                tell(.inspected(read))
                (read, told) = ([], .now)
            }
            if !read.isEmpty { tell(.inspected(read)) }
        }
    }
}
