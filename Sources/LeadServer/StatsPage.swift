internal import ByteKit
internal import LeadWire
internal import SnapshotExchange
internal import Synchronization
internal import Telemetry

/// `/v1/stats`: how the server fares, as one JSON object for people and scripts.
///
/// Its size does not grow with what it counts.
enum StatsPage {
    /// The page from the workers' blocks as they are now.
    static func response(_ state: ServerState) -> PlainResponse {
        let counts = state.telemetry.map(\.counts)
        var json = JSONWriter()
        json.object { json in
            func add(_ name: String, _ value: UInt64) {
                json.name(name)
                json.value(value)
            }
            json.name("uptimeSeconds")
            json.value(((ContinuousClock.now - state.started) / .milliseconds(1)).rounded() / 1_000)
            add("epoch", state.models.current().epoch)
            add("workers", UInt64(state.telemetry.count))
            // Read in this order, a connection that comes and goes meanwhile counts as open, never as less than none.
            let closed = counts.total(.connectionsClosed)
            let accepted = counts.total(.connectionsAccepted)
            json.name("connections")
            json.object {
                $0.name("open")
                $0.value(accepted &- min(accepted, closed))
                $0.name("accepted")
                $0.value(accepted)
                $0.name("refused")
                $0.value(
                    counts.total(.refusedTotal) &+ counts.total(.refusedAddress) &+ counts.total(.refusedIdentity)
                )
            }
            add("requests", counts.total(.messages))
            add("jsonRequests", counts.total(.jsonRequests))
            add("rows", counts.total(.rows))
            add("rowsLate", counts.total(.rowsLate))
            errors(state, &json)
            stages(state, &json)
            json.name("queue")
            json.object {
                $0.name("bytesInFlight")
                $0.value(counts.total(.bytesInFlight))
                $0.name("refusals")
                $0.value(counts.total(.queueRefusals))
                $0.name("slicesYielded")
                $0.value(counts.total(.slicesYielded))
            }
            json.name("residentBytes")
            if let bytes = residentBytes() { json.value(bytes) } else { json.null() }
        }
        return PlainResponse(json.text + "\n")
    }

    /// Errors by the code's name; those alone that there were.
    private static func errors(_ state: ServerState, _ json: inout JSONWriter) {
        let blocks = state.telemetry.map(\.errors)
        json.name("errors")
        json.object { json in
            func add(_ name: String, _ cell: ErrorCell) {
                let count = blocks.total(cell)
                guard count > 0 else { return }
                json.name(name)
                json.value(count)
            }
            for code in WireErrorCode.allCases { add(code.name, ErrorCell(rawValue: Int(code.rawValue))) }
            add("json", .json)
        }
    }

    /// What share of durations lies below which time; null where nothing was measured, or beyond what is.
    private static func stages(_ state: ServerState, _ json: inout JSONWriter) {
        json.name("stages")
        json.object { json in
            for stage in Stage.allCases {
                let durations = state.telemetry.map(\.stages).merged(stage)
                json.name(stage.label)
                json.object { json in
                    json.name("count")
                    json.value(durations.count)
                    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
                        json.name(name + "Microseconds")
                        if durations.count > 0, let nanoseconds = durations.quantileNanoseconds(share) {
                            json.value(Double(nanoseconds) / 1_000)
                        } else {
                            json.null()
                        }
                    }
                }
            }
        }
    }

    /// What the process holds in memory, as the kernel counts it; nil where it does not tell.
    private static func residentBytes() -> Int? {
        guard let status = try? [UInt8](contentsOfFile: "/proc/self/status") else { return nil }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return kilobytes.map { $0 << 10 }
    }
}
