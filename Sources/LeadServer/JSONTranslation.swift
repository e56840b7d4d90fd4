internal import ByteKit
internal import LeadScoring
internal import LeadTypes
internal import LeadWire
internal import Reactor
internal import SnapshotExchange

/// A JSON body on its way to the message that means the same, a slice of time at a time.
///
/// What is between the two takes many times the body's memory, so a worker has one of these at a time.
struct JSONTranslation: ~Copyable {
    /// Bytes read, or values placed, between two looks at the clock: some 50 µs.
    private static let bytesAtOnce = 8 << 10
    private static let valuesAtOnce = 512

    private var parser: JSONParser
    private var table: JSONTable?
    /// The model whose schema the message is for, and the epoch of its snapshot.
    private(set) var model: LeadModel?
    private(set) var epoch: UInt64 = 0

    init(_ body: [UInt8]) { parser = JSONParser(body) }

    /// Goes on until it is done or the slice is over.
    ///
    /// - Parameters:
    ///   - sliceEnd: When to come back; something is done before.
    ///   - publication: The turn's; the first one after the body is read says which model it is.
    ///   - limits: What is accepted.
    /// - Returns: The message, once it is whole.
    /// - Throws: What is wrong with the body.
    mutating func advance(
        until sliceEnd: UInt64,
        _ publication: Publication<ModelDirectory>,
        limits: ServerLimits
    ) throws(JSONFailure) -> [UInt8]? {
        repeat {
            if table != nil {
                if let message = try table?.advance(Self.valuesAtOnce) { return message }
            } else if let value = try parsedValue() {
                let request = try JSONScoreRequest(value)
                let model = try Self.model(of: request, publication.value)
                table = try request.table(for: model.schema, limits: limits.wire, valuesMax: limits.jsonValuesMax)
                self.model = model
                epoch = publication.epoch
                // Its values are in the table.
                parser = JSONParser([])
            }
        } while MonotonicClock.now() < sliceEnd
        return nil
    }

    /// The body's value, once it is read.
    private mutating func parsedValue() throws(JSONFailure) -> JSONValue? {
        do throws(JSONValue.SyntaxError) {
            return try parser.advance(Self.bytesAtOnce) ? parser.value : nil
        } catch {
            throw JSONFailure(error)
        }
    }

    private static func model(
        of request: JSONScoreRequest,
        _ directory: ModelDirectory
    ) throws(JSONFailure) -> LeadModel {
        do throws(WireError) {
            return try directory.model(named: request.model, version: request.version)
        } catch {
            throw JSONFailure(error)
        }
    }
}
