import Training

/// A change of one clip.
package enum ClipChange: Sendable, Equatable {
    case excluded(String, Bool)
    case transcript(String, String)
    /// nil: what the transcript gives.
    case phonemes(String, String?)

    package var id: String {
        switch self {
        case .excluded(let id, _), .transcript(let id, _), .phonemes(let id, _): id
        }
    }
}

/// What a line typed on the data screen is for.
package enum DataPrompt: Sendable, Equatable {
    case search
    case transcript(String)
    case phonemes(String)
    /// A sentence to record.
    case sentence
}

/// What the data screen is told.
package enum DataMessage: Sendable {
    case listed(ClipListing)
    case notListed(String)
    case inspected([ClipInspection])
    /// Made, with the change that takes it back and whether it does just that.
    case changed(ClipChange, from: ClipChange, isTakingBack: Bool)
    case notChanged(String)
    /// What was played is over, or could not be played: one sentence.
    case played(String?)
    case recorder(RecorderState.Message)
    /// The session is to be saved and opened anew.
    case reopen
}

/// What the data screen wants done; `DataWorker` does it.
package enum DataEffect: Sendable, Equatable {
    case list
    case inspect([String])
    case change(ClipChange, from: ClipChange, isTakingBack: Bool)
    /// A sound file.
    case play(String)
    case stopPlaying
    case recorder(RecorderState.Effect)
    /// Save, and open the session anew with the clips as they are now.
    case reopen
}
