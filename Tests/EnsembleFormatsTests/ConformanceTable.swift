import EnsembleKernels

/// What became of each shared model, as a page to read.
struct ConformanceTable {
    enum Verdict {
        case agreed(rows: Int)
        case refused(String)
        case skipped(String)
        /// Some row or kernel is off; the test has told which.
        case differs(rows: Int)
    }

    private struct Entry {
        var item: SharedModels.Case
        var file: String
        var verdict: Verdict
    }

    private var entries: [Entry] = []

    mutating func add(_ item: SharedModels.Case, _ file: String, _ verdict: Verdict) {
        entries.append(Entry(item: item, file: file, verdict: verdict))
    }

    /// Counts by format, then by name what is not a plain agreement.
    var text: String {
        var lines = ["", "conformance on " + kernels, "", line("format", Self.columns)]
        for format in Set(entries.map(\.item.format)).sorted() {
            lines.append(line(format, counts(entries.filter { $0.item.format == format })))
        }
        lines.append(line("all", counts(entries)))
        lines += section("refused, and must be") { entry in
            if case .refused(let why) = entry.verdict, entry.item.mustBeRefused { why } else { nil }
        }
        lines += section("refused, though it need not be") { entry in
            if case .refused(let why) = entry.verdict, !entry.item.mustBeRefused { why } else { nil }
        }
        lines += section("skipped") { if case .skipped(let why) = $0.verdict { why } else { nil } }
        lines += section("differs") { if case .differs(let rows) = $0.verdict { "of \(rows) rows" } else { nil } }
        return lines.joined(separator: "\n") + "\n"
    }

    private var kernels: String {
        let lacking = EnsembleKernel.supportedByProcessor.count < KernelName.allCases.count
        return (["reference"] + EnsembleKernel.supportedByProcessor.map(\.rawValue)).joined(separator: ", ")
            + (lacking ? "; this processor does not run the others" : "")
    }

    private func counts(_ entries: [Entry]) -> [String] {
        var (agreed, refused, skipped, differs, rows) = (0, 0, 0, 0, 0)
        for entry in entries {
            switch entry.verdict {
            case .agreed(let count): (agreed, rows) = (agreed + 1, rows + count)
            case .refused: refused += 1
            case .skipped: skipped += 1
            case .differs(let count): (differs, rows) = (differs + 1, rows + count)
            }
        }
        return [Set(entries.map(\.item.id)).count, entries.count, agreed, refused, skipped, differs, rows].map {
            "\($0)"
        }
    }

    private func section(_ title: String, _ reason: (Entry) -> String?) -> [String] {
        let lines = entries.compactMap { entry in
            reason(entry).map { why in
                let twin = entry.file == entry.item.model ? "" : " (\(entry.file))"
                return "  \(entry.item.id)\(twin) [\(entry.item.format)]: \(why)"
            }
        }
        return lines.isEmpty ? [] : ["", title] + lines.sorted()
    }

    private func line(_ first: String, _ cells: [String]) -> String {
        first + String(repeating: " ", count: max(22 - first.count, 1))
            + cells.map { String(repeating: " ", count: max(9 - $0.count, 1)) + $0 }.joined()
    }

    private static let columns = ["models", "files", "agreed", "refused", "skipped", "differ", "rows"]
}
