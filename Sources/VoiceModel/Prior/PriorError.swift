import Foundation

/// Why the prior cannot take a text or its tokens.
package enum PriorError: Error, Equatable, CustomStringConvertible, LocalizedError {
    case emptyText
    case textTooLong(symbols: Int, limit: Int)
    case tooManyTokens(count: Int, limit: Int)
    case unknownSymbol(Int, symbolCount: Int)
    case unknownToken(Int, codeCount: Int)
    /// What training that diverged leaves behind.
    case notFinite

    package var description: String {
        switch self {
        case .emptyText:
            return "The text has no symbols to speak; write at least one word."
        case .textTooLong(let symbols, let limit):
            return "The text has \(symbols) symbols, more than the prior's \(limit); split it into shorter sentences."
        case .tooManyTokens(let count, let limit):
            return "The utterance has \(count) tokens, more than the prior's \(limit); cut the clip into shorter ones."
        case .unknownSymbol(let symbol, let symbolCount):
            return "The text has symbol \(symbol), but the prior's table has \(symbolCount); "
                + "use the symbol table this voice was made with."
        case .unknownToken(let token, let codeCount):
            return "The utterance has token \(token), but the prior knows \(codeCount) codes; "
                + "use the tokenizer this voice was made with."
        case .notFinite:
            return "The prior's scores are not finite numbers; go back to an earlier checkpoint."
        }
    }

    package var errorDescription: String? { description }
}

extension PriorConfiguration {
    /// Throws a `PriorError` when the prior cannot take this text and these tokens.
    package func check(text: [Int32], tokens: [Int] = []) throws {
        if text.isEmpty { throw PriorError.emptyText }
        if text.count > maximumSymbols { throw PriorError.textTooLong(symbols: text.count, limit: maximumSymbols) }
        if tokens.count > maximumTokens { throw PriorError.tooManyTokens(count: tokens.count, limit: maximumTokens) }
        if let symbol = text.first(where: { $0 < 0 || $0 >= symbolCount }) {
            throw PriorError.unknownSymbol(Int(symbol), symbolCount: symbolCount)
        }
        if let token = tokens.first(where: { $0 < 0 || $0 >= codeCount }) {
            throw PriorError.unknownToken(token, codeCount: codeCount)
        }
    }
}
