/// Finds the terminal's nearest colour.
package enum ColorMatching {
    private static let cubeLevels: [Int] = [0, 95, 135, 175, 215, 255]

    /// The place among the 256 (16 … 255) nearest to 0xRRGGBB: the 6×6×6 cube or the grey ramp.
    package static func indexed(_ rgb: UInt32) -> Int {
        let red = Int(rgb >> 16 & 0xFF)
        let green = Int(rgb >> 8 & 0xFF)
        let blue = Int(rgb & 0xFF)
        func nearestLevel(_ value: Int) -> Int {
            cubeLevels.indices.min { abs(cubeLevels[$0] - value) < abs(cubeLevels[$1] - value) } ?? 0
        }
        func distance(_ r: Int, _ g: Int, _ b: Int) -> Int {
            (r - red) * (r - red) + (g - green) * (g - green) + (b - blue) * (b - blue)
        }
        let (r, g, b) = (nearestLevel(red), nearestLevel(green), nearestLevel(blue))
        let cube = distance(cubeLevels[r], cubeLevels[g], cubeLevels[b])
        let grey = min(23, max(0, ((red + green + blue) / 3 - 3) / 10))
        let level = 8 + grey * 10
        return distance(level, level, level) < cube ? 232 + grey : 16 + 36 * r + 6 * g + b
    }

    /// The colour number for a depth; nil is the terminal's own colour.
    package static func number(of color: ThemeColor, depth: ColorDepth) -> Int? {
        switch depth {
        case .mono: return nil
        case .eight: return color.ansi.map { $0 % 8 }
        case .sixteen: return color.ansi
        case .indexed: return color.rgb.map(indexed)
        // The first eight numbers of a direct-colour terminal are its palette: such a blue is made one step lighter.
        case .direct: return color.rgb.map { $0 > 0 && $0 < 8 ? 8 : Int($0) }
        }
    }
}
