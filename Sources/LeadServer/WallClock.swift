internal import Foundation

/// The clock people set: for the day of scoring where a request names none.
enum WallClock {
    /// Days since 1970-01-01T00:00Z, the time of day as fraction.
    static func days() -> Double { Date().timeIntervalSince1970 / 86_400 }
}
