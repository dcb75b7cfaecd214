/// How well speakers are told apart by their vectors.
package enum SpeakerVerification {
    /// -1 ... 1; 0 where a vector is nothing but zeros.
    package static func cosine(_ one: [Float], _ other: [Float]) -> Double {
        func product(_ first: [Float], _ second: [Float]) -> Double {
            zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let length = (product(one, one) * product(other, other)).squareRoot()
        return length > 0 ? product(one, other) / length : 0
    }

    /// The equal error rate, 0 ... 1: at the threshold where as large a share of pairs of one speaker is refused as of
    /// pairs of two is accepted, between two thresholds along the line that joins them.
    ///
    /// - Parameter same: likenesses of two sounds of one speaker; `different`: of two speakers. nil without both.
    package static func equalErrorRate(same: [Double], different: [Double]) -> Double? {
        guard !same.isEmpty, !different.isEmpty else { return nil }
        let scores = (same.map { ($0, true) } + different.map { ($0, false) }).sorted { $0.0 < $1.0 }
        var (refused, accepted) = (0, different.count), last = (misses: 0.0, alarms: 1.0)
        for (index, (score, isSame)) in scores.enumerated() {
            if isSame { refused += 1 } else { accepted -= 1 }
            // A threshold lies between two likenesses, never between equal ones.
            if index + 1 < scores.count, scores[index + 1].0 == score { continue }
            let next = (
                misses: Double(refused) / Double(same.count), alarms: Double(accepted) / Double(different.count)
            )
            if next.misses >= next.alarms {
                let (before, after) = (last.alarms - last.misses, next.misses - next.alarms)
                return last.misses + (next.misses - last.misses) * before / (before + after)
            }
            last = next
        }
        return last.misses
    }

    /// The same of vectors, every pair of two of them counted once.
    package static func equalErrorRate(_ vectors: [(speaker: String, vector: [Float])]) -> Double? {
        var same: [Double] = [], different: [Double] = []
        for (index, one) in vectors.enumerated() {
            for other in vectors[..<index] {
                let likeness = cosine(one.vector, other.vector)
                if one.speaker == other.speaker { same.append(likeness) } else { different.append(likeness) }
            }
        }
        return equalErrorRate(same: same, different: different)
    }
}
