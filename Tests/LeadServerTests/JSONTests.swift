import ByteKit
import LeadServer
import LeadTypes
import LeadWire
import Testing

@Suite("JSON at the door")
struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test("values are read as the standard says")
    func reads() throws {
        let value = try parse(
            #" {"a": [1, -0.5, 2e3, 0], "b\u00e9": "x\n\"\u20ac\ud83d\ude00", "c": {}, "d": [null, true, false]} "#
        )
        #expect(value["a"] == .array([.number(1), .number(-0.5), .number(2_000), .number(0)]))
        #expect(value["bé"] == .string("x\n\"€😀"))
        #expect(value["c"] == .object([]))
        #expect(value["d"] == .array([.null, .bool(true), .bool(false)]))
        #expect(value["e"] == nil)
    }

    @Test(
        "what is not JSON is refused with its place",
        arguments: [
            ("", 0), ("{", 1), ("[1,]", 3), ("01", 1), ("1.", 2), (".5", 0), ("+1", 0), ("NaN", 0), ("[1 2]", 3),
            ("\"a", 2), ("\"\\x\"", 3), ("\"\\ud800\"", 7), ("tru", 3), ("1e999", 0), ("{\"a\":1,\"a\":2}", 7),
            ("{a:1}", 1), ("1 1", 2), ("\"\u{1}\"", 1), ("-", 1), ("1e", 2), ("{\"a\" 1}", 5),
        ]
    )
    func refuses(text: String, offset: Int) {
        #expect { try parse(text) } throws: { error in
            (error as? JSONValue.SyntaxError)?.byteOffset == offset
        }
    }

    @Test(
        "objects beside each other are read as if each were alone",
        arguments: [
            (#"[{"a":1,"b":2},{"a":3,"b":4},{"a":5},{"a":6,"c":7,"b":8},{},{"b":9}]"#, nil),
            (#"[{"a":1,"b":2},{"a":1,"a":2}]"#, 22), (#"[{"a":1,"b":2},{"b":1,"b":2}]"#, 22),
            (#"[{"a":1,"b":2},{"a":1,"b":2,"a":3}]"#, 28), (#"[{"a\"b":1},{"a"b":1}]"#, 16),
            (#"[{"a\"b":1},{"a\"b":2}]"#, nil), (#"[{"a\\":1},{"a\\":2}]"#, nil), (#"[{"":1},{"":2}]"#, nil),
            (#"[{"a":{"b":1}},{"a":{"b":1,"b":2}}]"#, 27), (#"[{"é":1},{"é":2}]"#, nil),
        ]
    )
    func siblings(text: String, offset: Int?) throws {
        var expected: [JSONValue] = []
        for part in text.dropFirst().dropLast().replacing("},{", with: "}|{").split(separator: "|") where offset == nil
        {
            expected.append(try parse(String(part)))
        }
        if let offset {
            #expect { try parse(text) } throws: { ($0 as? JSONValue.SyntaxError)?.byteOffset == offset }
        } else {
            #expect(try parse(text) == .array(expected))
        }
    }

    @Test("many names that stand twice are found, whatever came before")
    func manyNames() throws {
        let names = (0..<40).map { "\"n\($0)\":\($0)" }
        let object = "{\(names.joined(separator: ","))}"
        let reversed = "{\(names.reversed().joined(separator: ","))}"
        #expect(
            try parse("[\(object),\(object),\(reversed)]") == .array([parse(object), parse(object), parse(reversed)])
        )
        for place in [3, 15, 16, 17, 39] {
            let twice = "{\((names[..<place] + [names[place / 2]]).joined(separator: ","))}"
            #expect(throws: JSONValue.SyntaxError.self) { try parse(twice) }
            #expect(throws: JSONValue.SyntaxError.self) { try parse("[\(object),\(twice)]") }
        }
    }

    @Test("a text read a piece at a time is the same value, or the same mistake at the same place")
    func pieces() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        let text = Array(
            #"{"a": [1, -0.5e3, {"b": null, "c": "x\u00e9"}, {"b": true, "c": ""}, [], {}], "é": {"a": 0}} "#.utf8
        )
        for turn in 0..<3_000 {
            var bytes = text
            // The first is left as it is.
            for _ in 0..<min(turn, 2) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(text[Int(random.next() % UInt64(text.count))], at: place)
                }
            }
            let piece = Int(random.next() % 20)
            #expect(read(bytes, piece) == read(bytes, .max), "seed \(seed), turn \(turn)")
        }
    }

    private func read(_ bytes: [UInt8], _ piece: Int) -> Result<JSONValue, JSONValue.SyntaxError> {
        do throws(JSONValue.SyntaxError) {
            var parser = JSONParser(bytes)
            while try !parser.advance(piece) {}
            return .success(parser.value ?? .null)
        } catch {
            return .failure(error)
        }
    }

    @Test("numbers are rounded as the language rounds them")
    func numbers() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        for _ in 0..<20_000 {
            let digits = String(random.next() >> (random.next() % 64))
            let point = Int(random.next() % UInt64(digits.count)) + 1
            var text = random.next() & 1 == 0 ? "-" : ""
            text += digits.prefix(point)
            if point < digits.count { text += ".\(digits.dropFirst(point))" }
            if random.next() & 1 == 0 { text += "e\(Int(random.next() % 80) - 40)" }
            guard case .number(let number) = try parse(text) else { return }
            #expect(number.bitPattern == Double(text)?.bitPattern, "\(text), seed \(seed)")
        }
        for text in [
            "-0", "0.000", "9007199254740992", "9007199254740993", "1e22", "1e23", "1e-22", "123456789012345678e-4",
        ] {
            #expect(try parse(text) == .number(Double(text) ?? .nan), "\(text)")
        }
        #expect(try parse("-0") == .number(-0.0) && 1 / -0.0 == -Double.infinity)
    }

    @Test("a text nested without end is refused, not followed")
    func depthIsBounded() {
        #expect(throws: JSONValue.SyntaxError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func encodingIsChecked() {
        #expect(throws: JSONValue.SyntaxError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test("what is written reads back")
    func writes() throws {
        var writer = JSONWriter()
        writer.object {
            $0.name("a\"\n\u{1}")
            $0.array {
                $0.value(1.5)
                $0.value(Float(0.1))
                $0.value(Double.nan)
                $0.value(7)
                $0.value(true)
            }
            $0.name("b")
            $0.object { _ in }
            $0.name("c")
            $0.null()
        }
        let expected = #"{"a\"\n\u0001":[1.5,0.1,null,7,true],"b":{},"c":null}"#
        #expect(writer.text == expected)
        #expect(try parse(writer.text)["b"] == .object([]))
    }

    @Test(
        "instants are days since 1970",
        arguments: [
            ("1970-01-01", 0.0), ("2026-01-31", 20_484.0), ("2024-02-29T12:00", 19_782.5), ("1969-12-31", -1.0),
            ("2026-01-31T06:00:00Z", 20_484.25), ("2026-01-31 01:00:00+01:00", 20_484.0),
            ("2026-01-30T23:00:00-0100", 20_484.0), ("0001-01-01", -719_162.0),
            ("2000-03-01T00:00:00.5", 11_017.0 + 0.5 / 86_400),
        ]
    )
    func instants(text: String, days: Double) {
        #expect(InstantText.days(text) == days)
    }

    @Test(
        "what is no instant is none",
        arguments: [
            "", "2026", "2026-13-01", "2026-02-29", "2026-01-31T", "2026-01-31T24:00", "31.01.2026", "2026-01-31x",
        ]
    )
    func noInstants(text: String) {
        #expect(InstantText.days(text) == nil)
    }
}

