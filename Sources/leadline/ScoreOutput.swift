internal import Foundation
internal import LeadTable
internal import LeadTypes
internal import LeadWire

/// How scores are written.
enum ScoreFormat: String, CaseIterable {
    case table, csv, json
}

/// All scores of a run in the order of the input, and how they are written.
struct ScoreOutput {
    /// The heading of the first column: the id column's name, or `row`.
    let idName: String
    /// The names of the tiers by index.
    let tiers: [String]
    private(set) var margins: [Double] = []
    private(set) var probabilities: [Float] = []
    private(set) var scores: [UInt8] = []
    private(set) var tierIndices: [UInt8] = []
    private(set) var statuses: [UInt8] = []

    /// No scores yet.
    init(idName: String, tiers: [String]) {
        self.idName = idName
        self.tiers = tiers
    }

    /// How many rows there are.
    var rows: Int { margins.count }

    /// How many rows got no score.
    var unscoredRows: Int { statuses.count { $0 != RowStatus.scored.rawValue } }

    /// Appends the next batch.
    mutating func append(_ reply: ScoreReply) {
        margins += reply.margins
        probabilities += reply.probabilities
        scores += reply.scores
        tierIndices += reply.tiers
        statuses += reply.statuses
    }

    /// One line a row, or a table of the best.
    ///
    /// Numbers are written so that reading them gives the same number back. A row without a score has empty fields in CSV,
    /// and only its status in JSON.
    func write(_ format: ScoreFormat, top: Int, id: (Int) -> String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows * 48)
        switch format {
        case .csv:
            SeparatedValuesText.appendLine([idName, "probability", "score", "tier", "margin"], to: &bytes)
            for row in 0..<rows {
                SeparatedValuesText.appendLine(
                    [id(row)] + (isScored(row) ? fields(row) : ["", "", "", ""]),
                    to: &bytes
                )
            }
        case .json:
            for row in 0..<rows { appendJSON(row, id(row), to: &bytes) }
        case .table: bytes += table(top: top, id: id).utf8
        }
        return bytes
    }

    private func isScored(_ row: Int) -> Bool { statuses[row] == RowStatus.scored.rawValue }

    private func tier(_ row: Int) -> String {
        let index = Int(tierIndices[row])
        return index < tiers.count ? tiers[index] : "\(index)"
    }

    private func fields(_ row: Int) -> [String] {
        ["\(probabilities[row])", "\(scores[row])", tier(row), "\(margins[row])"]
    }

    private func appendJSON(_ row: Int, _ id: String, to bytes: inout [UInt8]) {
        bytes += "{\(quoted(idName)):\(idName == "row" ? id : quoted(id)),".utf8
        if isScored(row) {
            bytes += "\"probability\":\(probabilities[row]),\"score\":\(scores[row]),".utf8
            bytes += "\"tier\":\(quoted(tier(row))),\"margin\":\(margins[row])}\n".utf8
        } else {
            let status = RowStatus(rawValue: statuses[row])
            bytes += "\"status\":\"\(status == .deadlinePassed ? "deadline-passed" : "invalid-value")\"}\n".utf8
        }
    }

    /// The best leads, and how many there are in each tier.
    private func table(top: Int, id: (Int) -> String) -> String {
        let order = (0..<rows).filter(isScored).sorted {
            (probabilities[$0], margins[$0], $1) > (probabilities[$1], margins[$1], $0)
        }
        let best = order.prefix(top)
        var lines = [["", cell(idName), "probability", "score", "tier"]]
        for (rank, row) in best.enumerated() {
            lines.append([
                "\(rank + 1)", cell(id(row)), percent(Double(probabilities[row])), "\(scores[row])", cell(tier(row)),
            ])
        }
        var text = aligned(lines, leftColumns: [1, 4])
        if best.count < order.count { text += "\n… and \(grouped(order.count - best.count)) more leads\n" }

        var counts = [String: (rows: Int, probability: Double)]()
        for row in order {
            let name = tier(row)
            let old = counts[name] ?? (0, 0)
            counts[name] = (old.rows + 1, old.probability + Double(probabilities[row]))
        }
        var summary = [["tier", "leads", "mean probability"]]
        for name in tiers {
            let count = counts[name] ?? (0, 0)
            let mean = count.rows == 0 ? "" : percent(count.probability / Double(count.rows))
            summary.append([cell(name), grouped(count.rows), mean])
        }
        text += "\n" + aligned(summary, leftColumns: [0])
        return text
    }
}

private func percent(_ probability: Double) -> String {
    String(format: "%.1f %%", probability * 100)
}

/// Digits in groups of three.
func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var place = digits.count - 3
    while place > 0 {
        digits.insert(",", at: place)
        place -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
}

/// A JSON string.
private func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\n": json += "\\n"
        case "\r": json += "\\r"
        case "\t": json += "\\t"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}
