import Foundation

/// How the program ends (DESIGN: command line).
struct ExitStatus: Error {
    let code: Int32

    static let failed = ExitStatus(code: 1)
    /// Stopped by a signal after saving: 128 + its number.
    static func signal(_ number: Int32) -> ExitStatus { ExitStatus(code: 128 + number) }
}