@Suite("A JSON score request")
struct JSONScoreRequestTests {
    private let schema = LeadSchema(columns: [
        LeadColumn(name: "visits", kind: .number),
        LeadColumn(name: "opted", kind: .boolean),
        LeadColumn(name: "source", kind: .category, levels: ["ads", "web"]),
        LeadColumn(name: "created", kind: .date),
    ])

    private func message(_ text: String) throws -> [UInt8] {
        try JSONScoreRequest(parsing: Array(text.utf8)).message(for: schema, limits: WireLimits(rowsMax: 3))
    }

    @Test("leads and columns give the same message, and a missing member is a missing value")
    func bothFormsAgree() throws {
        let rows = try message(
            #"{"model":"m","leads":[{"visits":3,"opted":true,"source":"web","created":"1970-01-02"},{"opted":null}]}"#
        )
        let columns = try message(
            #"{"model":"m","columns":{"visits":[3,null],"opted":[1,null],"created":[1,null],"source":["web",null]}}"#
        )
        #expect(rows == columns)

        var encoder = try ScoreRequestEncoder(
            requestID: 0,
            model: "m",
            fingerprint: schema.fingerprint,
            rows: 2,
            columnCount: 4
        )
        encoder.add([3, .nan])
        encoder.add([1, .nan])
        try encoder.add(strings: ["web", nil])
        encoder.add([1, .nan])
        #expect(try encoder.finish() == rows)
    }

