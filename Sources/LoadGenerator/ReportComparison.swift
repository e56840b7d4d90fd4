/// Two sides of load tests, figure by figure.
public struct ReportComparison: Sendable {
    /// A figure on both sides.
    public struct Line: Sendable, Equatable {
        /// What it is.
        public var name: String
        /// The mean of the first side.
        public var before: Double
        /// The mean of the second.
        public var after: Double
        /// How much more the second is, in percent of the first; nil where that is 0.
        public var changePercent: Double?
        /// Where the change lies with 95 % confidence (Welch's t interval), if each side has two runs or more.
        public var interval: ClosedRange<Double>?
        /// Whether more of it is better.
        public var moreIsBetter: Bool

        /// Whether runs of one side differ less than the sides: zero is not in the interval.
        public var isClear: Bool { interval.map { !$0.contains(0) } ?? false }
    }

    /// The figures.
    public let lines: [Line]

    private static let figures: [(String, Bool, @Sendable (LoadReport) -> Double)] = [
        ("achieved requests/s", true, { $0.achievedRate }),
        ("leads/s", true, { $0.leadsPerSecond }),
        ("good leads/s", true, { $0.goodLeadsPerSecond }),
        ("failed %", false, { $0.intended > 0 ? 100 * Double($0.failed) / Double($0.intended) : 0 }),
        ("latency p50 ms", false, { $0.latency.p50Milliseconds }),
        ("latency p90 ms", false, { $0.latency.p90Milliseconds }),
        ("latency p99 ms", false, { $0.latency.p99Milliseconds }),
        ("latency p99.9 ms", false, { $0.latency.p999Milliseconds }),
        ("latency max ms", false, { $0.latency.maxMilliseconds }),
        ("service p50 ms", false, { $0.service.p50Milliseconds }),
        ("service p99 ms", false, { $0.service.p99Milliseconds }),
        ("bytes/lead sent", false, { $0.bytesPerLeadSent }),
        ("bytes/lead received", false, { $0.bytesPerLeadReceived }),
    ]

    /// Compares; see ``obstacles(_:)`` for whether that makes sense.
    ///
    /// - Parameters:
    ///   - before: The reports of one side, at least one.
    ///   - after: Those of the other.
    public init(_ before: [LoadReport], _ after: [LoadReport]) {
        precondition(!before.isEmpty && !after.isEmpty, "reports on both sides")
        lines = Self.figures.map { name, moreIsBetter, value in
            let (left, right) = (Sample(before.map(value)), Sample(after.map(value)))
            let isZero = left.mean == 0
            return Line(
                name: name,
                before: left.mean,
                after: right.mean,
                changePercent: isZero ? nil : 100 * (right.mean - left.mean) / left.mean,
                interval: isZero ? nil : left.interval(to: right).map { scaled($0, by: 100 / left.mean) },
                moreIsBetter: moreIsBetter
            )
        }
    }

    /// What in reports differs that makes figures differ of itself, in words; empty if nothing does.
    ///
    /// - Parameter reports: Of both sides.
    /// - Returns: A phrase for each difference.
    public static func obstacles(_ reports: [LoadReport]) -> [String] {
        func different(_ name: String, _ value: (LoadReport) -> String) -> String? {
            var values: [String] = []
            for text in reports.map(value) where !values.contains(text) { values.append(text) }
            return values.count > 1 ? "\(name): \(values.joined(separator: " and "))" : nil
        }
        return [
            different("batches") { $0.setup.mix.description },
            different("pace") { report in
                let setup = report.setup
                if report.search != nil { return "the largest rate for \(report.goal ?? "")" }
                if let rate = setup.rate { return "\(rate) requests/s \(setup.arrivals?.rawValue ?? "")" }
                return "\(setup.inFlight ?? 0) requests in flight"
            },
            different("deadline") { $0.setup.deadlineMilliseconds.map { "\($0) ms" } ?? "none" },
            different("connections") { "\($0.setup.connections)" },
            different("threads") { "\($0.setup.threads)" },
            different("leads") { $0.setup.leads },
            different("schema") { $0.setup.fingerprint },
            different("decoding") { $0.setup.verifies ? "all of each answer" : "heads only" },
            different("publications") { $0.setup.reloadEverySeconds.map { "every \($0) s" } ?? "none" },
            different("processor") { "\($0.environment.processor), \($0.environment.processorsAllowed) of them" },
        ].compactMap { $0 }
    }
}

/// Numbers of repeated runs.
struct Sample {
    let count: Double
    let mean: Double
    private let variance: Double

    init(_ values: [Double]) {
        count = Double(values.count)
        let mean = values.reduce(0, +) / count
        self.mean = mean
        variance = values.count > 1 ? values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) : 0
    }

    /// Where the difference of the means lies with 95 % confidence, by Welch's t; nil where a side has one value.
    func interval(to other: Sample) -> ClosedRange<Double>? {
        guard count > 1, other.count > 1 else { return nil }
        let (left, right) = (variance / count, other.variance / other.count)
        let difference = other.mean - mean
        guard left + right > 0 else { return difference...difference }
        let degrees =
            (left + right) * (left + right)
            / (left * left / (count - 1) + right * right / (other.count - 1))
        let half = studentQuantile(degrees) * (left + right).squareRoot()
        return difference - half...difference + half
    }
}

private func scaled(_ range: ClosedRange<Double>, by factor: Double) -> ClosedRange<Double> {
    range.lowerBound * factor...range.upperBound * factor
}

/// What 97.5 % of Student's t with so many degrees of freedom stay below; rounded down to whole ones, which errs to the safe
/// side.
func studentQuantile(_ degrees: Double) -> Double {
    let table = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ]
    let whole = Int(max(1, min(degrees, 1e6)))
    if whole <= table.count { return table[whole - 1] }
    // Cornish and Fisher's first correction is good to the third digit from here on.
    return 1.960 + 2.372 / Double(whole)
}
