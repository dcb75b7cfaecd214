import Foundation
import TOMLKit

extension VoiceConfiguration {
    /// Reads voice.toml strictly: an unknown key, a wrong type or a value out of range is an error.
    ///
    /// - Parameter file: named in errors.
    /// - Throws: `VoiceError.configuration`.
    package init(toml: String, file: String) throws {
        func failure(_ problem: String) -> VoiceError { .configuration(file: file, problem: problem) }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: toml)
        } catch let error as TOMLParseError {
            let reason = error.description.split(whereSeparator: \.isNewline).joined(separator: " ")
            throw failure(
                "line \(error.source.begin.line), column \(error.source.begin.column) is not TOML (\(reason))")
        }
        let hasBase = table.keys.contains("base")
        self.init(name: "", base: hasBase ? Base(voice: "") : nil)
        if table.keys.contains("lora") { lora = LowRank() }
        var given: Set<String> = []
        for section in table.keys.sorted() {
            guard VoiceSetting.sections.contains(where: { $0.name == section }) else {
                throw failure(Self.unknown(section: section, isTable: table[section]?.type == .table))
            }
            guard let entries = table[section]?.table else {
                throw failure("\"\(section)\" must be a section, [\(section)], with keys below it")
            }
            for key in entries.keys.sorted() {
                guard let setting = VoiceSetting.find(section, key) else {
                    throw failure(Self.unknown(key: key, in: section))
                }
                guard let entry = entries[key], let value = Self.value(of: entry, for: setting), setting.allows(value)
                else {
                    let found = entries[key].map(Self.describe) ?? "nothing"
                    throw failure("\(setting.name) must be \(setting.expectation), not \(found)")
                }
                setting.write(&self, value)
                given.insert(setting.name)
            }
        }
        try validate(given: given, failure: failure)
    }

    /// Rules that join several keys.
    private func validate(given: Set<String>, failure: (String) -> VoiceError) throws {
        guard given.contains("[voice] name"), !voice.name.isEmpty else {
            throw failure("[voice] name is missing; write how the voice is called")
        }
        if voice.language.isEmpty { throw failure("[voice] language is empty; write one such as \"en-us\"") }
        if voice.language == "graphemes", voice.symbols.isEmpty {
            throw failure("[voice] symbols is missing; a voice with language \"graphemes\" lists its letters there")
        }
        if let base, base.voice.isEmpty {
            throw failure("[base] voice is missing; write the voice's path or name, or delete the section")
        }
        if lora != nil, base == nil {
            throw failure("[lora] adapts the weights of a base; name one under [base], or delete the section")
        }
        if Set(data.heldOut).count != data.heldOut.count {
            throw failure("[data] held_out names a clip twice; name each once")
        }
        if optimizer.priorWarmupSteps >= optimizer.priorTotalSteps {
            throw failure("[optimizer] prior_warmup_steps must be less than prior_total_steps")
        }
    }

    private static func value(of entry: any TOMLValueConvertible, for setting: VoiceSetting) -> VoiceSetting.Value? {
        switch (setting.kind, entry.type) {
        case (.integer, .int): return entry.int.map(VoiceSetting.Value.integer)
        case (.number, .int): return entry.int.map { .number(Double($0)) }
        case (.number, .double): return entry.double.map(VoiceSetting.Value.number)
        case (.text, .string), (.choice, .string): return entry.string.map(VoiceSetting.Value.text)
        case (.list, .array):
            guard let array = entry.array else { return nil }
            var texts: [String] = []
            for element in array {
                guard let text = element.string else { return nil }
                texts.append(text)
            }
            return .list(texts)
        default: return nil
        }
    }

    /// What stands in the file, short enough for a sentence.
    private static func describe(_ entry: any TOMLValueConvertible) -> String {
        switch entry.type {
        case .string: return "\"\((entry.string ?? "").prefix(40))\""
        case .int: return "\(entry.int ?? 0)"
        case .double: return VoiceSetting.format(entry.double ?? 0)
        case .bool: return (entry.bool ?? false) ? "true" : "false"
        case .array:
            let elements = (entry.array.map(Array.init) ?? []).prefix(6).map(describe)
            return "[\(elements.joined(separator: ", "))]"
        case .table: return "a section"
        default: return "a \(entry.type)"
        }
    }

    // MARK: Suggestions

    private static func unknown(key: String, in section: String) -> String {
        let start = "[\(section)] has no key \"\(key)\""
        if let elsewhere = VoiceSetting.all.first(where: { $0.key == key }) {
            return start + "; it belongs under [\(elsewhere.section)]"
        }
        let keys = VoiceSetting.all.filter { $0.section == section }.map(\.key)
        if let near = nearest(to: key, among: keys) { return start + "; did you mean \(near)?" }
        return start + "; its keys are \(keys.joined(separator: ", "))"
    }

    private static func unknown(section: String, isTable: Bool) -> String {
        let names = VoiceSetting.sections.map(\.name)
        if !isTable, let setting = VoiceSetting.all.first(where: { $0.key == section }) {
            return "the key \"\(section)\" stands outside a section; it belongs under [\(setting.section)]"
        }
        let start = isTable ? "there is no section [\(section)]" : "there is no key \"\(section)\" outside a section"
        if isTable, let near = nearest(to: section, among: names) { return start + "; did you mean [\(near)]?" }
        return start + "; the sections are \(names.map { "[\($0)]" }.joined(separator: ", "))"
    }

    /// The closest name, when it is close enough to be a slip of the finger.
    static func nearest(to wanted: String, among names: [String]) -> String? {
        let ranked = names.map { (name: $0, distance: editDistance(wanted, $0)) }.min { $0.distance < $1.distance }
        guard let ranked, ranked.distance <= max(2, wanted.count / 3) else { return nil }
        return ranked.name
    }
}
