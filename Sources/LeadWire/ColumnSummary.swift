internal import ByteKit

/// What must be known of a column of numbers to choose its encoding.
struct ColumnSummary {
    let count: Int
    let missing: Int
    /// The first value that is not missing, a negative zero as zero.
    let first: Double
    private let isConstant: Bool
    private let areIntegers: Bool
    private let areSingle: Bool
    private let least: Double
    private let greatest: Double

    init(of values: Span<Double>) {
        var missing = 0
        var first = Double.nan
        for row in values.indices where !values[row].isNaN {
            first = values[row]
            break
        }
        // Counts instead of conditions: the loop has no branch. Adding and taking away 1.5 * 2^52 rounds to a whole number;
        // what is too large for that is too large for the integer encodings too.
        let rounder = 0x1.8p52
        var (others, fractions, doubles) = (0, 0, 0)
        var (least, greatest) = (first, first)
        for row in values.indices {
            let value = values[row]
            missing &+= value != value ? 1 : 0
            others &+= value != first ? 1 : 0
            fractions &+= (value + rounder) - rounder != value ? 1 : 0
            doubles &+= Double(Float(value)) != value ? 1 : 0
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
        }
        // NaN differs from everything, so that each missing value was counted everywhere.
        count = values.count
        self.missing = missing
        self.first = first == 0 ? 0 : first
        isConstant = others == missing
        areIntegers = fractions == missing
        areSingle = doubles == missing
        self.least = least
        self.greatest = greatest
    }

    /// The smallest encoding that gives back the same numbers; of equals, the lowest code.
    var smallestEncoding: ColumnEncoding {
        var best = ColumnEncoding.float64
        for encoding in [.float32, .int32, .int16, .uint8, .bits, .constant, .absent] as [ColumnEncoding]
        where holds(encoding) && bytes(encoding) <= bytes(best) {
            best = encoding
        }
        return best
    }

    private func holds(_ encoding: ColumnEncoding) -> Bool {
        switch encoding {
        case .absent: missing == count
        case .constant: isConstant && missing < count
        case .bits: areIntegers && least >= 0 && greatest <= 1
        case .uint8: areIntegers && least >= 0 && greatest <= 255
        case .int16: areIntegers && least >= -32_768 && greatest <= 32_767
        case .int32: areIntegers && least >= -2_147_483_648 && greatest <= 2_147_483_647
        case .float32: areSingle
        default: true
        }
    }

    private func bytes(_ encoding: ColumnEncoding) -> Int {
        let validity = missing > 0 && encoding.allowsValidity ? aligned((count + 7) >> 3) : 0
        switch encoding {
        case .absent: return 0
        case .constant: return validity + 8
        default: return validity + aligned(encoding.element?.byteCount(of: count) ?? 0)
        }
    }
}
