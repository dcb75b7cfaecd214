import ArgumentParser
import Checkpoint
import Foundation
import Tensor
import Training

extension CheckpointsCommand {
    /// What an exported file is for.
    enum Purpose: String, ExpressibleByArgument, CaseIterable {
        case synthesis
    }

    /// One file that speaks.
    func exportForSynthesis(_ store: CheckpointStore, _ voice: Voice) throws {
        let id = try resolved(store), target = URL(fileURLWithPath: second ?? "")
        if reference == nil, let remark = try ReferenceStyle.remark(voice) { printError(remark) }
        let bytes = try SpeechFile.write(
            store.load(id), of: voice, reference: reference.map { URL(fileURLWithPath: $0) },
            weights: weights ?? .float32, to: target, replaces: replace)
        print("\(id) is written to \(target.path), \(Self.size(bytes)); speak with it: reprise say \(target.path) TEXT")
    }

    func validateSynthesis() throws {
        guard purpose == nil else {
            guard action == .export else { throw ValidationError("--for is for `export`.") }
            guard !peft, !singleFile else {
                throw ValidationError("--for synthesis writes a file of its own; leave --peft and --single-file out.")
            }
            return
        }
        guard weights == nil, reference == nil, !replace else {
            throw ValidationError("--weights, --reference and --replace are for `export … --for synthesis`.")
        }
    }
}
