/// Which batches are sent, and how often each.
public struct BatchMix: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Batches of one size.
    public struct Part: Codable, Sendable, Equatable {
        /// Leads in a batch.
        public var rows: Int
        /// Their share of the requests, in percent.
        public var percent: Double
    }

    /// The sizes, at least one; the shares add up to 100.
    public let parts: [Part]

    /// Batches of this size alone.
    public init(rows: Int) {
        parts = [Part(rows: rows, percent: 100)]
    }

    /// Reads `64:90%,5000:10%`.
    ///
    /// - Parameter text: Sizes and shares, commas between.
    /// - Throws: ``LoadError`` that names the mistake.
    public init(parsing text: String) throws(LoadError) {
        var parts: [Part] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = word.split(separator: ":", omittingEmptySubsequences: false)
            guard sides.count == 2, let rows = Int(sides[0]), rows >= 1, sides[1].hasSuffix("%"),
                let percent = Double(sides[1].dropLast()), percent > 0, percent <= 100
            else {
                throw LoadError("'\(word)' is no part of a mix; write LEADS:PERCENT%, as in 64:90%,5000:10%")
            }
            guard !parts.contains(where: { $0.rows == rows }) else {
                throw LoadError("the mix names batches of \(rows) twice")
            }
            parts.append(Part(rows: rows, percent: percent))
        }
        let sum = parts.reduce(0) { $0 + $1.percent }
        guard abs(sum - 100) < 1e-6 else {
            throw LoadError("the shares of the mix add up to \(shortened(sum)) %, not 100 %")
        }
        self.parts = parts
    }

    /// As it is written on a command line.
    public var description: String {
        parts.map { "\($0.rows):\(shortened($0.percent))%" }.joined(separator: ",")
    }

    /// Leads of a request, on average.
    public var rowsMean: Double { parts.reduce(0) { $0 + Double($1.rows) * $1.percent / 100 } }

    /// The part that a number from 0 to 1 falls into.
    func part(at share: Double) -> Int {
        var sum = 0.0
        for (index, part) in parts.enumerated() {
            sum += part.percent / 100
            if share < sum { return index }
        }
        return parts.count - 1
    }
}

/// A number without a fraction that says nothing.
private func shortened(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
}

/// What stands in the way of a load test, with the remedy.
public struct LoadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason.
    public let description: String

    /// An error with its reason.
    public init(_ reason: String) { description = reason }
}
