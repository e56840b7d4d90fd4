/// A page of metrics in Prometheus' text format 0.0.4.
///
/// One call writes one family: HELP and TYPE once, then a line for each set of labels. Names are ours; label values may be
/// anybody's and are escaped. Whoever calls keeps the number of label values bounded.
public struct PrometheusText {
    /// Names and values of labels, in the order they are to be written.
    public typealias Labels = [(name: String, value: String)]

    /// The content type that goes with the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The page so far.
    public private(set) var text = ""

    /// An empty page.
    public init() {}

    /// Writes a counter; its name has to end with `_total`.
    public mutating func counter(_ name: String, _ help: String, _ samples: [(Labels, UInt64)]) {
        precondition(name.hasSuffix("_total"), "a counter's name ends with _total")
        head(name, help, "counter")
        for (labels, value) in samples { line(name, labels, String(value)) }
    }

    /// Writes a counter without labels.
    public mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        counter(name, help, [([], value)])
    }

    /// Writes a gauge.
    public mutating func gauge(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        head(name, help, "gauge")
        for (labels, value) in samples { line(name, labels, Self.number(value)) }
    }

    /// Writes a gauge without labels.
    public mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        gauge(name, help, [([], value)])
    }

    /// Writes a histogram of durations; its name has to end with `_seconds`.
    public mutating func histogram(_ name: String, _ help: String, _ samples: [(Labels, DurationDistribution)]) {
        precondition(name.hasSuffix("_seconds"), "durations are told in seconds")
        head(name, help, "histogram")
        for (labels, distribution) in samples {
            var cumulative: UInt64 = 0
            for (index, count) in distribution.counts.enumerated() {
                cumulative += count
                let bound = DurationBuckets.upperBoundNanoseconds(index).map { Self.number(Double($0) / 1e9) } ?? "+Inf"
                line(name + "_bucket", labels + [("le", bound)], String(cumulative))
            }
            line(name + "_sum", labels, Self.number(Double(distribution.sumNanoseconds) / 1e9))
            line(name + "_count", labels, String(cumulative))
        }
    }

    private mutating func head(_ name: String, _ help: String, _ kind: String) {
        let help = Self.escaped(help, quotes: false)
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{" + pairs.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ value: String, quotes: Bool) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\"" where quotes: result += #"\""#
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
