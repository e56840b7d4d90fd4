internal import Foundation

/// A point of a percentile curve.
public struct PercentilePoint: Codable, Sendable, Equatable {
    /// The part of all durations, from 0 to 1, that are not longer than this.
    public var share: Double
    /// The duration in milliseconds.
    public var milliseconds: Double
    /// How many durations are not longer.
    public var count: UInt64
}

extension LatencyHistogram {
    private static let ticksPerHalfDistance = 5.0

    /// The points that HdrHistogram's text form has: five for each halving of the distance to 100 %, and the last.
    public var curve: [PercentilePoint] {
        guard count > 0 else { return [] }
        var points: [PercentilePoint] = []
        var level = 0.0
        var seen: UInt64 = 0
        for cell in occupied {
            seen &+= cell.count
            let value = Double(min(Self.highest(cell.index), max)) / 1e6
            while 100 * Double(seen) / Double(count) >= level {
                points.append(PercentilePoint(share: level / 100, milliseconds: value, count: seen))
                guard seen < count else { break }
                let halvings = log2(100 / (100 - level)).rounded(.down) + 1
                level += 100 / (Self.ticksPerHalfDistance * pow(2, halvings))
            }
        }
        points.append(PercentilePoint(share: 1, milliseconds: Double(max) / 1e6, count: count))
        return points
    }

    /// HdrHistogram's text form (`.hgrm`), in milliseconds, as its plotters read it.
    public var text: String {
        var lines = padded("Value", 12) + " " + padded("Percentile", 14) + " " + padded("TotalCount", 10) + " "
        lines += padded("1/(1-Percentile)", 14) + "\n\n"
        for point in curve {
            lines += String(format: "%12.3f %2.12f %10lld", point.milliseconds, point.share, Int64(point.count))
            lines += point.share < 1 ? String(format: " %14.2f\n", 1 / (1 - point.share)) : "\n"
        }
        lines += String(
            format: "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
            mean / 1e6,
            standardDeviation / 1e6
        )
        lines += String(format: "#[Max     = %12.3f, Total count    = %12lld]\n", Double(max) / 1e6, Int64(count))
        lines += String(format: "#[Buckets = %12d, SubBuckets     = %12d]\n", Self.buckets, Self.subBuckets)
        return lines
    }
}

private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}
