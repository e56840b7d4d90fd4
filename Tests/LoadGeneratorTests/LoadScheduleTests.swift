import ByteKit
import LeadTypes
import LeadWire
import LoadGenerator
import Testing

@Suite("What a load test sends, and when")
struct LoadScheduleTests {
    @Test("constant arrivals are at equal distances, and threads deal them out")
    func constant() {
        var whole = ArrivalSchedule(.constant, rate: 3_000, seed: 1)
        var parts = (0..<4).map { ArrivalSchedule(.constant, rate: 3_000, seed: 1, part: $0, of: 4) }
        for index in 0..<10_000 {
            let time = whole.next()
            #expect(abs(Double(time) - Double(index) / 3_000 * 1e9) < 2)
            let dealt = parts[index % 4].next()
            #expect(abs(Double(dealt) - Double(time)) <= 1)
        }
    }

    @Test(
        "distances of Poisson arrivals have the mean, variance and tail of the exponential",
        arguments: [1, 2, 77] as [UInt64]
    )
    func poisson(seed: UInt64) {
        let rate = 2_000.0
        var schedule = ArrivalSchedule(.poisson, rate: rate, seed: seed)
        var distances: [Double] = []
        var last: UInt64 = 0
        for _ in 0..<200_000 {
            let time = schedule.next()
            distances.append(Double(time - last))
            last = time
        }
        let mean = distances.reduce(0, +) / Double(distances.count)
        let variance = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(distances.count)
        let wanted = 1e9 / rate
        // Five standard errors: of the mean 1/447 of it, of the variance 2.8 times as much.
        #expect(abs(mean - wanted) < 0.012 * wanted, "seed \(seed): mean \(mean)")
        #expect(abs(variance - wanted * wanted) < 0.035 * wanted * wanted, "seed \(seed): variance \(variance)")
        let long = Double(distances.count { $0 > 3 * wanted }) / Double(distances.count)
        #expect(abs(long - 0.0498) < 0.0025, "seed \(seed): \(long) are longer than three means")
    }

    @Test("a seed settles Poisson arrivals; another seed and another thread have others")
    func seeds() {
        func times(_ seed: UInt64, part: Int = 0) -> [UInt64] {
            var schedule = ArrivalSchedule(.poisson, rate: 100, seed: seed, part: part, of: 2)
            return (0..<50).map { _ in schedule.next() }
        }
        #expect(times(5) == times(5))
        #expect(times(5) != times(6))
        #expect(times(5, part: 0) != times(5, part: 1))
    }

    @Test("a mix is read, told again, and has a mean")
    func mix() throws {
        let mix = try BatchMix(parsing: "64:90%,5000:10%")
        #expect(mix.parts.map(\.rows) == [64, 5_000] && mix.parts.map(\.percent) == [90, 10])
        #expect(mix.description == "64:90%,5000:10%" && abs(mix.rowsMean - 557.6) < 1e-9)
        #expect(try BatchMix(parsing: BatchMix(rows: 7).description) == BatchMix(rows: 7))
        #expect(try BatchMix(parsing: "1:33.3%,2:33.3%,3:33.4%").parts.count == 3)
    }

    @Test(
        "what is no mix is refused, with the part that is wrong",
        arguments: [
            ("", "''"), ("64", "'64'"), ("64:90", "'64:90'"), ("64:90%,", "''"), ("0:100%", "'0:100%'"),
            ("-5:100%", "'-5:100%'"), ("64:-1%", "'64:-1%'"), ("64:nan%", "'64:nan%'"), ("64:90%,64:10%", "twice"),
            ("64:90%,5000:20%", "110 %"), ("64:99.9%", "99.9 %"), ("64:50%:1", "'64:50%:1'"),
        ]
    )
    func noMix(text: String, word: String) {
        let error = #expect(throws: LoadError.self) { try BatchMix(parsing: text) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test("goals are read, and told where they are missed")
    func goal() throws {
        let goal = try LatencyGoal(parsing: "p50=500us,p99.9=2ms,max=1s")
        #expect(goal.bounds.map(\.percent) == [50, 99.9, 100])
        #expect(goal.bounds.map(\.nanoseconds) == [500_000, 2_000_000, 1_000_000_000])
        var latency = LatencyHistogram()
        for _ in 0..<998 { latency.record(400_000) }
        for _ in 0..<2 { latency.record(3_000_000) }
        #expect(goal.missed(by: latency).map(\.text) == ["p99.9=2ms"])
        for text in [
            "", "p99", "99=2ms", "p0=2ms", "p101=2ms", "p99=2", "p99=0ms", "p99=-2ms", "p99=2ms,", "p99=2 days",
        ] {
            #expect(throws: LoadError.self, "\(text)") { try LatencyGoal(parsing: text) }
        }
    }

    @Test("times have units")
    func times() {
        #expect(nanoseconds("250us") == 250_000 && nanoseconds("1.5s") == 1_500_000_000)
        #expect(nanoseconds("2m", unit: "s") == 120_000_000_000 && nanoseconds("2", unit: "s") == 2_000_000_000)
        for text in ["", "2", "ms", "2 ms", "1e3ms", "2.2.2s", "-1s", "99999999999h"] {
            #expect(nanoseconds(text) == nil)
        }
    }

    @Test("made-up leads are the same for a seed, and fit every kind of column")
    func madeUp() throws {
        let schema = LeadSchema(columns: [
            LeadColumn(name: "visits", kind: .number), LeadColumn(name: "asked", kind: .boolean),
            LeadColumn(name: "source", kind: .category, levels: ["web", "fair", "call"]),
            LeadColumn(name: "city", kind: .category), LeadColumn(name: "created", kind: .date),
        ])
        func make(_ seed: UInt64) -> MadeUpLeads { MadeUpLeads(schema, count: 2_000, asOfDays: 20_000, seed: seed) }
        func bits(_ leads: MadeUpLeads) -> [[UInt64]] { leads.columns.map { $0.map(\.bitPattern) } }
        #expect(bits(make(1)) == bits(make(1)) && bits(make(1)) != bits(make(2)))
        let columns = make(1).columns
        #expect(columns.count == 5 && columns.allSatisfy { $0.count == 2_000 })
        for column in columns {
            let missing = column.count { $0.isNaN }
            #expect((50...150).contains(missing))
        }
        #expect(columns[1].allSatisfy { $0.isNaN || $0 == 0 || $0 == 1 })
        #expect(Set(columns[2].filter { !$0.isNaN }) == [0, 1, 2])
        #expect(columns[4].allSatisfy { $0.isNaN || (19_600...20_000).contains($0) })

        let leads = LoadLeads(
            columns: columns,
            count: 2_000,
            model: "leads",
            fingerprint: schema.fingerprint,
            asOfDays: 20_000,
            deadlineMicroseconds: 5_000
        )
        let messages = try leads.messages(for: BatchMix(parsing: "64:50%,1500:25%,3000:25%"))
        #expect(messages.map(\.count) == [16, 1, 1])
        for (rows, part) in zip([64, 1_500, 3_000], messages) {
            for message in part {
                var request = ScoreRequest()
                try request.decode(message.bytes.rawBytes)
                #expect(request.rows == rows && request.fingerprint == schema.fingerprint)
                #expect(request.deadlineMicroseconds == 5_000 && request.requestID == LoadMessage.requestID)
            }
        }
        #expect(messages[0][0].bytes != messages[0][1].bytes)
    }
}
