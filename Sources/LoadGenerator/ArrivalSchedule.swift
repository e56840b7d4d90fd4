internal import ByteKit
internal import Foundation

/// How the times of requests follow each other.
public enum ArrivalPattern: String, Codable, CaseIterable, Sendable {
    /// At equal distances.
    case constant
    /// As independent callers do: distances are exponentially distributed.
    case poisson
}

/// The times at which requests are to be sent, settled before the first is.
///
/// Several threads share a rate: constant arrivals are dealt out in turn, Poisson ones are as many independent processes,
/// which together are one of the whole rate.
public struct ArrivalSchedule: Sendable {
    private let pattern: ArrivalPattern
    private let nanosecondsApart: Double
    private let offset: Double
    private var index = 0.0
    private var time = 0.0
    private var random: SeededRandom

    /// One thread's times.
    ///
    /// - Parameters:
    ///   - pattern: How they follow each other.
    ///   - rate: Requests a second of all parts together; above 0.
    ///   - seed: Settles Poisson arrivals.
    ///   - part: Which part, from 0.
    ///   - parts: How many parts there are.
    public init(_ pattern: ArrivalPattern, rate: Double, seed: UInt64, part: Int = 0, of parts: Int = 1) {
        precondition(rate > 0 && part >= 0 && part < parts, "a rate above 0, and one of the parts")
        self.pattern = pattern
        nanosecondsApart = 1e9 / rate * Double(parts)
        offset = 1e9 / rate * Double(part)
        random = SeededRandom(seed: seed &+ UInt64(part))
    }

    /// The next time, in nanoseconds from the start.
    public mutating func next() -> UInt64 {
        switch pattern {
        case .constant:
            // Multiplied anew, so that no rounding adds up.
            defer { index += 1 }
            return UInt64(offset + index * nanosecondsApart)
        case .poisson:
            time -= log(1 - random.uniform()) * nanosecondsApart
            return UInt64(time)
        }
    }
}
