import Checkpoint
import Foundation

// Every checkpoint is read back from the disk some time, the newest first: damage is found while there is another copy,
// not when it is needed.
extension Trainer {
    /// Looks at those that nobody has read back yet, or not for a week, unless that is under way.
    func inspectCheckpoints() {
        guard inspection == nil, !isFinishing, nextToInspect() != nil else { return }
        let inspector = inspector
        inspection = Task {
            while let id = nextToInspect() {
                var rest = 0.0
                do {
                    let finding = try await inspector.look(at: id)
                    await settle(finding.soundness, of: id)
                    // So that reading, too, takes a small share of the time that training has.
                    rest = finding.work / Double(max(1, threads)) / options.inspectionShare
                } catch is CancellationError {
                    break
                } catch {
                    passedOver.insert(id)
                    if case CheckpointError.notFound = error {
                    } else {
                        log(.warning, "\(id) was not verified: \(error)")
                    }
                }
                guard (try? await Task.sleep(for: .seconds(rest))) != nil else { break }
            }
            inspection = nil
        }
    }

    /// Ends the inspection and waits until nothing of it touches the disk any more.
    func endInspection() async {
        isFinishing = true
        inspector.stop()
        inspection?.cancel()
        await inspection?.value
    }

    /// Seconds after which a checkpoint is read again: a week.
    private static let inspectionAge = 7.0 * 24 * 3600

    private func nextToInspect() -> CheckpointID? {
        guard !isFinishing else { return nil }
        return summaries.reversed().lazy
            .map { (id: CheckpointID(branch: $0.branch, step: $0.step), state: $0.verification) }
            .first { id, state in
                switch state {
                case .notYet: !passedOver.contains(id)
                // Disks forget.
                case .sound(let date): date.timeIntervalSinceNow < -Self.inspectionAge && !passedOver.contains(id)
                // It was the one training stood on, and is not any more.
                case .damaged: id != parent && !passedOver.contains(id)
                }
            }?.id
    }

    /// Tells what was found. A checkpoint that is damaged for good is set aside, unless training stands on it: that one
    /// stays until the state in memory is saved anew.
    func settle(_ soundness: Soundness, of id: CheckpointID) async {
        switch soundness {
        case .sound: break
        case .repaired(let files, let defects):
            log(
                .warning,
                "\(id) was damaged (\(defects.joined(separator: "; "))); "
                    + "\(files.joined(separator: ", ")) \(files.count == 1 ? "is" : "are") put right from another copy")
        case .damaged(let defects):
            let sentence = "\(id) is damaged: \(defects.joined(separator: "; "))"
            overview.note(defects.joined(separator: "; "), of: id)
            if id == parent {
                log(.warning, "\(sentence); what is in memory is good and is saved anew")
                if !isSpoiled, replay == nil { await startSave(.autosave) }
            } else {
                await setAside(id, sentence)
            }
        }
        try? refreshSummaries()
        publish()
    }

    private func setAside(_ id: CheckpointID, _ sentence: String) async {
        do {
            let place = try await writer.change { try $0.setAside(id) }
            overview.note(nil, of: id)
            log(.warning, "\(sentence); what is left of it was set aside as \(place), and training goes on as it was")
        } catch {
            passedOver.insert(id)
            log(.warning, "\(sentence); it could not be set aside: \(error)")
        }
    }
}
