extension CheckpointStore {
    /// Compares two checkpoints: positions and settings line by line, tensors by their largest difference. Files that
    /// are equal by their checksums are not read; throws `.damaged` for one that is hurt.
    package func compare(_ first: CheckpointID, _ second: CheckpointID) throws -> Comparison {
        let manifests = try (manifest(first), manifest(second))
        let (old, new) = (Self.byName(manifests.0), Self.byName(manifests.1))
        var comparison = Comparison(
            first: Comparison.Side(header: manifests.0.header, files: old.mapValues(\.bytes)),
            second: Comparison.Side(header: manifests.1.header, files: new.mapValues(\.bytes)), texts: [], tensors: [],
            equalTensors: 0)
        for name in Set(old.keys).union(new.keys).sorted() {
            if let record = old[name], record.digest == new[name]?.digest {
                comparison.equalTensors += record.tensors?.count ?? 0
                continue
            }
            // One file of each at a time: two whole checkpoints may not fit in memory.
            let images = try (part(name, of: manifests.0), part(name, of: manifests.1))
            if (old[name] ?? new[name])?.tensors == nil {
                let texts = (images.0.text(name) ?? "", images.1.text(name) ?? "")
                if let difference = Comparison.TextDifference(name: name, texts.0, texts.1) {
                    comparison.texts.append(difference)
                }
            } else {
                compare(name, images.0.files.first, images.1.files.first, &comparison)
            }
        }
        return comparison
    }

    private static func byName(_ manifest: Manifest) -> [String: FileRecord] {
        Dictionary(manifest.files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// One file of a checkpoint, verified; nothing when it has no such file.
    private func part(_ name: String, of manifest: Manifest) throws -> StateImage {
        var part = manifest
        part.files.removeAll { $0.name != name }
        return try read(part, keepsTensors: true)
    }

    private func compare(_ file: String, _ first: StateFile?, _ second: StateFile?, _ comparison: inout Comparison) {
        let old = first?.tensors ?? []
        let added = (second?.tensors ?? []).filter { first?[$0.name] == nil }
        for tensor in old {
            let kind: Comparison.TensorDifference.Kind?
            if let other = second?[tensor.name] {
                kind = Comparison.TensorDifference.Kind(tensor, other)
            } else {
                kind = .removed
            }
            if let kind {
                comparison.tensors.append(Comparison.TensorDifference(file: file, name: tensor.name, kind: kind))
            } else {
                comparison.equalTensors += 1
            }
        }
        comparison.tensors += added.map {
            Comparison.TensorDifference(file: file, name: $0.name, kind: .added)
        }
    }
}
