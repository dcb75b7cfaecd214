/// The size of a BERT encoder, as its `config.json` says.
package struct BertConfiguration: Sendable, Equatable {
    /// Word pieces in the vocabulary.
    package var vocabulary: Int
    /// Channels of the hidden states: 768 in bert-base, 1024 in chinese-roberta-wwm-ext-large.
    package var width: Int
    package var layers: Int
    package var heads: Int
    /// Channels between the two feed-forward matrices.
    package var innerWidth: Int
    /// The longest sequence, the pieces that begin and end it included.
    package var positions: Int
    /// Kinds of segments; a sentence alone is of kind 0.
    package var segmentKinds: Int
    package var normEpsilon: Float

    package init(
        vocabulary: Int, width: Int, layers: Int, heads: Int, innerWidth: Int, positions: Int = 512,
        segmentKinds: Int = 2, normEpsilon: Float = 1e-12
    ) {
        self.vocabulary = vocabulary
        self.width = width
        self.layers = layers
        self.heads = heads
        self.innerWidth = innerWidth
        self.positions = positions
        self.segmentKinds = segmentKinds
        self.normEpsilon = normEpsilon
    }
}
