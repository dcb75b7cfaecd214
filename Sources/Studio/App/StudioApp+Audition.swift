import Foundation
import Training

// Takes are made and played beside everything else.
extension StudioApp {
    func loadAudition() {
        let (session, inbox) = (session, inbox)
        work.append(
            Task.detached {
                do {
                    inbox.yield(.auditionMaterial(try await session.auditionMaterial()))
                } catch {
                    inbox.yield(.couldNotLoad("The takes could not be read: \(error)"))
                }
            })
    }

    /// Reads a sound and makes the pictures of it.
    func loadSound(_ path: String) {
        let inbox = inbox
        work.append(
            Task.detached(priority: .userInitiated) {
                inbox.yield(.soundRead(path, Result { try SoundPicture.read(path) }.mapError { SoundUnread("\($0)") }))
            })
    }

    func audition(_ request: AuditionRequest) {
        let (session, inbox) = (session, inbox)
        making = Task.detached(priority: .userInitiated) {
            do {
                let take = try await session.audition(request) { inbox.yield(.auditionProgress($0)) }
                inbox.yield(.auditioned(take))
            } catch is CancellationError {
                inbox.yield(.auditionCancelled)
            } catch {
                inbox.yield(.auditionFailed("\(error)"))
            }
        }
    }

    func keep(_ vote: TakeVote) {
        let (session, inbox) = (session, inbox)
        work.append(
            Task.detached {
                do {
                    try await session.vote(vote)
                } catch {
                    inbox.yield(.couldNotLoad("The vote could not be kept: \(error)"))
                }
            })
    }

    /// Plays in place of what is being played. What an earlier sound has to say when it ends is not heard any more.
    func play(_ order: PlaybackOrder) {
        player.stop()
        playing += 1
        let (number, player, inbox) = (playing, player, inbox)
        work.append(
            Task.detached(priority: .userInitiated) {
                do {
                    try await player.play(order) { inbox.yield(.playMoved(number, seconds: $0)) }
                    inbox.yield(.played(number))
                } catch {
                    inbox.yield(.playFailed(number, "\(error)"))
                }
            })
    }

    func stopPlaying() {
        playing += 1
        player.stop()
    }
}
