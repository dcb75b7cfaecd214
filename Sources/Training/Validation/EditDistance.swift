/// Levenshtein's distance: the fewest elements to put in, take out or exchange.
func editDistance<Element: Equatable>(_ first: some Sequence<Element>, _ second: some Sequence<Element>) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (index, element) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let cost = min(row[column] + 1, row[column + 1] + 1, diagonal + (element == second[column] ? 0 : 1))
            diagonal = row[column + 1]
            row[column + 1] = cost
        }
    }
    return row[second.count]
}
