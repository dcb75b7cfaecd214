import Checkpoint
import Foundation
import Neural
import Synchronization
import Tensor

/// The processes that train one voice: rank 0 is the `Trainer`, the others obey it (`TrainingWorker`).
package final class ProcessCrew: Sendable {
    package let group: any ProcessGroup
    let meter: ExchangeMeter
    /// The signal that came here, 0 for none: heard of by all at the end of the step.
    package let signal = Atomic<Int32>(0)
    private let common = Atomic<Int32>(0)

    package init(_ group: any ProcessGroup) {
        meter = ExchangeMeter(group)
        self.group = meter
    }

    /// A signal that came to any of the processes and that all know of, or nil.
    package var commonSignal: Int32? {
        let number = common.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// What ends a step everywhere: all are there, with the same weights.
    ///
    /// Every process updates its own copy of the weights. A sixteenth of them is looked at after each step, another one
    /// each time.
    ///
    /// - Throws: `TrainingError.drifted`, in all processes alike.
    func agree(after step: Int, on optimizers: [AdamW]) throws {
        var digests = ""
        for optimizer in optimizers {
            for (index, slot) in optimizer.slots.enumerated() where index % 16 == step % 16 {
                let bytes = UnsafeRawBufferPointer(start: slot.parameter.pointer, count: 4 * slot.parameter.count)
                digests += Digest(of: bytes).description
            }
        }
        let here = Array("\(step) \(Digest(of: digests))".utf8)
        let record = (here + Array(repeating: 0, count: 64)).prefix(64) + [UInt8(signal.load(ordering: .relaxed))]
        let all = group.gathered(Array(record), zero: 0)
        let records = stride(from: 0, to: all.count, by: record.count).map { all[$0..<$0 + record.count] }
        if let number = records.compactMap(\.last).first(where: { $0 != 0 }) {
            common.store(Int32(number), ordering: .relaxed)
        }
        if let other = records.firstIndex(where: { !$0.dropLast().elementsEqual(records[0].dropLast()) }) {
            throw TrainingError.drifted(rank: other, step: step)
        }
    }

    /// What rank 0 wants of the others.
    struct Order: Codable {
        enum Kind: String, Codable { case begin, restore, step, end }
        var kind: Kind
        /// Before the step.
        var position: TrainingPosition?
        var branch = ""
        var fingerprint = ""
        /// voice.toml of rank 0.
        var settings = ""
        /// What the processes end with.
        var status: Int32 = 0
    }

    func give(_ order: Order) { _ = group.broadcast([UInt8]((try? JSONEncoder().encode(order)) ?? Data())) }

    /// Tells the others to end as rank 0 does. The last call that rank 0 makes.
    package func end(status: Int32) { give(Order(kind: .end, status: status)) }

    func nextOrder() throws -> Order { try JSONDecoder().decode(Order.self, from: Data(group.broadcast([]))) }

    /// A tensor of a state as it is told of before its bytes.
    private struct Entry: Codable {
        var file, name: String
        var type: ScalarType
        var shape: [Int]
    }

    /// Gives a state to all the others.
    func share(_ image: StateImage) throws {
        let tensors = image.files.flatMap { file in file.tensors.map { (file.name, $0) } }
        let entries = tensors.map { Entry(file: $0, name: $1.name, type: $1.type, shape: $1.shape) }
        _ = group.broadcast([UInt8](try JSONEncoder().encode(entries)))
        for (_, tensor) in tensors { _ = group.broadcast(tensor.bytes) }
    }

    /// Takes the state that rank 0 shares.
    func takeState(at position: TrainingPosition) throws -> StateImage {
        let entries = try JSONDecoder().decode([Entry].self, from: Data(group.broadcast([])))
        var files: [(name: String, tensors: [TensorImage])] = []
        for entry in entries {
            let tensor = TensorImage(
                name: entry.name, type: entry.type, shape: entry.shape, bytes: group.broadcast([]))
            if files.last?.name != entry.file { files.append((entry.file, [])) }
            files[files.count - 1].tensors.append(tensor)
        }
        return try StateImage(files: files.map { StateFile(name: $0.name, tensors: $0.tensors) }, position: position)
    }
}
