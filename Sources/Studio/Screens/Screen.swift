/// One of the studio's full screens; the number keys go to them in this order.
package enum Screen: Int, Sendable, CaseIterable {
    case train, history, audition, data, log, settings

    package var name: String {
        switch self {
        case .train: "Train"
        case .history: "History"
        case .audition: "Audition"
        case .data: "Data"
        case .log: "Log"
        case .settings: "Settings"
        }
    }

    /// The key that goes there.
    package var key: Character { Character("\(rawValue + 1)") }

    /// Where its keys are looked up while nothing lies over it.
    package var place: KeyPlace {
        switch self {
        case .train: .train
        case .history: .history
        case .audition: .audition
        case .data: .data
        case .log: .log
        case .settings: .settings
        }
    }
}
