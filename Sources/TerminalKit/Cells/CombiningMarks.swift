/// The marks drawn over one character, at most four, held in place: a picture has tens of thousands of cells, and as plain
/// memory they are copied and compared at once.
package struct CombiningMarks: Sendable, Equatable, RandomAccessCollection, ExpressibleByArrayLiteral {
    package static let limit = 4
    private var first: UInt32 = 0
    private var second: UInt32 = 0
    private var third: UInt32 = 0
    private var fourth: UInt32 = 0

    /// Takes the first four.
    package init(arrayLiteral marks: Unicode.Scalar...) {
        for mark in marks { append(mark) }
    }

    package var startIndex: Int { 0 }
    /// No mark is the character 0, so that the first 0 is the end.
    package var endIndex: Int { first == 0 ? 0 : second == 0 ? 1 : third == 0 ? 2 : fourth == 0 ? 3 : 4 }

    package subscript(index: Int) -> Unicode.Scalar {
        let value =
            switch index {
            case 0: first
            case 1: second
            case 2: third
            default: fourth
            }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    /// Adds one; a fifth is left out.
    package mutating func append(_ mark: Unicode.Scalar) {
        switch count {
        case 0: first = mark.value
        case 1: second = mark.value
        case 2: third = mark.value
        case 3: fourth = mark.value
        default: break
        }
    }
}
