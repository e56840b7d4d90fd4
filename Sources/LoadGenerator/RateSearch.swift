/// The search for the largest rate that holds, step by step: doubled until one does not hold, then halved between.
///
/// ```swift
/// var search = RateSearch(from: 1_000)
/// while let rate = search.next { search.note(holds(rate)) }
/// ```
public struct RateSearch: Sendable {
    /// The largest rate that held; nil before one did.
    public private(set) var held: Double?
    /// The smallest rate that did not.
    public private(set) var failed: Double?
    /// The rate to try next; nil when the search is over.
    public private(set) var next: Double?
    /// How many rates were tried.
    public private(set) var steps = 0

    private let precision: Double
    private let stepsMax: Int
    private let rateMin: Double

    /// A search.
    ///
    /// - Parameters:
    ///   - first: The rate to begin with.
    ///   - precision: The search ends when the smallest rate that failed is not more than this part above the largest that
    ///     held.
    ///   - stepsMax: It ends after so many rates at the latest.
    ///   - rateMin: Nothing below is tried.
    public init(from first: Double, precision: Double = 0.05, stepsMax: Int = 20, rateMin: Double = 1) {
        self.precision = precision
        self.stepsMax = stepsMax
        self.rateMin = rateMin
        next = max(first, rateMin)
    }

    /// Notes how the rate of ``next`` did.
    public mutating func note(_ holds: Bool) {
        guard let rate = next else { return }
        steps += 1
        if holds { held = max(held ?? rate, rate) } else { failed = min(failed ?? rate, rate) }
        guard steps < stepsMax else {
            next = nil
            return
        }
        switch (held, failed) {
        case (let held?, let failed?): next = failed > held * (1 + precision) ? (held + failed) / 2 : nil
        case (let held?, nil): next = held * 2
        case (nil, let failed?): next = failed > rateMin ? max(rateMin, failed / 2) : nil
        case (nil, nil): next = nil
        }
    }
}
