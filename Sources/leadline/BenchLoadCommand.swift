internal import ArgumentParser
internal import LoadGenerator

/// Sends requests to a server at a rate, and tells how long answers take.
struct BenchLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a server with requests, and measure how it answers.",
        discussion: """
            With --rate requests are sent at times that are settled beforehand, whether or not answers come (an open loop), \
            and an answer's latency counts from the time its request was to be sent: a server that stalls cannot hide it. \
            With --concurrency so many requests are always on their way (a closed loop): for finding what a server does at \
            most, not for latencies.

            LEADS is a file as for leadline score; without one, leads are made up from the model's schema. Messages are \
            encoded beforehand.

            Leaves with 1 if the server cannot be reached, if no request was well answered, or if --slo is missed; with \
            --find-rate, if no rate holds. Ctrl-C ends early and tells what was measured.

            Examples:
              leadline bench load --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                --rate 2000 --duration 30 --slo p99=2ms
              leadline bench load --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                leads.csv --rate 500 --arrivals poisson --mix 64:90%,5000:10% \\
                --json a.json --html a.html
              leadline bench load --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                --concurrency 32 --connections 4
              leadline bench load --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                --find-rate --slo p99=2ms --batch 64
              leadline bench load --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                --cert release.pem --key release.key --rate 500 \\
                --admin https://127.0.0.1:8444 --reload-every 5
              leadline bench compare a.json b.json
            """
    )

    @Argument(help: ArgumentHelp("Leads to send; made up when not given.", valueName: "leads"))
    var leads: String?

    @Option(help: ArgumentHelp("The server, for example https://127.0.0.1:8443.", valueName: "url"))
    var server: String

    @OptionGroup(title: "Server")
    var access: ServerAccess

    @Option(parsing: .unconditional, help: ArgumentHelp("Requests a second, in an open loop.", valueName: "n"))
    var rate: Double?

    @Option(help: "How requests follow each other: constant, or poisson as independent callers do.")
    var arrivals = ArrivalsChoice(pattern: .constant)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Requests always on their way, in a closed loop.", valueName: "n")
    )
    var concurrency: Int?

    @Flag(help: "Search the largest rate at which --slo holds, beginning with --rate (1000).")
    var findRate = false

    @Option(
        help: ArgumentHelp(
            "What latencies are to be, such as p99=2ms or p50=500us,max=50ms.",
            valueName: "goal"
        )
    )
    var slo: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Leads in a request (default: 64).", valueName: "n"))
    var batch: Int?

    @Option(
        help: ArgumentHelp(
            "Requests of several sizes instead, with their shares, such as 64:90%,5000:10%.",
            valueName: "mix"
        )
    )
    var mix: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Connections (default: one a thread).", valueName: "n")
    )
    var connections: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Threads that send.", valueName: "n"))
    var threads = 1

    @Option(help: ArgumentHelp("Send so long before anything is counted, in seconds or as 500ms.", valueName: "time"))
    var warmup = "2"

    @Option(help: ArgumentHelp("Measure so long, in seconds or as 2m.", valueName: "time"))
    var duration = "10"

    @Option(
        help: ArgumentHelp(
            "Answers are of use for so long, such as 50ms; the server is told, later ones are not counted as good.",
            valueName: "time"
        )
    )
    var deadline: String?

    @Option(help: ArgumentHelp("Wait for an answer so long.", valueName: "time"))
    var timeout = "10s"

    @Option(parsing: .unconditional, help: ArgumentHelp("Settles arrivals, mix and made-up leads.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Publish the two newest versions of the model in turn, so often in seconds; takes --admin.",
            valueName: "time"
        )
    )
    var reloadEvery: String?

    @Option(
        help: ArgumentHelp(
            "The server's admin listener over TLS, for example https://127.0.0.1:8444.",
            valueName: "url"
        )
    )
    var admin: String?

    @Flag(help: "Decode each answer to its last row, not its head alone.")
    var verify = false

    @Flag(help: "Tell each second on standard error how it goes (otherwise only if that is a terminal).")
    var progress = false

    @Option(help: ArgumentHelp("Write the report as JSON, for leadline bench compare.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write the report as a page with charts.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("Write the latencies in HdrHistogram's text form.", valueName: "file"))
    var hgrm: String?

    private static let batchDefault = 64
    private static let connectionsMax = 4_096
    private static let threadsMax = 256
    private static let inFlightMax = 1_000_000

    func validate() throws {
        if let rate, !(rate >= 0.1 && rate <= 1e7) {
            throw ValidationError("--rate takes a number from 0.1 to 10000000.")
        }
        if let concurrency, !(1...Self.inFlightMax).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to \(Self.inFlightMax).")
        }
        guard findRate || (rate == nil) != (concurrency == nil) else {
            throw ValidationError(
                "give --rate N for an open loop, or --concurrency N for a closed one, and not both; or --find-rate."
            )
        }
        if findRate, concurrency != nil {
            throw ValidationError("--find-rate is an open loop: leave out --concurrency.")
        }
        if findRate, slo == nil { throw ValidationError("--find-rate needs --slo: what shall hold, such as p99=2ms?") }
        guard batch == nil || mix == nil else { throw ValidationError("give --batch or --mix, not both.") }
        if let batch, batch < 1 { throw ValidationError("--batch must be at least 1.") }
        guard (1...Self.threadsMax).contains(threads) else {
            throw ValidationError("--threads takes a number from 1 to \(Self.threadsMax).")
        }
        guard (threads...Self.connectionsMax).contains(connectionCount) else {
            throw ValidationError(
                "--connections takes a number from \(threads) (one for each thread) to \(Self.connectionsMax)."
            )
        }
        if let concurrency, concurrency < threads {
            throw ValidationError("--concurrency \(concurrency) does not give each of \(threads) --threads a request.")
        }
        _ = try (seconds("--warmup", warmup, least: 0), seconds("--duration", duration, least: 0.1))
        _ = try (deadlineNanoseconds(), timeoutNanoseconds(), reloadSeconds())
        guard (reloadEvery == nil) == (admin == nil) else {
            throw ValidationError("--reload-every and --admin belong together.")
        }
        do {
            _ = try (batches(), goal())
        } catch let error as LoadError {
            throw ValidationError("\(mix == nil ? "--slo" : "--mix or --slo"): \(error)")
        }
    }

    /// Which batches, and how often each.
    func batches() throws -> BatchMix {
        try mix.map(BatchMix.init(parsing:)) ?? BatchMix(rows: batch ?? Self.batchDefault)
    }

    func goal() throws -> LatencyGoal? { try slo.map(LatencyGoal.init(parsing:)) }

    var connectionCount: Int { connections ?? threads }

    func seconds(_ option: String, _ text: String, least: Double) throws -> Double {
        guard let time = nanoseconds(text, unit: "s").map({ Double($0) / 1e9 }), time >= least, time <= 86_400 else {
            throw ValidationError("\(option) takes from \(least) to 86400 seconds, or a time such as 500ms or 2m.")
        }
        return time
    }

    func reloadSeconds() throws -> Double? { try reloadEvery.map { try seconds("--reload-every", $0, least: 0.1) } }

    func deadlineNanoseconds() throws -> UInt64? {
        guard let deadline else { return nil }
        guard let time = nanoseconds(deadline), (1_000...4_000_000_000_000).contains(time) else {
            throw ValidationError("--deadline takes a time with its unit, such as 50ms, up to 4000s.")
        }
        return time
    }

    func timeoutNanoseconds() throws -> UInt64 {
        guard let time = nanoseconds(timeout), (1_000_000...3_600_000_000_000).contains(time) else {
            throw ValidationError("--timeout takes a time with its unit, such as 10s, from 1ms to 1h.")
        }
        return time
    }

    func run() throws {
        for path in [json, html, hgrm].compactMap(\.self) { try checkWritable(path) }
        // Before other threads start, which inherit what it blocks.
        try LoadTest(self, interruption: LoadInterruption()).run()
    }
}

/// A pattern of arrivals that is asked for by name.
struct ArrivalsChoice: ExpressibleByArgument {
    let pattern: ArrivalPattern

    init(pattern: ArrivalPattern) { self.pattern = pattern }

    init?(argument: String) {
        guard let pattern = ArrivalPattern(rawValue: argument) else { return nil }
        self.pattern = pattern
    }

    var defaultValueDescription: String { pattern.rawValue }

    static var allValueStrings: [String] { ArrivalPattern.allCases.map(\.rawValue) }
}
