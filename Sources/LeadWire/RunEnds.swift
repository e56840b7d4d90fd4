internal import ByteKit

/// How a column is written, besides its encoding.
struct ColumnFlags: OptionSet {
    let rawValue: UInt8

    /// A bitmap says which values are there.
    static let validity = ColumnFlags(rawValue: 1 << 0)
    /// Equal values that follow each other are written once, with the row behind the last of them.
    static let runs = ColumnFlags(rawValue: 1 << 1)

    /// The flags that an encoding allows.
    static func known(for encoding: ColumnEncoding) -> ColumnFlags {
        var flags: ColumnFlags = encoding.allowsValidity ? [.validity] : []
        if encoding.element != nil { flags.insert(.runs) }
        return flags
    }
}

/// The ends of a column's runs: 16 bits each where that is enough for the number of rows, 32 otherwise.
enum RunEnds {
    static func areNarrow(rows: Int) -> Bool { rows <= Int(UInt16.max) }

    static func byteCount(_ count: Int, rows: Int) -> Int { (areNarrow(rows: rows) ? 2 : 4) * count }

    /// The row behind a run's last.
    static func end(_ run: Int, at offset: Int, rows: Int, of message: RawSpan) -> Int {
        areNarrow(rows: rows)
            ? Int(message.integer(at: offset + 2 * run, as: UInt16.self))
            : Int(message.integer(at: offset + 4 * run, as: UInt32.self))
    }
}

extension ScoreRequest {
    /// Calls a body with the value of each run that has some of the rows, and how many it has.
    func eachRun(
        _ place: Column,
        _ rows: Range<Int>,
        of message: RawSpan,
        _ body: (_ value: Double, _ count: Int) -> Void
    ) {
        guard let element = place.encoding.element, !rows.isEmpty else { return }
        // The first run that ends behind the first row.
        var (run, after) = (0, place.runCount)
        while run < after {
            let middle = (run + after) / 2
            if RunEnds.end(middle, at: place.endsOffset, rows: self.rows, of: message) > rows.lowerBound {
                after = middle
            } else {
                run = middle + 1
            }
        }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let end = min(RunEnds.end(run, at: place.endsOffset, rows: self.rows, of: message), rows.upperBound)
            let isThere =
                !place.hasValidity || message.value(at: run, of: .bit, at: place.validityOffset) == 1
            body(isThere ? message.value(at: run, of: element, at: place.valuesOffset) : .nan, end - row)
            row = end
            run += 1
        }
    }
}
