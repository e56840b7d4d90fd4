/// Cells in columns that are as wide as their widest cell, a line a row.
func aligned(_ lines: [[String]], leftColumns: Set<Int>) -> String {
    let count = lines.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in lines.map { column < $0.count ? width(of: $0[column]) : 0 }.max() ?? 0 }
    var text = ""
    for line in lines {
        var row = ""
        for (column, cell) in line.enumerated() {
            let gap = String(repeating: " ", count: widths[column] - width(of: cell))
            row += (leftColumns.contains(column) ? cell + gap : gap + cell) + "  "
        }
        while row.last == " " { row.removeLast() }
        text += row + "\n"
    }
    return text
}

/// A text from a file as a terminal may show it: what would move the cursor or turn the line becomes a sign, and what is
/// too wide ends in `…`.
func cell(_ text: String, widest: Int = 40) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0..<0x20: shown.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
        case 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: shown.unicodeScalars.append("\u{FFFD}")
        default: shown.unicodeScalars.append(scalar)
        }
    }
    guard width(of: shown) > widest else { return shown }
    while width(of: shown) > widest - 1 { shown.removeLast() }
    return shown + "…"
}

/// How many places a terminal gives to a text.
private func width(of text: String) -> Int {
    text.reduce(0) { sum, character in
        guard let first = character.unicodeScalars.first else { return sum }
        return sum + (first.value >= 0x1100 && isWide(first) ? 2 : 1)
    }
}

/// Whether a terminal gives two places: the scripts of East Asia, and pictures.
private func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        true
    default: false
    }
}
