import ByteKit
import LeadTypes
import LeadWire

/// The values of a decoded column, in double precision; for a dictionary the indices of the strings.
func doubles(_ request: ScoreRequest, _ column: Int, _ message: [UInt8], rows: Range<Int>? = nil) -> [Double] {
    let rows = rows ?? 0..<request.rows
    var values = [Double](repeating: -1, count: rows.count)
    var target = values.mutableSpan
    request.copyColumn(column, rows: rows, of: message.rawBytes, into: &target)
    return values
}

/// The same in single precision.
func singles(_ request: ScoreRequest, _ column: Int, _ message: [UInt8], rows: Range<Int>? = nil) -> [Float] {
    let rows = rows ?? 0..<request.rows
    var values = [Float](repeating: -1, count: rows.count)
    var target = values.mutableSpan
    request.copyColumn(column, rows: rows, of: message.rawBytes, into: &target)
    return values
}

/// A message decoded as a request, or the reason why not.
func decodeRequest(_ message: [UInt8], limits: WireLimits = WireLimits()) -> Result<ScoreRequest, WireError> {
    var request = ScoreRequest()
    do throws(WireError) {
        try request.decode(message.rawBytes, limits: limits)
        return .success(request)
    } catch {
        return .failure(error)
    }
}

/// A message decoded as a reply, or the reason why not.
func decodeReply(_ message: [UInt8], limits: WireLimits = WireLimits()) -> Result<ScoreReply, WireError> {
    do throws(WireError) {
        return .success(try ScoreReply.decode(message.rawBytes, limits: limits))
    } catch {
        return .failure(error)
    }
}

/// A message decoded as an error message, or the reason why not.
func decodeError(
    _ message: [UInt8],
    limits: WireLimits = WireLimits()
) -> Result<(requestID: UInt64, error: WireError), WireError> {
    do throws(WireError) {
        return .success(try WireError.decode(message.rawBytes, limits: limits))
    } catch {
        return .failure(error)
    }
}

/// Whether the numbers are the same; NaN is NaN, and a negative zero is zero.
func same(_ left: [Double], _ right: [Double]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}
