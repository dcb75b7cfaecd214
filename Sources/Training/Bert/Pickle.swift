import Foundation

/// What a pickle holds, as far as saved weights need it.
///
/// Nothing is ever called or constructed by name, as Python would: a global is a name, and what a reduction would make is
/// kept as what it was made from.
indirect enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case text(String)
    case bytes([UInt8])
    case tuple([PickleValue])
    case list([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    case global(String)
    /// What the archive keeps outside the pickle, by its description.
    case persistent(PickleValue)
    /// A function's name and its arguments.
    case reduced(String, [PickleValue])
    case mark
}

/// Reads pickles of protocols 2 to 5 (Python's `pickletools`), one after the other.
struct PickleReader {
    private let data: Data
    private(set) var position: Int

    init(_ data: Data, at position: Int = 0) {
        self.data = data
        self.position = position
    }

    /// Why bytes are no pickle, to be put after "because".
    struct Defect: Error { var reason: String }

    /// Reads up to the end of one pickle.
    mutating func next() throws -> PickleValue {
        var stack: [PickleValue] = []
        var memory: [Int: PickleValue] = [:]
        func pop() throws -> PickleValue {
            guard let value = stack.popLast() else { throw Defect(reason: "its pickle takes more than it has") }
            return value
        }
        func popToMark() throws -> [PickleValue] {
            guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
                throw Defect(reason: "its pickle lacks a mark")
            }
            let values = Array(stack[(mark + 1)...])
            stack.removeSubrange(mark...)
            return values
        }
        while true {
            switch try byte() {
            case UInt8(ascii: "."): return try pop()
            case 0x80: _ = try byte()
            case 0x95: _ = try integer(8)
            case UInt8(ascii: "("): stack.append(.mark)
            case UInt8(ascii: "N"): stack.append(.none)
            case 0x88: stack.append(.bool(true))
            case 0x89: stack.append(.bool(false))
            case UInt8(ascii: "K"): stack.append(.integer(try integer(1)))
            case UInt8(ascii: "M"): stack.append(.integer(try integer(2)))
            case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try integer(4)))))
            case 0x8A: stack.append(try long(count: integer(1)))
            case UInt8(ascii: "G"): stack.append(.bytes(try take(8)))
            case UInt8(ascii: "X"): stack.append(.text(try text(integer(4))))
            case 0x8C: stack.append(.text(try text(integer(1))))
            case UInt8(ascii: "U"): stack.append(.text(try text(integer(1))))
            case UInt8(ascii: "T"): stack.append(.text(try text(integer(4))))
            case UInt8(ascii: "B"): stack.append(.bytes(try take(integer(4))))
            case UInt8(ascii: "C"): stack.append(.bytes(try take(integer(1))))
            case UInt8(ascii: "]"): stack.append(.list([]))
            case UInt8(ascii: ")"): stack.append(.tuple([]))
            case UInt8(ascii: "}"): stack.append(.dictionary([]))
            case UInt8(ascii: "t"): stack.append(.tuple(try popToMark()))
            case UInt8(ascii: "l"): stack.append(.list(try popToMark()))
            case 0x85, 0x86, 0x87:
                let count = Int(data[data.startIndex + position - 1]) - 0x84
                var values: [PickleValue] = []
                for _ in 0..<count { values.insert(try pop(), at: 0) }
                stack.append(.tuple(values))
            case UInt8(ascii: "a"):
                let value = try pop()
                try append([value], to: &stack)
            case UInt8(ascii: "e"):
                let values = try popToMark()
                try append(values, to: &stack)
            case UInt8(ascii: "s"):
                let value = try pop()
                let key = try pop()
                try set([key, value], in: &stack)
            case UInt8(ascii: "u"):
                let values = try popToMark()
                try set(values, in: &stack)
            case UInt8(ascii: "q"): memory[try integer(1)] = try peek(stack)
            case UInt8(ascii: "r"): memory[try integer(4)] = try peek(stack)
            case 0x94: memory[memory.count] = try peek(stack)
            case UInt8(ascii: "h"): stack.append(try recall(integer(1), memory))
            case UInt8(ascii: "j"): stack.append(try recall(integer(4), memory))
            case UInt8(ascii: "c"): stack.append(.global("\(try line()).\(try line())"))
            case 0x93:
                guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                    throw Defect(reason: "its pickle names something without a name")
                }
                stack.append(.global("\(module).\(name)"))
            case UInt8(ascii: "R"), 0x81:
                guard case .tuple(let arguments) = try pop(), case .global(let name) = try pop() else {
                    throw Defect(reason: "its pickle reduces what cannot be reduced")
                }
                stack.append(name == "collections.OrderedDict" ? .dictionary([]) : .reduced(name, arguments))
            case UInt8(ascii: "b"): _ = try pop()  // attributes beside the contents
            case UInt8(ascii: "Q"): stack.append(.persistent(try pop()))
            case let code: throw Defect(reason: "its pickle has the unknown operation \(code)")
            }
        }
    }

    // MARK: Containers

    private func peek(_ stack: [PickleValue]) throws -> PickleValue {
        guard let last = stack.last else { throw Defect(reason: "its pickle remembers nothing") }
        return last
    }

    private func recall(_ index: Int, _ memory: [Int: PickleValue]) throws -> PickleValue {
        guard let value = memory[index] else { throw Defect(reason: "its pickle recalls what it never remembered") }
        return value
    }

    private func append(_ values: [PickleValue], to stack: inout [PickleValue]) throws {
        guard case .list(let list) = stack.popLast() else { throw Defect(reason: "its pickle appends to no list") }
        stack.append(.list(list + values))
    }

    private func set(_ values: [PickleValue], in stack: inout [PickleValue]) throws {
        guard case .dictionary(let entries) = stack.popLast(), values.count % 2 == 0 else {
            throw Defect(reason: "its pickle sets an item of no dictionary")
        }
        let added = stride(from: 0, to: values.count, by: 2).map { (key: values[$0], value: values[$0 + 1]) }
        stack.append(.dictionary(entries + added))
    }

    // MARK: Bytes

    private mutating func take(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= data.count - position else { throw Defect(reason: "it ends too early") }
        let start = data.startIndex + position
        position += count
        return Array(data[start..<start + count])
    }

    private mutating func byte() throws -> UInt8 { try take(1)[0] }

    /// A little-endian number without sign, of at most eight bytes.
    private mutating func integer(_ count: Int) throws -> Int {
        Int(truncatingIfNeeded: try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// A little-endian number with sign; one too large for this machine keeps its bytes.
    private mutating func long(count: Int) throws -> PickleValue {
        let bytes = try take(count)
        guard count <= 8 else { return .bytes(bytes) }
        let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let last = bytes.last, last >= 0x80, count < 8 else {
            return .integer(Int(truncatingIfNeeded: value))
        }
        return .integer(Int(truncatingIfNeeded: value) - (1 << (8 * count)))
    }

    private mutating func text(_ count: Int) throws -> String { String(decoding: try take(count), as: UTF8.self) }

    private mutating func line() throws -> String {
        var bytes: [UInt8] = []
        while true {
            let next = try byte()
            if next == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(next)
        }
    }
}
