import Checkpoint
import Foundation

// A disk that is full already when the voice is opened: what a person wants then is to hear how much to free, to free it,
// and to find training under way.
extension Trainer {
    /// A trainer for a voice; on a full disk it is waited for, after `tell` was called with one sentence.
    ///
    /// - Throws: as `init`, for anything but missing room.
    package static func opened(
        _ voice: Voice, options: TrainerOptions, crew: ProcessCrew? = nil, tell: (String) -> Void
    ) async throws -> Trainer {
        var hasTold = false
        while true {
            do {
                return try Trainer(voice: voice, options: options, crew: crew)
            } catch  where isOutOfRoom(error) {
                if !hasTold { tell(fullDiskSentence(voice)) }
                hasTold = true
                try await Task.sleep(for: options.diskPatience)
            }
        }
    }

    private static func fullDiskSentence(_ voice: Voice) -> String {
        let store = try? CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let newest = (try? store?.list())?.last { $0.header != nil }?.header?.bytes
        let free = store?.freeBytes().map { ", \(CheckpointError.size($0)) of it free" } ?? ""
        return
            "The disk of \(voice.directory.path) is full\(free): make \(CheckpointError.size(JournalError.room)) free"
            + (newest.map { ", and \(CheckpointError.size($0)) more for the next checkpoint" } ?? "")
            + "; training begins by itself then, Ctrl-C leaves"
    }

    /// Prepares, and begins anew when the disk had no room for what preparing writes.
    func openWhenThereIsRoom() async throws {
        while true {
            do {
                return try open()
            } catch  where Self.isOutOfRoom(error) {
                if waiting == nil { halt("\(error); nothing is lost, and training begins by itself then") }
                let retryAt = ContinuousClock.now + options.diskPatience
                waiting = DiskWait(reason: "\(error)", resumes: true, retryAt: retryAt)
                while ContinuousClock.now < retryAt {
                    guard !mailbox.hasStop else { throw CancellationError() }
                    try await Task.sleep(for: min(.milliseconds(50), options.diskPatience))
                }
            }
        }
    }
}
