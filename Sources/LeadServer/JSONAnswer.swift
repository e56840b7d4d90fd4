internal import ByteKit
internal import LeadScoring
internal import LeadTypes
internal import LeadWire

/// The JSON answer to a request, written some leads at a time.
struct JSONAnswer {
    private var text: String
    private var nextRow = 0
    private var isWhole = false

    /// Leads written between two looks at the clock: some 50 µs.
    static let rowsAtOnce = 32

    /// An answer without leads yet.
    init(_ model: LeadModel, epoch: UInt64) {
        var json = JSONWriter()
        json.object {
            $0.name("model")
            $0.value(model.name)
            $0.name("version")
            $0.value(model.version)
            $0.name("epoch")
            $0.value(epoch)
            $0.name("fingerprint")
            $0.value(hexadecimal(model.schema.fingerprint))
        }
        text = json.text.dropLast() + ",\"leads\":["
    }

    /// Bytes written so far.
    var byteCount: Int { text.utf8.count }

    /// Writes some more leads.
    ///
    /// - Parameters:
    ///   - rows: How many leads there are.
    ///   - columns: Their results.
    ///   - model: Names the tiers.
    /// - Returns: Whether all are written.
    mutating func advance(rows: Int, _ columns: ScoreColumns, _ model: LeadModel) -> Bool {
        let end = min(nextRow + Self.rowsAtOnce, rows)
        for row in nextRow..<end {
            var json = JSONWriter()
            json.object { Self.write(row, columns, model, to: &$0) }
            if row > 0 { text += "," }
            text += json.text
        }
        nextRow = end
        guard end == rows else { return false }
        if !isWhole { text += "]}\n" }
        isWhole = true
        return true
    }

    /// Appends the answer.
    func write(to writer: inout ByteWriter) { writer.put(utf8: text) }

    private static func write(_ row: Int, _ columns: ScoreColumns, _ model: LeadModel, to json: inout JSONWriter) {
        json.name("status")
        switch RowStatus(rawValue: columns.statuses[row]) {
        case .scored:
            json.value("scored")
            json.name("probability")
            json.value(columns.probabilities[row])
            json.name("score")
            json.value(columns.scores[row])
            json.name("tier")
            json.value(model.recipe.tiers[Int(columns.tiers[row])].name)
            json.name("margin")
            json.value(columns.margins[row])
        case .deadlinePassed: json.value("deadline-passed")
        case .invalidValue, nil: json.value("invalid-value")
        }
    }
}
