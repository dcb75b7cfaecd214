import Foundation

/// Columns of equal width, the first ones flush left.
struct BenchmarkTable {
    private let leading: Int
    private var rows: [[String]]

    /// `leading` columns hold names, the others figures.
    init(_ titles: [String], leading: Int) {
        rows = [titles]
        self.leading = leading
    }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    func text(indent: String = "  ") -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column < leading || column == row.count - 1 ? row[column] + space : space + row[column]
            }
            let line = indent + cells.joined(separator: "  ")
            return String(line.reversed().drop(while: { $0 == " " }).reversed())
        }.joined(separator: "\n")
    }

    /// A bar of eighths of a character; `width` characters stand for 1.
    static func bar(_ share: Double, width: Int = 24) -> String {
        let eighths = Int((max(0, min(1, share)) * Double(width * 8)).rounded())
        let rest = eighths % 8 == 0 ? "" : String(["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1])
        return String(repeating: "█", count: eighths / 8) + rest
    }
}

/// Three digits that mean something.
func figure(_ value: Double) -> String {
    switch abs(value) {
    case 0: "–"
    case ..<0.01: String(format: "%.2g", value)
    case ..<1: String(format: "%.3f", value)
    case ..<10: String(format: "%.2f", value)
    case ..<100: String(format: "%.1f", value)
    default: String(format: "%.0f", value)
    }
}

func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

/// Seconds as s or ms.
func duration(_ seconds: Double) -> String { seconds < 0.1 ? "\(figure(1000 * seconds)) ms" : "\(figure(seconds)) s" }
