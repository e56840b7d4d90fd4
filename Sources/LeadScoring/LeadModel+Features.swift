internal import LeadTypes
internal import LeadWire

/// Which rows are prepared, and how their block lies.
struct FeatureBatch {
    /// The rows of the batch.
    let rows: Range<Int>
    /// The instant that the batch is scored for.
    let asOfDays: Double
    /// Values from one feature's first row to the next feature's.
    let stride: Int
}

extension LeadModel {
    /// Fills the block with the features of the rows, feature after feature, and marks rows with impossible values.
    func prepare<Value: FeatureValue>(
        _ batch: FeatureBatch,
        of request: borrowing ScoreRequest,
        _ message: RawSpan,
        _ workspace: ScoringWorkspace,
        _ strings: StringMeanings,
        _ block: inout [Value],
        _ statuses: inout [UInt8]
    ) {
        let count = batch.rows.count
        var all = block.mutableSpan
        for feature in plan.columns.indices {
            let column = plan.columns[feature]
            let start = feature * batch.stride
            var values = all._mutatingExtracting(start..<start + count)
            switch plan.steps[feature] {
            case .number:
                Value.copy(column, batch.rows, of: request, message, into: &values)
                if request.columns[column].encoding.isBins {
                    enter(binTables.values[column], &values, batch.rows.lowerBound, &statuses)
                }
            case .unread: continue
            case .boolean:
                Value.copy(column, batch.rows, of: request, message, into: &values)
                guard request.columns[column].encoding != .bits else { continue }
                checkBooleans(values.span, batch.rows.lowerBound, &statuses)
            case .category(let levelCount, let unseen):
                Value.copy(column, batch.rows, of: request, message, into: &values)
                let encoding = request.columns[column].encoding
                if encoding.isDictionary {
                    translate(&values, strings.values, from: strings.starts[feature])
                } else if levelCount == 0, encoding != .absent {
                    // Without levels a category comes as its hash, and each is unseen.
                    checkHashes(&values, batch.rows.lowerBound, &statuses)
                    for row in values.indices where !values[row].isNaN { values[row] = Value(unseen) }
                } else if encoding != .absent {
                    if !encoding.isWhole { markFractions(values.span, batch.rows.lowerBound, &statuses) }
                    checkCodes(&values, Value(levelCount), Value(unseen), batch.rows.lowerBound, &statuses)
                }
            case .categoryHash:
                Value.copy(column, batch.rows, of: request, message, into: &values)
                let encoding = request.columns[column].encoding
                if encoding.isDictionary {
                    translate(&values, strings.values, from: strings.starts[feature])
                } else if encoding != .absent {
                    checkHashes(&values, batch.rows.lowerBound, &statuses)
                }
            case .daysAfter(let reference):
                copyDates(column, batch, of: request, message, into: &workspace.dates)
                copyDates(reference, batch, of: request, message, into: &workspace.references)
                subtract(workspace.dates.span, workspace.references.span, into: &values)
            case .daysBeforeAsOf:
                copyDates(column, batch, of: request, message, into: &workspace.dates)
                subtract(batch.asOfDays, workspace.dates.span, into: &values)
            }
        }
    }
}

/// Puts a value of each bin in the bin's place; a bin that there is not makes the row invalid.
private func enter<Value: FeatureValue>(
    _ bins: [Double],
    _ values: inout MutableSpan<Value>,
    _ firstRow: Int,
    _ statuses: inout [UInt8]
) {
    for row in values.indices where !values[row].isNaN {
        let bin = values[row].code
        if bin < bins.count {
            values[row] = Value(bins[bin])
        } else {
            values[row] = .nan
            statuses[firstRow + row] = RowStatus.invalidValue.rawValue
        }
    }
}

/// A column of dates, in double: float32 would hold the time of day to three minutes only.
private func copyDates(
    _ column: Int,
    _ batch: FeatureBatch,
    of request: borrowing ScoreRequest,
    _ message: RawSpan,
    into dates: inout [Double]
) {
    if dates.count < batch.stride { dates.resize(to: batch.stride) }
    var target = dates.mutableSpan
    request.copyColumn(column, rows: batch.rows, of: message, into: &target)
}

// The loops: free functions of plain arguments, specialised for both precisions. A NaN fails every comparison, and so is
// neither 0, nor 1, nor above the last code.

private func checkBooleans<Value: FeatureValue>(_ values: Span<Value>, _ first: Int, _ statuses: inout [UInt8]) {
    for row in values.indices {
        let value = values[row]
        let isWrong = value != 0 && value != 1 && value == value
        statuses[first + row] |= isWrong ? RowStatus.invalidValue.rawValue : 0
    }
}

private func checkCodes<Value: FeatureValue>(
    _ values: inout MutableSpan<Value>,
    _ levelCount: Value,
    _ unseen: Value,
    _ first: Int,
    _ statuses: inout [UInt8]
) {
    for row in values.indices {
        let value = values[row]
        let isWrong = value < 0 || value > levelCount
        statuses[first + row] |= isWrong ? RowStatus.invalidValue.rawValue : 0
        // A wrong code is made missing, so that the kernel sees nothing it does not know.
        values[row] = isWrong ? .nan : value == levelCount ? unseen : value
    }
}

private func checkHashes<Value: FeatureValue>(
    _ values: inout MutableSpan<Value>,
    _ first: Int,
    _ statuses: inout [UInt8]
) {
    for row in values.indices {
        let value = values[row]
        let isHash = value >= 0 && value < 4_294_967_296 && value == value.rounded(.towardZero)
        statuses[first + row] |= !isHash && value == value ? RowStatus.invalidValue.rawValue : 0
        values[row] = isHash ? value : .nan
    }
}

private func markFractions<Value: FeatureValue>(_ values: Span<Value>, _ first: Int, _ statuses: inout [UInt8]) {
    for row in values.indices {
        let value = values[row]
        let isWrong = value != value.rounded(.towardZero) && value == value
        statuses[first + row] |= isWrong ? RowStatus.invalidValue.rawValue : 0
    }
}

private func translate<Value: FeatureValue>(_ codes: inout MutableSpan<Value>, _ meanings: [Double], from start: Int) {
    for row in codes.indices {
        let value = codes[row]
        if value == value { codes[row] = Value(meanings[start + value.code]) }
    }
}

private func subtract<Value: FeatureValue>(
    _ dates: Span<Double>,
    _ references: Span<Double>,
    into values: inout MutableSpan<Value>
) {
    for row in values.indices { values[row] = Value(dates[row] - references[row]) }
}

private func subtract<Value: FeatureValue>(
    _ asOfDays: Double,
    _ dates: Span<Double>,
    into values: inout MutableSpan<Value>
) {
    for row in values.indices { values[row] = Value(asOfDays - dates[row]) }
}
