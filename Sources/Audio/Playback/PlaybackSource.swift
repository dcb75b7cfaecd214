/// The samples that a playback has still to give: pieces as they come, or a whole sound that may begin again.
struct PlaybackSource: Sendable {
    /// Nothing more is to be appended.
    var isComplete = false
    var isLooping = false
    private var pieces: [[Float]] = []
    private let whole: [Float]
    /// The sample of the whole sound to give next.
    private var position: Int
    private let start: Int
    /// What `place` said last.
    private var told = -1.0

    /// A quarter of a second or so: short enough for a change of mind to be heard soon.
    private static let pieceLength = 4096
    /// Seconds of sound between two places that are told.
    private static let interval = 0.03

    /// A sound that comes in pieces.
    init() {
        whole = []
        (position, start) = (0, 0)
    }

    init(_ whole: [Float], start: Int, isLooping: Bool) {
        self.whole = whole
        self.start = max(0, min(start, whole.count))
        self.isLooping = isLooping
        position = self.start
        isComplete = true
    }

    mutating func append(_ samples: [Float]) {
        if !samples.isEmpty { pieces.append(samples) }
    }

    /// The next piece, never empty; nil when there is none now.
    mutating func next() -> [Float]? {
        if !pieces.isEmpty { return pieces.removeFirst() }
        if position >= whole.count, isLooping { position = 0 }
        guard position < whole.count else { return nil }
        let end = min(whole.count, position + Self.pieceLength)
        defer { position = end }
        return Array(whole[position..<end])
    }

    /// The second of the whole sound that is heard `seconds` after the beginning; nil while it is nearly the one told last.
    mutating func place(after seconds: Double, sampleRate: Int) -> Double? {
        let length = Double(whole.count) / Double(sampleRate)
        var place = Double(start) / Double(sampleRate) + max(0, seconds)
        if length > 0, place > length + 1e-9 { place = place.truncatingRemainder(dividingBy: length) }
        guard abs(place - told) >= Self.interval || told < 0 else { return nil }
        told = place
        return place
    }
}
