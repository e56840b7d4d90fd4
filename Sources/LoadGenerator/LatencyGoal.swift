internal import Foundation

/// What latencies are to be: `p99=2ms`, or several with commas between.
public struct LatencyGoal: Sendable, Equatable, CustomStringConvertible {
    /// A percentile and its bound.
    public struct Bound: Sendable, Equatable {
        /// From above 0 to 100.
        public var percent: Double
        /// The most it may be.
        public var nanoseconds: UInt64
        /// As it was written.
        public var text: String
    }

    /// The bounds, at least one.
    public let bounds: [Bound]

    /// Reads a goal.
    ///
    /// - Parameter text: As people write it.
    /// - Throws: ``LoadError`` that names the mistake.
    public init(parsing text: String) throws(LoadError) {
        var bounds: [Bound] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = word.split(separator: "=", omittingEmptySubsequences: false)
            let percent = sides[0] == "max" ? 100 : sides[0].hasPrefix("p") ? Double(sides[0].dropFirst()) : nil
            guard sides.count == 2, let percent, percent > 0, percent <= 100,
                let nanoseconds = nanoseconds(String(sides[1])), nanoseconds > 0
            else {
                throw LoadError("'\(word)' is no goal; write a percentile and its bound, as in p99=2ms or max=50ms")
            }
            bounds.append(Bound(percent: percent, nanoseconds: nanoseconds, text: String(word)))
        }
        self.bounds = bounds
    }

    /// As it was written.
    public var description: String { bounds.map(\.text).joined(separator: ",") }

    /// Those that latencies go beyond.
    public func missed(by latency: LatencyHistogram) -> [Bound] {
        bounds.filter { latency.percentile($0.percent) > $0.nanoseconds }
    }
}

/// Nanoseconds that a text such as `250us`, `2ms`, `1.5s` or `1m` says; nil when it says none.
///
/// - Parameters:
///   - text: A number and a unit.
///   - unit: What a number without a unit is of; nil refuses one.
/// - Returns: The nanoseconds, rounded.
public func nanoseconds(_ text: String, unit: String? = nil) -> UInt64? {
    let digits = text.prefix { "0123456789.".contains($0) }
    let units: [String: Double] = ["ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9]
    let word = text.dropFirst(digits.count)
    guard let number = Double(digits), let factor = units[word.isEmpty ? unit ?? "" : String(word)] else { return nil }
    let product = (number * factor).rounded()
    return product < 1e18 ? UInt64(product) : nil
}
