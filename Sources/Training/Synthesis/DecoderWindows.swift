/// The stretches of frames that are decoded one after the other: first half a second, so that it can be heard soon, then
/// twice as much each time up to four seconds, so that what neighbours hear of each other is a small part of the work.
package struct DecoderWindows: Sequence, IteratorProtocol {
    private let frames: Int
    private var start = 0, length = 25
    private let longest = 200

    package init(frames: Int) { self.frames = frames }

    package mutating func next() -> Range<Int>? {
        if start >= frames { return nil }
        // A rest of less than half a window is not worth one of its own.
        let end = frames - start < length + length / 2 ? frames : start + length
        defer { (start, length) = (end, Swift.min(longest, 2 * length)) }
        return start..<end
    }
}
