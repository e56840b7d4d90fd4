internal import EnsembleKernels
internal import HTTP2Transport
internal import LeadScoring
internal import LeadWire
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport
internal import Telemetry

/// `/metrics`: everything that is counted, in Prometheus' text format.
///
/// Labels are bounded: stages, error codes, status classes, and the models in service.
enum MetricsPage {
    /// Writes the page from the workers' blocks as they are now.
    static func text(_ state: ServerState) -> String {
        var page = PrometheusText()
        let counts = state.telemetry.map(\.counts)
        func add(_ name: String, _ help: String, _ count: WorkerCount) {
            page.counter("leadline_" + name + "_total", help, counts.total(count))
        }

        page.gauge("leadline_ready", "1 when the server takes scoring requests.", ready(state) ? 1 : 0)
        page.gauge(
            "leadline_uptime_seconds",
            "Since the server started.",
            seconds(ContinuousClock.now - state.started)
        )
        page.gauge("leadline_workers", "Threads that score.", Double(state.telemetry.count))
        page.gauge(
            "leadline_workers_lost",
            "Threads that ended by a failure; the server is not ready then.",
            Double(state.workersLost.load(ordering: .relaxed))
        )

        page.gauge(
            "leadline_workers_stuck",
            "Threads whose loops have not turned for seconds.",
            Double(state.workersStuck.load(ordering: .relaxed))
        )

        add("connections_accepted", "Connections accepted.", .connectionsAccepted)
        page.counter(
            "leadline_connections_refused_total",
            "Connections closed because there were too many: in all, from the address, or with the identity.",
            [
                ([("limit", "total")], counts.total(.refusedTotal)),
                ([("limit", "address")], counts.total(.refusedAddress)),
                ([("limit", "identity")], counts.total(.refusedIdentity)),
            ]
        )
        add("connections_retired", "Connections drained after their share of requests.", .connectionsRetired)
        // Read in this order, a connection that comes and goes meanwhile is counted as open, never as less than none.
        let closed = counts.total(.connectionsClosed)
        let accepted = counts.total(.connectionsAccepted)
        page.gauge("leadline_connections_open", "Connections open now.", Double(accepted &- min(accepted, closed)))
        add("handshakes", "TLS handshakes completed.", .handshakesDone)
        add("handshakes_failed", "TLS handshakes that failed.", .handshakesFailed)
        add("handshakes_resumed", "TLS handshakes among them that continued an earlier session.", .handshakesResumed)
        add("handshakes_delayed", "Times a worker let new connections wait for their handshakes.", .handshakesDelayed)
        add("key_update_floods", "Connections ended because of their TLS key updates.", .keyUpdateFloods)
        add("accept_pauses", "Times a worker stopped accepting for want of descriptors.", .acceptPauses)
        page.counter(
            "leadline_timeouts_total",
            "Connections and streams ended for slowness, by kind.",
            [
                ([("kind", "handshake")], counts.total(.timeoutsHandshake)),
                ([("kind", "idle")], counts.total(.timeoutsIdle)),
                ([("kind", "head")], counts.total(.timeoutsHead)),
                ([("kind", "message")], counts.total(.timeoutsMessage)),
                ([("kind", "progress")], counts.total(.timeoutsProgress)),
            ]
        )
        add("streams", "HTTP/2 streams opened.", .streams)
        let violations = state.telemetry.map(\.violations)
        page.counter(
            "leadline_violations_total",
            "Connections ended because the client broke or exhausted a rule of HTTP/2, by rule.",
            ViolationCell.allCases.map { ([("rule", $0.violation.rawValue)], violations.total($0)) }
        )
        add(
            "streams_refused",
            "HTTP/2 streams refused: beyond the limit of open ones, or while the connection drains.",
            .streamsRefused
        )
        add("streams_reset", "HTTP/2 streams reset by either side.", .streamsReset)
        page.counter(
            "leadline_responses_total",
            "HTTP responses by class of status.",
            [
                ([("class", "2xx")], counts.total(.status2xx)), ([("class", "4xx")], counts.total(.status4xx)),
                ([("class", "5xx")], counts.total(.status5xx)),
            ]
        )

        add("messages", "Score requests answered with scores, JSON included.", .messages)
        add("json_requests", "JSON score requests among them.", .jsonRequests)
        page.counter("leadline_errors_total", "Score requests answered with an error, by code.", errors(state))
        page.counter(
            "leadline_denied_total",
            "Requests denied by policy: the role, the model, leads a second, or bytes under way.",
            [
                ([("what", "role")], counts.total(.deniedRole)), ([("what", "model")], counts.total(.deniedModel)),
                ([("what", "rows")], counts.total(.deniedRows)), ([("what", "bytes")], counts.total(.deniedBytes)),
            ]
        )
        add("queue_refusals", "Requests refused because too much work was waiting.", .queueRefusals)
        add("rows_scored", "Leads scored.", .rows)
        add("rows_late", "Leads not scored because the deadline had passed.", .rowsLate)
        add("bytes_read", "Bytes read from sockets.", .bytesRead)
        add("bytes_written", "Bytes written to sockets.", .bytesWritten)
        page.gauge(
            "leadline_request_bytes_in_flight",
            "Bytes of requests, of the work on them, and of answers not taken yet, in memory.",
            Double(counts.total(.bytesInFlight))
        )
        add("turns", "Turns of the workers' loops.", .turns)
        add("slices_yielded", "Times a long batch let others go first.", .slicesYielded)
        page.histogram(
            "leadline_stage_duration_seconds",
            "Time of each stage of a request's walk; total is from header to answer, turn one round of a worker's loop.",
            Stage.allCases.map { ([("stage", $0.label)], state.telemetry.map(\.stages).merged($0)) }
        )
        snapshots(state, &page)
        aliases(state, &page)
        reloads(state, &page)
        page.counter(
            "leadline_admin_actions_total",
            "What operators had done to models, by kind and by what it came to.",
            ModelAction.Kind.allCases.flatMap { kind in
                ActionCounts.Outcome.allCases.map { outcome in
                    (
                        [("action", kind.rawValue), ("outcome", outcome.rawValue)],
                        UInt64(state.actions[kind, outcome])
                    )
                }
            }
        )
        return page.text
    }

