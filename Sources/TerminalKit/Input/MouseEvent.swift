/// What was done with the mouse, and where.
package struct MouseEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The left button.
        case press, release
        /// Moved with the left button held.
        case drag
        case wheelUp, wheelDown
        /// The right button went down.
        case secondary
    }

    package var kind: Kind
    package var position: CellPosition

    package init(_ kind: Kind, at position: CellPosition) {
        self.kind = kind
        self.position = position
    }

    /// Reads the parameters of an SGR mouse report, `button;column;row` from 1 on (xterm, "Extended coordinates"); nil
    /// for buttons that mean nothing here.
    init?(parameters: some StringProtocol, isRelease: Bool) {
        let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 3, let button = numbers[0], let column = numbers[1], let row = numbers[2],
            column > 0, row > 0
        else { return nil }
        // Shift, alt and control (4, 8, 16) are left aside.
        switch button & ~0b1_1100 {
        case 0: kind = isRelease ? .release : .press
        case 32: kind = .drag
        case 64: kind = .wheelUp
        case 65: kind = .wheelDown
        case 2 where !isRelease: kind = .secondary
        default: return nil
        }
        position = CellPosition(row: row - 1, column: column - 1)
    }
}
