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
        var (isConstant, areIntegers, areSingle) = (true, true, true)
        var (least, greatest) = (first, first)
        for row in values.indices {
            let value = values[row]
            let isMissing = value.isNaN
            missing += isMissing ? 1 : 0
            isConstant = isConstant && (isMissing || value == first)
            areIntegers = areIntegers && (isMissing || value.rounded(.towardZero) == value)
            areSingle = areSingle && (isMissing || Double(Float(value)) == value)
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
        }
        count = values.count
        self.missing = missing
        self.first = first == 0 ? 0 : first
        self.isConstant = isConstant
        self.areIntegers = areIntegers
        self.areSingle = areSingle
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
