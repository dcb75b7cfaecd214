/// Turns the bytes of a terminal into keys: UTF-8 is put together, escape sequences are named, pasted text is one event.
///
/// It does no reading itself. What it does not know it swallows whole, so that no half sequence is taken for typing.
package struct InputParser {
    private var buffer: [UInt8] = []
    private var pasted: [UInt8]?

    package init() {}

    /// True while the bytes so far may be the start of a sequence: the caller waits a little, then calls `flush`.
    package var isWaiting: Bool { !buffer.isEmpty }

    /// Takes bytes and returns what is complete.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [TerminalEvent] {
        buffer.append(contentsOf: bytes)
        var events: [TerminalEvent] = []
        while !buffer.isEmpty {
            if pasted != nil {
                guard takePaste(&events) else { break }
                continue
            }
            guard takeOne(&events) else { break }
        }
        return events
    }

    /// Nothing more came: a lone escape is the escape key, an unfinished character is shown as wrong.
    package mutating func flush() -> [TerminalEvent] {
        guard !buffer.isEmpty, pasted == nil else { return [] }
        let rest = buffer
        buffer = []
        if rest == [0x1B] { return [.key(.escape)] }
        if rest[0] == 0x1B { return rest.count == 2 ? [.key(.alt(Character(Unicode.Scalar(rest[1]))))] : [] }
        return [.key(.character("\u{FFFD}"))]
    }

    // MARK: One key

    /// Removes one key from the front of the buffer; false when it is not complete.
    private mutating func takeOne(_ events: inout [TerminalEvent]) -> Bool {
        let first = buffer[0]
        if first == 0x1B { return takeEscape(&events) }
        if first < 0x20 || first == 0x7F {
            buffer.removeFirst()
            events.append(.key(Self.controlKey(first)))
            return true
        }
        guard let length = Self.sequenceLength(first) else {
            buffer.removeFirst()
            events.append(.key(.character("\u{FFFD}")))
            return true
        }
        // A lead byte whose followers are wrong is one wrong character; the rest is read afresh.
        let wrong = buffer.prefix(length).dropFirst().firstIndex { $0 & 0xC0 != 0x80 }
        if wrong == nil, buffer.count < length { return false }
        let taken = wrong ?? length
        let text = String(decoding: buffer.prefix(taken), as: UTF8.self)
        buffer.removeFirst(taken)
        events.append(.key(.character(text.first ?? "\u{FFFD}")))
        return true
    }

    private static func sequenceLength(_ first: UInt8) -> Int? {
        switch first {
        case 0x20..<0x80: 1
        case 0xC2..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF5: 4
        default: nil
        }
    }

    private static func controlKey(_ byte: UInt8) -> Key {
        switch byte {
        case 0x09: .tab
        case 0x0A, 0x0D: .enter
        case 0x08, 0x7F: .backspace
        case 0x00: .control(" ")
        default: .control(Character(Unicode.Scalar(byte < 0x1B ? byte + 0x60 : byte + 0x40)))
        }
    }

    // MARK: Escape sequences

    private mutating func takeEscape(_ events: inout [TerminalEvent]) -> Bool {
        guard buffer.count > 1 else { return false }
        switch buffer[1] {
        case UInt8(ascii: "["):
            guard let end = buffer.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
                if buffer.count > 64 { buffer.removeAll() }
                return false
            }
            // The Linux console sends its first function keys as ESC [ [ A … E.
            if buffer[end] == UInt8(ascii: "["), end == 2 {
                guard buffer.count > 3 else { return false }
                let number = Int(buffer[3]) - 0x40
                buffer.removeFirst(4)
                if (1...5).contains(number) { events.append(.key(.function(number))) }
                return true
            }
            let parameters = String(decoding: buffer[2..<end], as: UTF8.self)
            let final = buffer[end]
            buffer.removeFirst(end + 1)
            if final == UInt8(ascii: "~"), parameters == "200" {
                pasted = []
            } else if parameters.hasPrefix("<"), final == UInt8(ascii: "M") || final == UInt8(ascii: "m") {
                let isRelease = final == UInt8(ascii: "m")
                if let mouse = MouseEvent(parameters: parameters.dropFirst(), isRelease: isRelease) {
                    events.append(.mouse(mouse))
                }
            } else if let key = Self.controlSequence(parameters, final) {
                events.append(.key(key))
            }
            return true
        case UInt8(ascii: "O"):
            guard buffer.count > 2 else { return false }
            let key = Self.applicationKey(buffer[2])
            buffer.removeFirst(3)
            if let key { events.append(.key(key)) }
            return true
        case 0x1B:
            buffer.removeFirst()
            events.append(.key(.escape))
            return true
        case let byte where byte >= 0x20 && byte < 0x7F:
            buffer.removeFirst(2)
            events.append(.key(.alt(Character(Unicode.Scalar(byte)))))
            return true
        default:
            buffer.removeFirst()
            events.append(.key(.escape))
            return true
        }
    }

    private static func applicationKey(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(byte) - 0x4F)
        case UInt8(ascii: "M"): .enter
        default: arrow(byte)
        }
    }

    private static func arrow(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        default: nil
        }
    }

    /// Names a control sequence; modifiers after a semicolon are left aside.
    private static func controlSequence(_ parameters: String, _ final: UInt8) -> Key? {
        if final == UInt8(ascii: "Z") { return .backTab }
        if let key = arrow(final) { return key }
        if (UInt8(ascii: "P")...UInt8(ascii: "S")).contains(final) { return .function(Int(final) - 0x4F) }
        guard final == UInt8(ascii: "~"), let number = Int(parameters.prefix { $0 != ";" }) else { return nil }
        switch number {
        case 1, 7: return .home
        case 2: return .insert
        case 3: return .delete
        case 4, 8: return .end
        case 5: return .pageUp
        case 6: return .pageDown
        case 11...15: return .function(number - 10)
        case 17...21: return .function(number - 11)
        case 23, 24: return .function(number - 12)
        default: return nil
        }
    }

    // MARK: Paste

    private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

    /// Moves bytes into the paste until its end mark; false when the mark has not come yet.
    private mutating func takePaste(_ events: inout [TerminalEvent]) -> Bool {
        guard var text = pasted else { return true }
        var start = 0
        while start < buffer.count {
            if buffer[start] == 0x1B {
                let tail = buffer[start...].prefix(Self.pasteEnd.count)
                if Self.pasteEnd.starts(with: tail) {
                    text.append(contentsOf: buffer[..<start])
                    buffer.removeFirst(start)
                    guard tail.count == Self.pasteEnd.count else {
                        pasted = text
                        return false
                    }
                    buffer.removeFirst(Self.pasteEnd.count)
                    pasted = nil
                    events.append(.paste(String(decoding: text, as: UTF8.self)))
                    return true
                }
            }
            start += 1
        }
        text.append(contentsOf: buffer)
        buffer.removeAll()
        pasted = text
        return true
    }
}
