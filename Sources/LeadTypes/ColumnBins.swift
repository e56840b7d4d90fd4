internal import ByteKit

/// What a model tells apart of a column of numbers: the bins between the edges that its trees compare with.
///
/// Two values of one bin get the same score to the bit, so that a client may send a value's bin for it.
public struct ColumnBins: Sendable, Equatable {
    /// On which side of an edge a value lies that equals it, as a sorted search has it.
    public enum Side: String, Sendable {
        /// With the values below: a value's bin is how many edges are less than it.
        case left
        /// With the values above: a value's bin is how many edges are at most it.
        case right
    }

    /// Sorted, distinct and finite; there is one bin more than edges.
    public let edges: [Double]
    /// Where a value lies that equals an edge.
    public let side: Side
    /// Whether a value is rounded to single precision before it is compared.
    public let areSingle: Bool

    /// Stands for all of it: bins under another fingerprint get no score.
    public let fingerprint: UInt64

    /// The most edges that bins of 16 bits can have.
    public static let edgesMax = 65_535

    /// Bins of these edges.
    /// - Precondition: the edges are sorted, distinct and finite, and at most ``edgesMax``.
    public init(edges: [Double], side: Side, areSingle: Bool) {
        precondition(
            edges.count <= Self.edgesMax && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 },
            "sorted edges"
        )
        precondition(edges.allSatisfy(\.isFinite), "finite edges")
        self.edges = edges
        self.side = side
        self.areSingle = areSingle
        let digest = SHA256Digest.of(Self.canonicalBytes(edges, side, areSingle: areSingle))
        fingerprint = digest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// What the fingerprint is taken over: three lines, `leadline-bins-1`, `float32` or `float64`, `left` or `right`, and then
    /// the edges, eight bytes each.
    private static func canonicalBytes(_ edges: [Double], _ side: Side, areSingle: Bool) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(utf8: "leadline-bins-1\n\(areSingle ? "float32" : "float64")\n\(side.rawValue)\n")
        writer.put(column: edges.span)
        return writer.take()
    }

    /// How many bins there are.
    public var count: Int { edges.count + 1 }

    /// The bin of a value, from 0; nil if it is missing.
    public func bin(of value: Double) -> Int? {
        guard !value.isNaN else { return nil }
        let value = areSingle ? Double(Float(value)) : value
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            let isAbove = side == .left ? edges[middle] < value : edges[middle] <= value
            if isAbove { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// By bin, a value that lies in it.
    public var values: [Double] {
        // The edge itself lies in the bin on its side; beyond the last one there is always infinity.
        side == .left ? edges + [.infinity] : [-.infinity] + edges
    }
}
