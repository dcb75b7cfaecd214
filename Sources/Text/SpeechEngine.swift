import CESpeak
import Synchronization

/// The one owner of libespeak-ng, whose state is global: every call is made under one lock.
package final class SpeechEngine: Sendable {
    package static let shared = SpeechEngine()

    /// One language espeak-ng can read.
    package struct Language: Sendable, Equatable {
        /// The name users write, in lower case, e.g. "en-us".
        package let name: String
        /// The voice file that reads it.
        let voice: String
        /// For readers, e.g. "English (America)".
        package let title: String
    }

    private struct State {
        var languages: [Language]?
        var selected = ""
    }
    private let state = Mutex(State())

    private init() {}

    /// Every language of the installed espeak-ng, by name.
    package func languages() throws -> [Language] {
        try state.withLock { try Self.start(&$0) }
    }

    /// - Throws: `TextError.unknownLanguage` with the nearest names.
    package func language(named name: String) throws -> Language {
        let wanted = name.lowercased()
        let all = try languages()
        if let found = all.first(where: { $0.name == wanted }) { return found }
        // espeak-ng names its British and European voices by region only.
        let alias = ["en": "en-gb", "en-uk": "en-gb", "fr": "fr-fr", "zh": "cmn", "zh-cn": "cmn", "no": "nb"][wanted]
        if let alias, let found = all.first(where: { $0.name == alias }) { return found }
        throw TextError.unknownLanguage(name, nearest: nearestNames(to: wanted, among: all.map(\.name)))
    }

    /// The phonemes of `text` clause by clause, words parted by spaces; empty where espeak-ng says nothing.
    ///
    /// - Parameters:
    ///   - text: words without clause punctuation, UTF-8, no NUL.
    ///   - keepsTones: also asks for espeak-ng's own names, because its IPA keeps only a tone's first digit.
    func phonemes(of text: String, voice: String, keepsTones: Bool) throws -> String {
        try state.withLock { state in
            _ = try Self.start(&state)
            if state.selected != voice {
                state.selected = ""
                guard reprise_espeak_set_voice(voice) == ENS_OK, espeak_GetCurrentVoice() != nil else {
                    throw TextError.phonemizerUnavailable("its voice \(voice) did not load")
                }
                state.selected = voice
            }
            guard keepsTones else { return PhonemeSpelling.repair(Self.run(text, ipa: true, separator: 0)) }
            return PhonemeSpelling.repairTones(
                ipa: Self.run(text, ipa: true, separator: PhonemeSpelling.separator),
                names: Self.run(text, ipa: false, separator: PhonemeSpelling.separator))
        }
    }

    private static func run(_ text: String, ipa: Bool, separator: UInt8) -> String {
        var result = ""
        text.withCString { start in
            var rest: UnsafeRawPointer? = UnsafeRawPointer(start)
            while rest != nil {
                guard let clause = reprise_espeak_phonemes(&rest, ipa ? 1 : 0, separator) else { break }
                if !result.isEmpty { result += " " }
                result += String(cString: clause)
            }
        }
        return result
    }

    private static func start(_ state: inout State) throws -> [Language] {
        if let languages = state.languages { return languages }
        let status = reprise_espeak_start()
        guard status == ENS_OK else {
            var message = [CChar](repeating: 0, count: 512)
            espeak_ng_GetStatusCodeMessage(status, &message, message.count)
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw TextError.phonemizerUnavailable(text)
        }
        let languages = listLanguages()
        guard !languages.isEmpty else { throw TextError.phonemizerUnavailable("it has no voices") }
        state.languages = languages
        return languages
    }

    private static func listLanguages() -> [Language] {
        guard var entry = espeak_ListVoices(nil) else { return [] }
        var found: [String: Language] = [:]
        var firstNames: Set<String> = []
        while let voice = entry.pointee {
            defer { entry += 1 }
            guard let name = voice.pointee.name, let identifier = voice.pointee.identifier,
                var list = voice.pointee.languages
            else { continue }
            // Pairs of a priority byte and a name; a zero byte ends the list. The first name is the voice's own.
            var isFirst = true
            while list.pointee != 0 {
                let language = String(cString: list + 1).lowercased()
                list += 1 + language.utf8.count + 1
                // Two voices call themselves "yue"; the list's first, for characters, keeps the name.
                if found[language] == nil || (isFirst && !firstNames.contains(language)) {
                    found[language] = Language(
                        name: language, voice: String(cString: identifier), title: String(cString: name))
                }
                if isFirst { firstNames.insert(language) }
                isFirst = false
            }
        }
        return found.values.sorted { $0.name < $1.name }
    }

    private func nearestNames(to wanted: String, among names: [String]) -> [String] {
        let stem = wanted.prefix { $0 != "-" && $0 != "_" }
        let sameStem = names.filter { $0 == stem || $0.hasPrefix(stem + "-") }
        return Array((sameStem.isEmpty ? names.filter { $0.hasPrefix(wanted.prefix(2)) } : sameStem).prefix(4))
    }
}
