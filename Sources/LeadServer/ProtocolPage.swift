internal import HTTP2Transport
internal import LeadTypes
internal import LeadWire

/// What this server speaks, as JSON, so that a client need not try.
enum ProtocolPage {
    static let path = "/v1/protocol"

    /// The page, by the limits of the server.
    static func page(_ limits: ServerLimits) -> PlainResponse {
        var json = JSONWriter()
        json.object { json in
            json.name("versions")
            json.array { $0.value("\(WireFormat.versionMajor).\(WireFormat.versionMinor)") }
            json.member("contentType", WireFormat.contentType)
            json.member("scorePath", WireFormat.scorePath)
            list("encodings", ColumnEncoding.allCases.map { ("\($0)", Int($0.rawValue)) }, &json)
            list("outputs", ScoreOutputs.names.map { ($0.name, $0.output.rawValue.trailingZeroBitCount) }, &json)
            list("flags", MessageFlags.names.map { ($0.name, $0.flag.rawValue.trailingZeroBitCount) }, &json)
            list("errors", WireErrorCode.allCases.map { ($0.name, Int($0.rawValue)) }, &json)
            json.name("limits")
            json.object { json in
                for (name, limit) in [
                    ("rowsMax", limits.wire.rowsMax), ("columnsMax", limits.wire.columnsMax),
                    ("messageBytesMax", limits.wire.messageBytesMax),
                    ("dictionaryEntriesMax", limits.wire.dictionaryEntriesMax),
                    ("jsonBytesMax", limits.jsonBytesMax), ("jsonValuesMax", limits.jsonValuesMax),
                    ("streamsMax", limits.http2.streamsMax),
                ] {
                    json.name(name)
                    json.value(limit)
                }
            }
        }
        return PlainResponse(json.text + "\n")
    }

    /// Names and their numbers: codes, or the places of bits.
    private static func list(_ name: String, _ entries: [(String, Int)], _ json: inout JSONWriter) {
        json.name(name)
        json.object { json in
            for (name, number) in entries {
                json.name(name)
                json.value(number)
            }
        }
    }
}
