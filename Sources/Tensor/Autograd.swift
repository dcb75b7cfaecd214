import CKernels

/// One entry of the tape: what an operator read, and how a gradient goes back through it.
final class GradientNode {
    let inputs: [Tensor]
    /// Which inputs wanted a gradient when the operator ran: thawing a frozen module afterwards changes nothing.
    let wanted: [Bool]
    /// Takes d loss / d output, returns d loss / d input for each input, nil where the input wants none.
    let backward: (Tensor) -> [Tensor?]
    /// Of the last input, of which the operator read only this part; its gradient is returned for that part alone.
    let part: AxisPart?

    init(inputs: [Tensor], part: AxisPart?, backward: @escaping (Tensor) -> [Tensor?]) {
        self.inputs = inputs
        wanted = inputs.map(\.requiresGradient)
        self.part = part
        self.backward = backward
    }
}

extension Tensor {
    /// Puts the result of an operator on the tape, if any of its inputs wants a gradient.
    package func recorded(_ inputs: [Tensor], backward: @escaping (Tensor) -> [Tensor?]) -> Tensor {
        recorded(inputs, part: nil, backward: backward)
    }

    /// The same of an operator that read only a part of its last input.
    func recorded(_ inputs: [Tensor], part: AxisPart?, backward: @escaping (Tensor) -> [Tensor?]) -> Tensor {
        guard inputs.contains(where: \.requiresGradient) else { return self }
        requiresGradient = true
        node = GradientNode(inputs: inputs, part: part, backward: backward)
        return self
    }

    /// Walks the tape back from this scalar, adds to `gradient` of every leaf that wants one, and frees the tape.
    ///
    /// The order is a function of the graph alone, so sums come out the same every time.
    /// `whenReady` is told of each leaf as soon as its gradient is whole.
    package func backward(seed: Tensor? = nil, whenReady: ((Tensor) -> Void)? = nil) {
        precondition(seed != nil || count == 1, "backward starts at a scalar, this has a shape of \(shape)")
        guard requiresGradient else { return }
        var pending = [ObjectIdentifier: PendingGradient]()
        var order = topologicalOrder()
        pending[ObjectIdentifier(self)] = PendingGradient(total: seed ?? Tensor(repeating: 1, shape: shape))
        // Taken off one by one, so that what an operator saved is free as soon as its gradient has passed.
        while let tensor = order.popLast() {
            guard var arrived = pending.removeValue(forKey: ObjectIdentifier(tensor))?.total else { continue }
            guard let node = tensor.node else {
                tensor.accumulateGradient(&arrived)
                whenReady?(tensor)
                continue
            }
            let gradients = node.backward(arrived)
            for (index, input) in node.inputs.enumerated() {
                guard let gradient = gradients[index], node.wanted[index], input.requiresGradient else { continue }
                if let part = node.part, index == node.inputs.count - 1 {
                    pending[ObjectIdentifier(input), default: PendingGradient()].add(
                        gradient, to: part, of: input.shape)
                } else {
                    assert(gradient.count == input.count)
                    pending[ObjectIdentifier(input), default: PendingGradient()].add(gradient)
                }
            }
            tensor.node = nil
        }
    }

    /// Inputs before outputs; iterative, as a graph is thousands of nodes deep.
    private func topologicalOrder() -> [Tensor] {
        var order = [Tensor]()
        var visited: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
        var stack: [(tensor: Tensor, next: Int)] = [(self, 0)]
        while let (tensor, next) = stack.last {
            let inputs = tensor.node?.inputs ?? []
            if next < inputs.count {
                stack[stack.count - 1].next += 1
                let input = inputs[next]
                if tensor.node?.wanted[next] == true, input.requiresGradient,
                    visited.insert(ObjectIdentifier(input)).inserted
                {
                    stack.append((input, 0))
                }
            } else {
                order.append(tensor)
                stack.removeLast()
            }
        }
        return order
    }

    private func accumulateGradient(_ arrived: inout Tensor) {
        if arrived.shape != shape { arrived = arrived.viewed(as: shape) }
        guard gradient != nil else {
            // A buffer that another leaf's gradient shares is copied: clipping scales in place.
            gradient = isUnshared(&arrived) ? arrived : arrived.copied()
            return
        }
        if !isUnshared(&gradient!) { gradient = gradient!.copied() }
        accumulate(arrived, into: gradient!)
    }
}

/// Whether nobody else holds this tensor or its memory, so that it may be written to.
private func isUnshared(_ tensor: inout Tensor) -> Bool {
    isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.storage)
}

/// The gradient of one tensor while its consumers are still being visited.
private struct PendingGradient {
    var total: Tensor?

    mutating func add(_ gradient: Tensor) {
        guard total != nil else {
            total = gradient
            return
        }
        if !isUnshared(&total!) { total = total!.copied() }
        accumulate(gradient, into: total!)
    }

    mutating func add(_ gradient: Tensor, to part: AxisPart, of shape: [Int]) {
        guard total != nil else {
            let whole = Tensor(uninitialized: shape)
            part.place(gradient.pointer, in: whole.pointer)
            total = whole
            return
        }
        if !isUnshared(&total!) { total = total!.copied() }
        part.accumulate(gradient.pointer, into: total!.pointer)
    }
}

/// target += source, in parallel over fixed pieces.
func accumulate(_ source: Tensor, into target: Tensor) {
    let from = source.pointer, to = target.pointer
    parallelPieces(of: target.count) { start, count in ck_accumulate(Int64(count), from + start, to + start) }
}
