internal import ByteKit

/// A column's values, as numbers in which NaN is missing.
///
/// The message must be the one that was decoded. Nothing is allocated.
extension ScoreRequest {
    /// Copies a column's values in single precision.
    ///
    /// - Parameters:
    ///   - column: Which column, from 0.
    ///   - rows: Which rows, from 0.
    ///   - message: The bytes that were decoded.
    ///   - target: Takes `rows.count` values from its start: numbers rounded to single precision, NaN for missing, and for
    ///     a dictionary the index of the string, for bins the number of the bin.
    public func copyColumn(
        _ column: Int,
        rows: Range<Int>,
        of message: RawSpan,
        into target: inout MutableSpan<Float>
    ) {
        let place = columns[column]
        if place.runCount > 0 {
            var next = 0
            eachRun(place, rows, of: message) { value, count in
                let value = Float(value)
                for index in next..<next + count { target[index] = value }
                next += count
            }
            return
        }
        if place.rowStride > 0 {
            message.copyStrided(rows: rows, stride: place.rowStride, at: place.valuesOffset, into: &target)
        } else if let element = place.encoding.element {
            message.copyColumn(rows: rows, of: element, at: place.valuesOffset, into: &target)
        } else {
            let value = Float(place.constant)
            for index in 0..<rows.count { target[index] = value }
        }
        if place.hasValidity {
            message.clearInvalid(rows: rows, bitmapAt: place.validityOffset, in: &target)
        }
    }

    /// Copies a column's values in double precision.
    ///
    /// - Parameters:
    ///   - column: Which column, from 0.
    ///   - rows: Which rows, from 0.
    ///   - message: The bytes that were decoded.
    ///   - target: Takes `rows.count` values from its start: exact numbers, NaN for missing, and for a dictionary the index
    ///     of the string.
    public func copyColumn(
        _ column: Int,
        rows: Range<Int>,
        of message: RawSpan,
        into target: inout MutableSpan<Double>
    ) {
        let place = columns[column]
        if place.runCount > 0 {
            var next = 0
            eachRun(place, rows, of: message) { value, count in
                for index in next..<next + count { target[index] = value }
                next += count
            }
            return
        }
        if place.rowStride > 0 {
            message.copyStrided(rows: rows, stride: place.rowStride, at: place.valuesOffset, into: &target)
        } else if let element = place.encoding.element {
            message.copyColumn(rows: rows, of: element, at: place.valuesOffset, into: &target)
        } else {
            for index in 0..<rows.count { target[index] = place.constant }
        }
        if place.hasValidity {
            message.clearInvalid(rows: rows, bitmapAt: place.validityOffset, in: &target)
        }
    }

    /// Whether single precision holds every value that the column's encoding can carry.
    public func isExactInFloat(_ column: Int) -> Bool {
        let place = columns[column]
        switch place.encoding {
        // What value a bin stands for, the model says.
        case .int32, .int64, .microseconds, .float64, .bins8, .bins16: return false
        case .constant: return Double(Float(place.constant)) == place.constant
        default: return true
        }
    }

    /// The strings of a column's dictionary in the order of their codes; none where there is no dictionary.
    ///
    /// - Parameters:
    ///   - column: Which column, from 0.
    ///   - message: The bytes that were decoded.
    /// - Returns: The strings; copies, so this is for once a message.
    public func dictionaryEntries(_ column: Int, of message: RawSpan) -> [String] {
        let place = columns[column]
        var entries: [String] = []
        entries.reserveCapacity(place.dictionaryCount)
        var next = place.lengthsOffset + 2 * place.dictionaryCount
        for entry in 0..<place.dictionaryCount {
            let length = Int(message.integer(at: place.lengthsOffset + 2 * entry, as: UInt16.self))
            entries.append(message.text(next..<next + length))
            next += length
        }
        return entries
    }
}
