internal import ByteKit

/// What must be known of a column of numbers to choose its encoding.
struct ColumnSummary {
    let count: Int
    let missing: Int
    /// How many runs of equal values there are, missing ones among them.
    let runs: Int
    private let missingRuns: Int
    /// The first value that is not missing, a negative zero as zero.
    let first: Double
    private let isConstant: Bool
    private let areIntegers: Bool
    private let areSingle: Bool
    private let areHalf: Bool
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
        var (others, fractions, doubles, singles) = (0, 0, 0, 0)
        var (changes, missingChanges) = (0, 0)
        var before = values.isEmpty ? 0 : values[0]
        var (least, greatest) = (first, first)
        for row in values.indices {
            let value = values[row]
            let isMissing = value != value
            let hasChanged = value != before && !(isMissing && before != before)
            changes &+= hasChanged ? 1 : 0
            missingChanges &+= hasChanged && isMissing ? 1 : 0
            before = value
            missing &+= isMissing ? 1 : 0
            others &+= value != first ? 1 : 0
            fractions &+= (value + rounder) - rounder != value ? 1 : 0
            let single = Float(value)
            doubles &+= Double(single) != value ? 1 : 0
            singles &+= isHalf(single) ? 0 : 1
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
        }
        // NaN differs from everything, so that each missing value was counted everywhere.
        count = values.count
        self.missing = missing
        runs = changes + 1
        missingRuns = missingChanges + (!values.isEmpty && values[0].isNaN ? 1 : 0)
        self.first = first == 0 ? 0 : first
        isConstant = others == missing
        areIntegers = fractions == missing
        areSingle = doubles == missing
        areHalf = areSingle && singles == missing
        self.least = least
        self.greatest = greatest
    }

    /// The smallest form that gives back the same numbers: of equals, the lowest code, and values a row before runs.
    var smallestForm: (encoding: ColumnEncoding, hasRuns: Bool) {
        var best = (encoding: ColumnEncoding.float64, hasRuns: false)
        var least = bytes(.float64)
        let candidates: [ColumnEncoding] = [
            .float32, .float16, .int32, .int16, .uint16, .int8, .uint8, .bits, .constant, .absent,
        ]
        for encoding in candidates where holds(encoding) && bytes(encoding) <= least {
            (best, least) = ((encoding, false), bytes(encoding))
        }
        let hasRuns = best.encoding.element != nil && runBytes(best.encoding) < least
        return (best.encoding, hasRuns)
    }

    private func holds(_ encoding: ColumnEncoding) -> Bool {
        switch encoding {
        case .absent: missing == count
        case .constant: isConstant && missing < count
        case .bits: areIntegers && least >= 0 && greatest <= 1
        case .uint8: areIntegers && least >= 0 && greatest <= 255
        case .int8: areIntegers && least >= -128 && greatest <= 127
        case .uint16: areIntegers && least >= 0 && greatest <= 65_535
        case .int16: areIntegers && least >= -32_768 && greatest <= 32_767
        case .int32: areIntegers && least >= -2_147_483_648 && greatest <= 2_147_483_647
        case .float16: areHalf
        case .float32: areSingle
        default: true
        }
    }

    private func runBytes(_ encoding: ColumnEncoding) -> Int {
        let validity = missingRuns > 0 && encoding.allowsValidity ? aligned((runs + 7) >> 3) : 0
        return 8 + aligned(RunEnds.byteCount(runs, rows: count)) + validity
            + aligned(encoding.element?.byteCount(of: runs) ?? 0)
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

/// Whether half precision holds a number; no branch, so that many are looked at together.
@inline(__always)
private func isHalf(_ value: Float) -> Bool {
    let magnitude = value.magnitude
    // Below 2^-14 the step is 2^-24. Adding and taking away 1.5 * 2^23 rounds to a whole number of steps.
    let steps = magnitude * 0x1p24
    let isSubnormal = magnitude < 0x1p-14 && (steps + 0x1.8p23) - 0x1.8p23 == steps
    let isNormal = magnitude >= 0x1p-14 && magnitude <= 65_504 && value.bitPattern & 0x1FFF == 0
    return isSubnormal || isNormal || magnitude == .infinity
}

/// A number that half precision holds, or NaN, as its bits.
@inline(__always)
func halfBits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    if value.isNaN { return 0x7E00 }
    if value.magnitude == .infinity { return sign | 0x7C00 }
    return sign | UInt16(truncatingIfNeeded: (value.magnitude * 0x1p-112).bitPattern >> 13)
}