    private static func ready(_ state: ServerState) -> Bool {
        state.notReadyReason(state.models.current().value) == nil
    }

    private static func errors(_ state: ServerState) -> [(PrometheusText.Labels, UInt64)] {
        let blocks = state.telemetry.map(\.errors)
        return WireErrorCode.allCases.map { code in
            ([("code", code.name)], blocks.total(ErrorCell(rawValue: Int(code.rawValue))))
        } + [([("code", "json")], blocks.total(ErrorCell.json))]
    }

    private static func snapshots(_ state: ServerState, _ page: inout PrometheusText) {
        let figures = state.models.statistics()
        page.gauge("leadline_snapshot_epoch", "Number of the latest publication.", Double(figures.epoch))
        page.gauge(
            "leadline_snapshot_retired",
            "Replaced snapshots not freed yet.",
            Double(figures.retiredCount)
        )
        page.counter("leadline_snapshot_freed_total", "Replaced snapshots freed.", UInt64(figures.freedCount))
        page.gauge(
            "leadline_snapshot_oldest_retired_seconds",
            "Since when the oldest replaced snapshot waits; 0 when none does.",
            figures.oldestRetiredAge.map(seconds) ?? 0
        )
        page.gauge(
            "leadline_snapshot_readers_stuck",
            "Workers that hold a replaced snapshot for more than five seconds.",
            Double(figures.stuckReaders.count)
        )
        page.gauge(
            "leadline_model_info",
            "1 for each model in service.",
            state.models.current().value.models.map {
                ([("model", $0.name), ("version", $0.version), ("kernel", $0.kernel.kernel.rawValue)], 1)
            }
        )
    }

    private static func aliases(_ state: ServerState, _ page: inout PrometheusText) {
        let directory = state.models.current().value
        page.gauge(
            "leadline_model_alias_info",
            "1 for each alias of a model in service.",
            directory.aliases.map {
                ([("model", $0.name), ("alias", $0.alias), ("version", $0.model.version)], 1)
            }
        )
        page.gauge(
            "leadline_models_not_as_named",
            "Models of which an alias names a version that is not in service, or whose aliases cannot be read.",
            Double(directory.problems.count)
        )
    }

    private static func reloads(_ state: ServerState, _ page: inout PrometheusText) {
        let reloads = state.reloads
        page.counter(
            "leadline_reloads_total",
            "Loads of models and certificates, by outcome.",
            [
                ([("what", "model"), ("outcome", "ok")], UInt64(reloads.modelsLoaded.load(ordering: .relaxed))),
                ([("what", "model"), ("outcome", "failed")], UInt64(reloads.modelsFailed.load(ordering: .relaxed))),
                (
                    [("what", "certificate"), ("outcome", "ok")],
                    UInt64(reloads.certificatesLoaded.load(ordering: .relaxed))
                ),
                ([("what", "policy"), ("outcome", "ok")], UInt64(reloads.policiesLoaded.load(ordering: .relaxed))),
                ([("what", "policy"), ("outcome", "failed")], UInt64(reloads.policiesFailed.load(ordering: .relaxed))),
                (
                    [("what", "certificate"), ("outcome", "failed")],
                    UInt64(reloads.certificatesFailed.load(ordering: .relaxed))
                ),
            ]
        )
        page.gauge(
            "leadline_reload_duration_seconds",
            "How long the latest load of models took.",
            Double(reloads.lastLoadNanoseconds.load(ordering: .relaxed)) / 1e9
        )
        if let end = state.certificates.current().value.certificateEnd {
            page.gauge(
                "leadline_certificate_not_after_timestamp_seconds",
                "When the certificate in use ends, in seconds since 1970.",
                Double(end)
            )
        }
    }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}

extension MetricsPage {
    /// The page as a response.
    static func response(_ state: ServerState) -> PlainResponse {
        PlainResponse(contentType: PrometheusText.contentType, text(state))
    }
}
