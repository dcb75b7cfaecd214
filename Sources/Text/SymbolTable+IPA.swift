extension SymbolTable {
    /// The phonetic symbols behind the common ones, in the order of "ipa-1". Append only, under a new name.
    ///
    /// Derived by running every voice of espeak-ng 1.51 over its numerals and random words of 26 scripts, then
    /// completed with the rest of the IPA chart so that other versions and languages fit.
    static let ipaScalars: [Unicode.Scalar] =
        marks + letters + tones + modifiers + diacritics

    /// Stress, length and breaks.
    private static let marks: [Unicode.Scalar] = ["ˈ", "ˌ", "ː", "ˑ", "|", "‖", "‿", "'", "-"]

    private static let letters: [Unicode.Scalar] =
        Array("abcdefghijklmnopqrstuvwxyz".unicodeScalars)
        + Array("AFKNSXZ".unicodeScalars)
        + Array("æçðøħŋœβθχⱱᵻᵿƛ".unicodeScalars)
        // The whole block of IPA extensions, U+0250 ... U+02AF.
        + (0x0250...0x02AF).compactMap { Unicode.Scalar($0) }
        // Clicks.
        + Array("ǀǁǂǃ".unicodeScalars)

    /// Tone numbers of espeak-ng, tone letters and steps.
    private static let tones: [Unicode.Scalar] = Array("0123456789˥˦˧˨˩ꜛꜜ↗↘".unicodeScalars)

    private static let modifiers: [Unicode.Scalar] = Array("ʰʱʲʷˠˤʼ˞ⁿˡᵊᵐᵑᵝᶿˣᵗʴʵʶᶣˢᶻᶾ".unicodeScalars)

    /// Combining marks, written as code points because a mark alone is hard to read.
    private static let diacritics: [Unicode.Scalar] = [
        0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0306, 0x0308, 0x030A, 0x030B, 0x030C, 0x030D, 0x030F, 0x0311, 0x0318,
        0x0319, 0x031A, 0x031C, 0x031D, 0x031E, 0x031F, 0x0320, 0x0321, 0x0322, 0x0324, 0x0325, 0x0327, 0x0328, 0x0329,
        0x032A, 0x032C, 0x032F, 0x0330, 0x0331, 0x0334, 0x0339, 0x033A, 0x033B, 0x033C, 0x033D, 0x0346, 0x034A, 0x034B,
        0x034D, 0x034E, 0x035C, 0x0361,
    ].compactMap { Unicode.Scalar($0 as UInt32) }
}
