/// The voices of a user, and where new ones come from; the welcome screen is drawn from it.
package protocol VoiceHome: Sendable {
    /// What can be opened or begun now; reads a few small files.
    func offer() -> VoiceOffer
    /// The folder of a voice that can be opened, else an error whose description is one sentence.
    func check(_ path: String) throws -> String
    /// A copy of a sample under the user's voices, or the one that is there already; its folder.
    func adopt(sample path: String) throws -> String
    /// Folders and transcript files whose path begins like this, folders with a "/" at their end.
    func completions(of path: String) -> [String]
    /// A name for a voice made of a folder, as good as can be guessed.
    func name(for path: String) -> String
    /// Makes a voice of a folder of recordings. `progress` is told clips done and in all, and the one being read.
    func makeVoice(
        _ name: String, from path: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice
    /// Clips that are recorded one by one for a voice to be; what an earlier session kept is still there.
    func recordings(for name: String, language: String) throws -> any ClipLibrary
    /// Makes a voice of what was recorded for it.
    func makeVoice(
        ofRecordingsFor name: String, language: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice
}

/// A voice that was made, and what became of its recordings.
package struct MadeVoice: Sendable, Equatable {
    package var path: String
    /// The report of the import, line by line.
    package var report: [String]
    /// True when nothing in the report needs to be read before training begins.
    package var isWithoutRemarks: Bool

    package init(path: String, report: [String], isWithoutRemarks: Bool) {
        self.path = path
        self.report = report
        self.isWithoutRemarks = isWithoutRemarks
    }
}

/// What the welcome screen offers.
package struct VoiceOffer: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var path: String
        /// "16 clips, step 2300".
        package var detail: String

        package init(name: String, path: String, detail: String) {
            self.name = name
            self.path = path
            self.detail = detail
        }
    }

    /// The newest first.
    package var voices: [Entry]
    package var samples: [Entry]
    /// Names of voices whose recording was not finished, with what there is of them.
    package var unfinished: [Entry]
    /// Where voices live, and where samples were looked for.
    package var home: String
    package var sampleFolders: [String]
    /// The language of this machine's user, as espeak-ng calls it.
    package var language: String

    package init(
        voices: [Entry], samples: [Entry], unfinished: [Entry] = [], home: String, sampleFolders: [String],
        language: String = "en-us"
    ) {
        self.voices = voices
        self.samples = samples
        self.unfinished = unfinished
        self.home = home
        self.sampleFolders = sampleFolders
        self.language = language
    }
}