    @Test(
        "a mistake is named",
        arguments: [
            ("[]", 400, "bad-request", "a list"),
            ("{", 400, "bad-json", "byte 1"),
            (#"{"leads":[{"visitz":1}]}"#, 400, "unknown-column", "visitz"),
            (#"{"leads":[{"visits":"x"}]}"#, 400, "bad-value", "visits"),
            (#"{"leads":[{"opted":2}]}"#, 400, "bad-value", "opted"),
            (#"{"leads":[{"source":1}]}"#, 400, "bad-value", "source"),
            (#"{"leads":[{"created":"soon"}]}"#, 400, "bad-value", "soon"),
            (#"{"leads":[]}"#, 400, "empty-batch", "no leads"),
            (#"{"leads":[{},{},{},{}]}"#, 413, "too-many-rows", "4 leads"),
            (#"{"leads":[1]}"#, 400, "bad-request", "lead 0"),
            (#"{"columns":{"visits":[1],"opted":[1,0]}}"#, 400, "bad-request", "opted"),
            (#"{"columns":{}}"#, 400, "empty-batch", "no leads"),
            (#"{"model":1,"leads":[{}]}"#, 400, "bad-request", "model"),
            (#"{"lead":[{}]}"#, 400, "bad-request", "lead"),
            (#"{"model":"m"}"#, 400, "bad-request", "missing"),
            (#"{"leads":[{}],"fingerprint":"0123"}"#, 409, "schema-mismatch", "0123"),
            (#"{"leads":[{}],"deadlineMicroseconds":-1}"#, 400, "bad-value", "deadlineMicroseconds"),
        ]
    )
    func mistakes(text: String, status: Int, code: String, word: String) {
        #expect { try message(text) } throws: { error in
            let failure = try #require(error as? JSONFailure)
            #expect(failure.status == status && failure.code == code && failure.message.contains(word), "\(failure)")
            return true
        }
    }

    /// Put into a normal form, as strings are to be hashed or compared, such a text would take minutes.
    @Test(
        "letters of a hundred thousand accents cost no more than others",
        arguments: [
            #"{"leads":[{"E":1,"E":2}]}"#, #"{"leads":[{"E":1}]}"#, #"{"leads":[{"source":"E"},{"source":"E"}]}"#,
            #"{"columns":{"source":["E","web","E"]}}"#, #"{"E":1}"#, #"{"model":"E","leads":[{}]}"#,
            #"{"version":"E","leads":[{}]}"#, #"{"fingerprint":"E","leads":[{}]}"#, #"{"asOf":"E","leads":[{}]}"#,
            #"{"leads":[{"created":"E"}]}"#, #"{"leads":[{"opted":"E"}]}"#, #"{"modelE":"x","leads":[{}]}"#,
        ]
    )
    func accents(text: String) {
        let letter =
            "e" + String(repeating: "\u{301}", count: 50_000) + String(repeating: "\u{316}", count: 50_000)
        let body = text.replacing("E", with: letter)
        let duration = ContinuousClock().measure {
            do {
                _ = try message(body)
            } catch {
                #expect(((error as? JSONFailure)?.response.body.count ?? .max) < 4_000)
            }
        }
        #expect(duration < .seconds(5))
    }

    @Test("a path or a media type of accents is refused at once")
    func accentsInHead() {
        let accents = String(repeating: "\u{301}", count: 50_000) + String(repeating: "\u{316}", count: 50_000)
        let duration = ContinuousClock().measure {
            for (path, type) in [("/v1/score" + accents, "a"), ("/v1/score", "application/json" + accents)] {
                guard case .refused = Route.choose(method: "POST", target: path, contentType: type) else {
                    Issue.record("taken: \(path.utf8.count) bytes, \(type.utf8.count) bytes")
                    return
                }
            }
        }
        #expect(duration < .seconds(5))
    }
}
