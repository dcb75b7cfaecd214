import TerminalKit

/// The one list of keys: it drives what a key does, the help screen, the hints, the palette and the README. Every
/// screen's folder has its own part of it.
package enum KeyTable {
    package static let bindings: [KeyBinding] =
        TrainAction.bindings + HistoryAction.bindings + AuditionAction.bindings + DataAction.bindings
        + RecorderAction.bindings + LogAction.bindings + SettingsAction.bindings + WelcomeAction.bindings + everywhere
        + overlays

    /// What every screen has.
    private static let everywhere: [KeyBinding] =
        [
            KeyBinding(
                KeyPlace.screens, [.character(" ")], .pauseOrResume, "pause training, or go on", hint: "pause"),
            KeyBinding(
                KeyPlace.screens, [.character("s")], .snapshot, "snapshot: make a checkpoint", hint: "snapshot"),
            KeyBinding(KeyPlace.screens, [.character(".")], .replay, "play the last take again"),
            KeyBinding(KeyPlace.screens, [.character("x")], .stopPlaying, "stop playing"),
            KeyBinding(KeyPlace.screens, [.up, .character("k")], .move(.up), "up in the list"),
            KeyBinding(KeyPlace.screens, [.down, .character("j")], .move(.down), "down in the list"),
            KeyBinding(KeyPlace.screens, [.pageUp], .move(.pageUp), "a page up"),
            KeyBinding(KeyPlace.screens, [.pageDown], .move(.pageDown), "a page down"),
            KeyBinding(KeyPlace.screens, [.home], .move(.first), "to the first line"),
            KeyBinding(KeyPlace.screens, [.end], .move(.last), "to the last line"),
        ]
        + Screen.allCases.map {
            KeyBinding(KeyPlace.screens, [.character($0.key)], .show($0), "the screen \($0.name)")
        } + [
            KeyBinding(KeyPlace.screens, [.character(":")], .palette, "every command by its name", hint: "commands"),
            KeyBinding(KeyPlace.screens, [.character("?"), .function(1)], .help, "this help", hint: "help"),
            KeyBinding(
                KeyPlace.screens, [.character("q")], .quit, "save and leave (again: leave at once)", hint: "quit"),
            KeyBinding(KeyPlace.allCases, [.control("c")], .interrupt, "the same, from everywhere"),
            KeyBinding(KeyPlace.allCases, [.control("z")], .suspend, "back to the shell"),
            KeyBinding(KeyPlace.allCases, [.control("l")], .redraw, "draw the screen again"),
        ]

    /// What lies over a screen.
    private static let overlays: [KeyBinding] = [
        KeyBinding([.prompt], [.enter], .confirm, "take what is typed", hint: "ok"),
        KeyBinding([.prompt, .palette], [.escape], .cancel, "close", hint: "close"),
        KeyBinding([.palette], [.enter], .confirm, "do it", hint: "do it"),
        KeyBinding([.themes], [.enter], .confirm, "keep this theme", hint: "keep"),
        KeyBinding([.themes], [.escape, .character("q")], .cancel, "as it was", hint: "as it was"),
        KeyBinding([.themes], [.up, .character("k")], .move(.up), "the theme before"),
        KeyBinding([.themes], [.down, .character("j")], .move(.down), "the next theme"),
        KeyBinding([.palette, .filter], [.up], .move(.up), "up in the list"),
        KeyBinding([.palette, .filter], [.down], .move(.down), "down in the list"),
        KeyBinding([.palette, .help, .filter], [.pageUp], .move(.pageUp), "a page up"),
        KeyBinding([.palette, .help, .filter], [.pageDown], .move(.pageDown), "a page down"),
        KeyBinding([.help], [.up, .character("k")], .move(.up), "up in the list"),
        KeyBinding([.help], [.down, .character("j")], .move(.down), "down in the list"),
        KeyBinding([.help], [.home], .move(.first), "to the first line"),
        KeyBinding([.help], [.end], .move(.last), "to the last line"),
        KeyBinding([.question], [.character("y"), .enter], .confirm, "yes", hint: "yes"),
        KeyBinding([.question], [.character("n"), .escape, .character("q")], .cancel, "no", hint: "no"),
        KeyBinding(
            [.help], [.escape, .character("?"), .character("q"), .enter, .character(" "), .function(1)], .cancel,
            "close help", hint: "close"),
    ]

    private static let lookup: [KeyPlace: [Key: StudioAction]] = {
        var table: [KeyPlace: [Key: StudioAction]] = [:]
        for binding in bindings {
            for place in binding.places {
                for key in binding.keys { table[place, default: [:]][key] = binding.action }
            }
        }
        return table
    }()

    package static func action(for key: Key, at place: KeyPlace) -> StudioAction? {
        lookup[place]?[key]
    }

    package static func bindings(at place: KeyPlace) -> [KeyBinding] {
        bindings.filter { $0.places.contains(place) }
    }

    /// Keys and meanings of a place, for the help screen.
    package static func help(at place: KeyPlace) -> [(keys: String, meaning: String)] {
        bindings(at: place).map { ($0.keys.map(\.label).joined(separator: " "), $0.meaning) }
    }

    /// The first key of each hinted binding with its hint.
    package static func hints(at place: KeyPlace) -> [(key: String, hint: String, action: StudioAction)] {
        bindings(at: place).filter { !$0.hint.isEmpty }.map { ($0.keys.first?.label ?? "", $0.hint, $0.action) }
    }

    /// The table as the README prints it: what every screen has, then each screen's own keys.
    package static var markdown: String {
        func table(_ title: String, _ rows: [KeyBinding]) -> [String] {
            guard !rows.isEmpty else { return [] }
            return ["| \(title) | what it does |", "| --- | --- |"]
                + rows.map { binding in
                    let keys = binding.keys.map { "`\($0.label)`" }.joined(separator: " ")
                    return "| \(keys) | \(binding.meaning) |"
                } + [""]
        }
        let screens = Set(KeyPlace.screens)
        let common = bindings.filter { screens.isSubset(of: $0.places) }
        var lines = table("everywhere", common)
        for place in KeyPlace.screens + [.sentence, .comparison, .thinning, .blindTest, .recording, .welcome] {
            lines += table(
                place.rawValue,
                bindings.filter { $0.places.contains(place) && !screens.isSubset(of: $0.places) })
        }
        return lines.dropLast().joined(separator: "\n")
    }
}
