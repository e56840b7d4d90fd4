internal import Foundation
internal import LeadTable

/// A share as percent with one decimal, for example `12.3 %`.
func percentText(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

private func fixed(_ number: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", number) }

/// Text made as wide as asked, by spaces on its left or its right.
private func wide(_ text: String, _ width: Int, onLeft: Bool = true) -> String {
    let padding = String(repeating: " ", count: max(0, width - text.count))
    return onLeft ? padding + text : text + padding
}

extension TrainingReport {
    /// The report for a terminal.
    public var text: String {
        var lines: [String] = []
        let positives = parts.reduce(0) { $0 + $1.positives }
        let used = parts.reduce(0) { $0 + $1.rows }
        lines.append(
            "Learned from \(file): \(used) leads with an outcome, \(positives) converted (\(labelColumn) = \(positiveValue))"
        )
        lines += ["", "Leads, split \(split == "time" ? "in time" : "at random")"]
        for part in parts {
            let days = part.days.map { "   \($0[0]) to \($0[1])" } ?? ""
            lines.append(
                "  " + wide(part.part.rawValue, 10, onLeft: false) + wide("\(part.rows)", 9) + "  converted "
                    + wide(percentText(part.baseRate), 7) + days
            )
        }
        lines += ["", columnsText, "", boostingText, ""]
        lines += testText
        lines += ["", "What matters (share of gain)"]
        for entry in importance.prefix(10) {
            let bar = String(repeating: "█", count: Int((entry.gainShare * 40).rounded()))
            lines.append("  " + wide(percentText(entry.gainShare), 7) + "  \(entry.feature)  \(bar)")
        }
        if !warnings.isEmpty {
            lines += ["", "Please note"]
            lines += warnings.map { "  - " + $0 }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var columnsText: String {
        let features = columns.filter { $0.use == .feature }
        var lines = ["Columns: \(features.count) learned from, \(columns.count - features.count) not"]
        for column in columns where column.use != .feature {
            let reason = column.use == .unused ? column.notes.first ?? column.meaning.rawValue : column.use.rawValue
            lines.append("  \(column.name): \(reason)")
        }
        for column in features {
            for note in column.notes { lines.append("  \(column.name): \(note)") }
        }
        return lines.joined(separator: "\n")
    }

    private var boostingText: String {
        let method = calibration.method == "platt" ? "Platt's sigmoid" : "an isotonic curve"
        return """
            Trees: \(boosting.roundsKept) of \(boosting.roundsGrown) grown (\(boosting.library)); validation log loss \
            \(fixed(boosting.validationLogLoss, 4))
            Calibration: \(method). \(calibration.reason)
            """
    }

    private var testText: [String] {
        let before = test.beforeCalibration
        let after = test.afterCalibration
        var lines = [
            "On the test leads, never seen before",
            "  AUC \(fixed(test.areaUnderCurve, 4))   PR-AUC \(fixed(test.averagePrecision, 4))",
            "                    log loss    Brier      ECE",
            "  as grown          " + figures(before),
            "  calibrated        " + figures(after),
            "",
            "  Promised and observed, by tenths of the test leads",
            "    leads   promised   observed",
        ]
        for bin in after.reliability {
            lines.append(
                "  " + wide("\(bin.rows)", 7) + wide(percentText(bin.promised), 11)
                    + wide(percentText(bin.observed), 11)
            )
        }
        lines += ["", "  Tiers        from    leads  converted   precision down to here   recall"]
        for tier in test.tiers {
            lines.append(
                "  " + wide(tier.name, 5, onLeft: false) + wide(percentText(tier.minimumProbability), 12)
                    + wide("\(tier.rows)", 9)
                    + wide(tier.rows > 0 ? percentText(Double(tier.positives) / Double(tier.rows)) : "-", 11)
                    + wide(tier.precision.map(percentText) ?? "-", 25) + wide(percentText(tier.recall), 9)
            )
        }
        lines += ["", "  Tenth   converted   lift   gain so far"]
        for decile in test.lift {
            lines.append(
                "  " + wide("\(decile.decile)", 5) + wide(percentText(decile.rate), 12) + wide(fixed(decile.lift, 2), 7)
                    + wide(percentText(decile.cumulativeGain), 14)
            )
        }
        return lines
    }

    private func figures(_ figures: ProbabilityFigures) -> String {
        wide(fixed(figures.logLoss, 4), 8) + wide(fixed(figures.brier, 4), 9)
            + wide(fixed(figures.expectedCalibrationError, 4), 9)
    }
}
