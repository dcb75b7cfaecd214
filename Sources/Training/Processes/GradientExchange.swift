import Dispatch
import Neural
import Tensor

/// Sums the gradients of one optimizer's parameters over all processes, beside the backward pass that makes them.
///
/// Gradients become ready in an order that the graph gives, the same in all processes. They are packed into buckets in
/// that order, and a full bucket is exchanged while backward goes on. What a parameter has afterwards is the sum.
struct GradientExchange {
    /// Numbers of a bucket: a megabyte, small enough that little is left to do when backward ends.
    private static let bucket = 1 << 18

    /// Walks back from `loss`, and returns when every gradient is the sum over the processes.
    static func descend(from loss: Tensor, _ optimizer: AdamW, _ group: ExchangeMeter) {
        let wanted = Set(optimizer.slots.map { ObjectIdentifier($0.parameter) })
        // One after another; without a target a queue has a thread of its own where ranks are threads of one process.
        let queue = DispatchQueue(label: "gradients of rank \(group.rank)", qos: .userInitiated)
        var ready: [Tensor] = [], count = 0
        func send() {
            guard count > 0 else { return }
            let storage = Storage(count: count)
            var place = 0
            for parameter in ready {
                guard let gradient = parameter.gradient else { continue }
                (storage.pointer + place).update(from: gradient.pointer, count: gradient.count)
                // Where the sum will stand: nothing else reads it before the exchange is over.
                parameter.gradient = Tensor(shape: parameter.shape, storage: storage, offset: place)
                place += gradient.count
            }
            let length = count
            queue.async { group.sum(storage.pointer, count: length, on: .gradients) }
            (ready, count) = ([], 0)
        }
        loss.backward { leaf in
            guard wanted.contains(ObjectIdentifier(leaf)) else { return }
            ready.append(leaf)
            count += leaf.count
            if count >= bucket { send() }
        }
        send()
        group.waiting { queue.sync {} }
    }
}
