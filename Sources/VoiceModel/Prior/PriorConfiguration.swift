/// The sizes of a `Prior`.
package struct PriorConfiguration: Sendable, Equatable {
    /// Width of the transformer's rows.
    package var hidden: Int
    package var layers: Int
    package var heads: Int
    /// Symbols of the text's table.
    package var symbolCount: Int
    /// Semantic codes, EOS and BOS not counted.
    package var codeCount: Int
    /// Width of a row of the code table.
    package var codeWidth = 256
    /// Width of the speaker vector g.
    package var speakerWidth = 192
    /// Width of the text's BERT features.
    package var bertWidth = 1024
    /// Positions of the text, and as many of the tokens, the first of which is BOS.
    package var positions = 1024
    package var dropout: Float = 0.1

    package init(hidden: Int, layers: Int, heads: Int, symbolCount: Int, codeCount: Int) {
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.symbolCount = symbolCount
        self.codeCount = codeCount
    }

    /// - Parameter speakerWidth: that of the speaker encoder in use.
    package static func preset(
        _ preset: ModelPreset, symbolCount: Int, codeCount: Int, speakerWidth: Int = 192
    ) -> PriorConfiguration {
        let (hidden, layers, heads) =
            switch preset {
            case .tiny: (64, 2, 2)
            case .nano: (256, 6, 4)
            // v2 has a `SemanticDecoder` instead.
            case .standard, .v2: (768, 6, 8)
            }
        var configuration = PriorConfiguration(
            hidden: hidden, layers: layers, heads: heads, symbolCount: symbolCount, codeCount: codeCount)
        configuration.speakerWidth = speakerWidth
        return configuration
    }

    /// The most symbols one text may have.
    package var maximumSymbols: Int { positions }
    /// The most tokens one utterance may have: BOS takes a position too.
    package var maximumTokens: Int { positions - 1 }
}
