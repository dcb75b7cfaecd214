import Testing
import Text

@Suite struct TextFrontEndTests {
    private func transcription(_ language: String, _ text: String) throws -> String {
        try TextFrontEnd(language: language).encode(text).transcription
    }

    @Test(arguments: [
        ("en-us", "Hello, world!", "həlˈoʊ, wˈɜːld!"),
        ("en-us", "Dr. Smith said: it costs $3.14.", "dˈɑːktɚ smˈɪθ sˈɛd: ɪt kˈɔsts dˈɑːlɚ θɹˈiː pɔɪnt wˈʌn fˈoːɹ."),
        ("en-gb", "Hello there.", "həlˈəʊ ðˈeə."),
        ("de", "Guten Morgen, Welt.", "ɡˈuːtən mˈɔɾɡən, vˈɛlt."),
        ("cmn", "你好，世界！", "nˈi214 χˈɑu214, ʂˈɨ51 tɕˈiɛ51!"),
        ("zh", "你好", "nˈi214 χˈɑu214"),
        ("ru", "Привет, мир", "prʲivʲˈet, mʲˈir"),
    ])
    func knownSentences(language: String, text: String, ipa: String) throws {
        let encoded = try TextFrontEnd(language: language).encode(text)
        #expect(encoded.transcription == ipa)
        #expect(encoded.unknown.isEmpty)
        #expect(encoded.warning == nil)
        #expect(encoded.ids.count == encoded.symbols.count)
        #expect(encoded.ids.map { SymbolTable.ipa.symbol(of: $0) } == encoded.symbols)
    }

    @Test func numbersOfMandarinTonesAreKept() throws {
        // ma1 ma2 ma3 ma4: mother, hemp, horse, scold.
        #expect(Set(try "妈麻马骂".map { try transcription("cmn", String($0)) }).count == 4)
    }

    @Test func latinWordsInChineseAreReadAsEnglish() throws {
        let english = try transcription("en-us", "hello")
        #expect(try transcription("cmn", "你好 hello").hasSuffix(" " + english))
    }

    @Test(arguments: ["en-us", "de", "fr", "es", "cmn"])
    func punctuationStaysInPlace(language: String) throws {
        let text = "\u{201C}A, b; c: d\u{201D} (e) f\u{2026} g \u{2013} h! i? j."
        let marks = try TextFrontEnd(language: language).encode(text).symbols.filter { ",;:\"()…—!?.".contains($0) }
        #expect(marks.joined() == "\",;:\"()…—!?.")
    }

    @Test func stressIsKept() throws {
        let symbols = try TextFrontEnd(language: "en-us").encode("An unbelievable photograph").symbols
        #expect(symbols.contains("ˈ"))
        #expect(symbols.contains("ˌ"))
    }

    @Test func emojiAndForeignScriptsAreNamed() throws {
        let encoded = try TextFrontEnd(language: "en-us").encode("Well done 👍🏽 你 👍🏽 ☃!")
        #expect(encoded.unknown == ["👍🏽", "你", "☃"])
        #expect(encoded.warning == "This voice does not know \"👍🏽\", \"你\", \"☃\" and left them out.")
        #expect(encoded.transcription == (try transcription("en-us", "Well done !")))
    }

    @Test func aTextOfUnknownCharactersOnlyIsRefused() throws {
        let frontEnd = try TextFrontEnd(language: "en-us")
        #expect(throws: TextError.nothingToSay(unknown: ["😀"])) { try frontEnd.encode("😀!") }
        #expect(throws: TextError.emptyText) { try frontEnd.encode(" \n\t ") }
        #expect(throws: TextError.emptyText) { try frontEnd.encode("...") }
    }

    @Test func anUnknownLanguageGivesOneSentence() throws {
        let error = try #require(throws: TextError.self) { try TextFrontEnd(language: "en-xx") }
        #expect(
            error.description
                == "espeak-ng has no language \"en-xx\" (near it: en, en-029, en-gb, en-gb-scotland); choose one of its "
                + "languages, such as \"en-us\", or \"graphemes\" to read letters as they are.")
    }

    @Test func everyLanguageStaysInsideTheSymbolTable() throws {
        // Numerals are words of the language itself, so they need no corpus; a few languages know none.
        var silent: [String] = []
        for language in try SpeechEngine.shared.languages() {
            let frontEnd = try TextFrontEnd(language: language.name)
            do {
                let encoded = try frontEnd.encode("1 2 3 4 5 6 7 8 9 10 11 12 20 30 47 100 1000")
                #expect(encoded.unknown.isEmpty, "\(language.name): \(encoded.unknown)")
            } catch TextError.nothingToSay {
                silent.append(language.name)
            }
        }
        #expect(silent.count <= 8, "\(silent)")
    }

    @Test func nothingOfALongTextIsLost() throws {
        let frontEnd = try TextFrontEnd(language: "en-us")
        let once = try frontEnd.encode("word").symbols.filter { $0 == "w" }.count
        let encoded = try frontEnd.encode(String(repeating: "word ", count: 700))
        #expect(encoded.symbols.filter { $0 == "w" }.count == 700 * once)
        // A "word" longer than espeak-ng's buffers neither crashes nor vanishes.
        #expect(try frontEnd.encode(String(repeating: "abcdefghij", count: 500)).ids.count > 3000)
    }

    @Test func concurrentCallsInSeveralLanguagesAgree() async throws {
        let cases = [("en-us", "Good morning, friends."), ("de", "Guten Morgen, Freunde."), ("cmn", "早上好，朋友们。")]
        let expected = try cases.map { try TextFrontEnd(language: $0.0).encode($0.1) }
        try await withThrowingTaskGroup(of: (Int, EncodedText).self) { group in
            for item in 0..<60 {
                group.addTask {
                    let (language, text) = cases[item % 3]
                    return (item % 3, try TextFrontEnd(language: language).encode(text))
                }
            }
            for try await (index, encoded) in group { #expect(encoded == expected[index]) }
        }
    }
}
