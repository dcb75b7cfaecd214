/// The clips of a voice to look at and to change; the studio's data screen is drawn from it.
///
/// Every change is on the disk when its call returns. A session that trains meanwhile keeps the clips it began with: the
/// next one finds other data and begins an epoch with it (see `Trainer.beginDataset`).
package protocol ClipLibrary: Sendable {
    /// All clips in the order of metadata.csv; quick, as no sound is read.
    func listing() async throws -> ClipListing
    /// Reads one clip's sound and text: milliseconds.
    func inspect(_ id: String) async -> ClipInspection
    func setExcluded(_ id: String, _ isExcluded: Bool) async throws
    func setTranscript(_ id: String, _ text: String) async throws
    /// Phonemes in place of what the transcript gives; nil or empty takes them off again.
    func setPhonemes(_ id: String, _ phonemes: String?) async throws
    /// What would become of a recording of this sentence; changes nothing.
    func prepare(_ recording: RecordedSound, saying text: String) async -> RecordingDraft
    /// Adds a prepared recording as a new clip and returns its id.
    func add(_ draft: RecordingDraft) async throws -> String
}

/// What a voice's folder says of its clips.
package struct ClipListing: Sendable, Equatable {
    package struct Entry: Sendable, Equatable, Identifiable {
        package var id: String
        package var text: String
        /// Inside the voice's folder; an absolute path.
        package var path: String
        /// Set where the user wrote the phonemes.
        package var ownPhonemes: String?
        package var isExcluded: Bool
        package var isHeldOut: Bool

        package init(
            id: String, text: String, path: String, ownPhonemes: String? = nil, isExcluded: Bool = false,
            isHeldOut: Bool = false
        ) {
            self.id = id
            self.text = text
            self.path = path
            self.ownPhonemes = ownPhonemes
            self.isExcluded = isExcluded
            self.isHeldOut = isHeldOut
        }
    }

    package var entries: [Entry]
    package var language: String
    /// The symbols that the language is known to use, in the order of the symbol table.
    package var symbols: [String]
    /// Sentences to read aloud; empty where none are known for the language.
    package var prompts: [String]

    package init(entries: [Entry], language: String, symbols: [String], prompts: [String]) {
        self.entries = entries
        self.language = language
        self.symbols = symbols
        self.prompts = prompts
    }
}

/// What reading a clip tells.
package struct ClipInspection: Sendable, Equatable {
    package var id: String
    /// Seconds; 0 when it cannot be read.
    package var seconds: Double
    /// What is trained on, symbol by symbol.
    package var symbols: [String]
    package var outline: SoundOutline
    package var warnings: [ClipWarning]

    package init(
        id: String, seconds: Double, symbols: [String], outline: SoundOutline, warnings: [ClipWarning]
    ) {
        self.id = id
        self.seconds = seconds
        self.symbols = symbols
        self.outline = outline
        self.warnings = warnings
    }
}

/// A sound as a picture needs it.
package struct SoundOutline: Sendable, Equatable {
    /// Lowest and highest sample of equal parts, in 127ths of full scale, one after the other.
    package var low: [Int8]
    package var high: [Int8]
    /// Gated loudness in dB below full scale; nil for silence.
    package var level: Double?
    /// The largest magnitude, 1 is full scale.
    package var peak: Float

    package static let empty = SoundOutline(low: [], high: [], level: nil, peak: 0)

    package init(low: [Int8], high: [Int8], level: Double?, peak: Float) {
        self.low = low
        self.high = high
        self.level = level
        self.peak = peak
    }

    /// The outline of samples in `parts` parts, or fewer where there are fewer samples.
    package init(_ samples: [Float], parts: Int = 512, level: Double?) {
        let count = min(parts, samples.count)
        var low = [Int8](), high = [Int8](), peak: Float = 0
        low.reserveCapacity(count)
        high.reserveCapacity(count)
        samples.withUnsafeBufferPointer { buffer in
            for part in 0..<count {
                let (start, end) = (part * samples.count / count, (part + 1) * samples.count / count)
                var (lowest, highest) = (buffer[start], buffer[start])
                for index in start..<end {
                    lowest = min(lowest, buffer[index])
                    highest = max(highest, buffer[index])
                }
                low.append(Self.small(lowest))
                high.append(Self.small(highest))
                peak = max(peak, highest, -lowest)
            }
        }
        self.init(low: low, high: high, level: level, peak: peak)
    }

    private static func small(_ sample: Float) -> Int8 {
        sample.isNaN ? 0 : Int8(max(-127, min(127, (sample * 127).rounded())))
    }
}

/// Sound from a microphone: mono.
package struct RecordedSound: Sendable, Equatable {
    package var samples: [Float]
    /// Hz.
    package var sampleRate: Int

    package init(samples: [Float], sampleRate: Int) {
        self.samples = samples
        self.sampleRate = sampleRate
    }

    package var seconds: Double { Double(samples.count) / Double(max(1, sampleRate)) }
}

/// A recording with its text, trimmed and at the voice's rate and loudness, or the reason why it cannot be used.
package struct RecordingDraft: Sendable, Equatable {
    package var text: String
    package var sound: RecordedSound
    package var outline: SoundOutline
    /// What is odd about it, but does not keep it from being used.
    package var warnings: [ClipWarning]
    /// Why it cannot be kept, a few words; nil when it can.
    package var refusal: String?

    package init(
        text: String, sound: RecordedSound, outline: SoundOutline, warnings: [ClipWarning] = [], refusal: String? = nil
    ) {
        self.text = text
        self.sound = sound
        self.outline = outline
        self.warnings = warnings
        self.refusal = refusal
    }
}
