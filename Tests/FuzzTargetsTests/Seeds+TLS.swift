import FuzzTargets
import TLSTransport

/// A ClientHello of TLS 1.3 or 1.2, written by hand.
private struct Hello {
    var version: UInt16 = 0x0303
    var suites: [UInt16] = [0x1301, 0x1302, 0xC02B]
    var protocols = ["h2"]
    var versions: [UInt16] = [0x0304, 0x0303]
    var hasKeyShare = true
    var extra: [UInt8] = []

    private static func sized(_ bytes: [UInt8], in width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    private static func field(_ number: UInt16, _ content: [UInt8]) -> [UInt8] {
        word(number) + sized(content, in: 2)
    }

    /// The record that carries it.
    var record: [UInt8] {
        let name = Self.sized([0] + Self.sized(Array("localhost".utf8), in: 2), in: 2)
        var fields = Self.field(0, name)
        fields += Self.field(10, Self.sized([0, 23, 0, 29], in: 2))
        fields += Self.field(13, Self.sized([4, 3, 8, 4, 4, 1], in: 2))
        fields += Self.field(16, Self.sized(protocols.flatMap { Self.sized(Array($0.utf8), in: 1) }, in: 2))
        if !versions.isEmpty { fields += Self.field(43, Self.sized(versions.flatMap(Self.word), in: 1)) }
        // A point of X25519: any 32 bytes are one.
        let share = Self.word(29) + Self.sized([UInt8](1...32), in: 2)
        fields += Self.field(51, Self.sized(hasKeyShare ? share : [], in: 2)) + extra
        var body = Self.word(version) + [UInt8](repeating: 7, count: 32) + Self.sized([], in: 1)
        body += Self.sized(suites.flatMap(Self.word), in: 2) + [1, 0] + Self.sized(fields, in: 2)
        return [22, 3, 1] + Self.sized([1] + Self.sized(body, in: 3), in: 2)
    }
}

extension Seed {
    /// Settings (1: asks for a certificate, 2: edits, 4: TLS 1.2, 8: with a certificate, 16: closes), steps of a byte.
    private static func tls(_ name: String, _ settings: UInt8, steps: [UInt8] = [], _ conversation: [UInt8]) -> Seed {
        Seed(target: .tls, name: name + ".bin", bytes: [settings, UInt8(steps.count)] + steps + conversation)
    }

    static func tls() -> [Seed] {
        let hello = Hello().record
        var seeds = [
            tls("hello", 0, hello),
            tls("hello-bytewise", 0, steps: [1], hello),
            tls("hello-asked", 1, hello),
            tls("hello-old", 0, Hello(versions: [], hasKeyShare: false).record),
            tls("hello-retry", 0, Hello(hasKeyShare: false).record),
            tls("hello-twice", 0, Hello(hasKeyShare: false).record + [20, 3, 3, 0, 1, 1] + hello),
            tls("hello-http1", 0, Hello(protocols: ["http/1.1"]).record),
            tls("hello-no-protocol", 0, Hello(protocols: []).record),
            tls("hello-many-protocols", 0, Hello(protocols: ["ftp", "h2c", "h2", "x"]).record),
            tls("hello-weak", 0, Hello(suites: [0x002F, 0x0005], versions: []).record),
            tls("hello-ancient", 0, Hello(version: 0x0301, versions: []).record),
            tls(
                "hello-early-data",
                0,
                Hello(extra: [0, 42, 0, 0, 0, 45, 0, 2, 1, 1]).record + [23, 3, 3, 0, 4, 1, 2, 3, 4]
            ),
            tls(
                "hello-in-records",
                0,
                [22, 3, 1, 0, 2] + hello[5..<7] + [22, 3, 1, 0, UInt8(hello.count - 7)] + hello[7...]
            ),
            tls("announced", 0, [22, 3, 1, 0, 4, 1, 1, 0xFF, 0xFF]),
            tls("alert", 0, [21, 3, 1, 0, 2, 1, 0]),
            tls("http", 0, Array("GET / HTTP/1.1\r\n\r\n".utf8)),
        ]
        // A real client; then what it says with one change of four bytes: flight and kind, place, value.
        for (name, settings) in [("new", 2), ("old", 6), ("certified", 11), ("old-certified", 15)] as [(String, UInt8)]
        {
            seeds.append(tls("client-\(name)", settings | 16, []))
            seeds.append(tls("client-\(name)-pieces", settings, steps: [200, 66, 7, 77], []))
            seeds.append(tls("client-\(name)-changed-finish", settings, [1, 20, 0, 1]))
            seeds.append(tls("client-\(name)-repeated", settings, [2 | 24, 0, 0, 0]))
            seeds.append(tls("client-\(name)-cut", settings, [2 | 16, 30, 0, 0]))
            seeds.append(tls("client-\(name)-junk", settings, [3 | 20, 0, 0, 0, 23, 3, 3, 0, 4, 1, 2, 3, 4]))
            seeds.append(tls("client-\(name)-alert", settings, [2 | 20, 0, 0, 0, 21, 3, 3, 0, 2, 1, 0]))
        }
        return seeds
    }

    /// Keys that were made for this and protect nothing, valid for a hundred years.
    static func pem() throws -> [Seed] {
        let seconds = 100 * 365 * 86_400
        let authority = try IssuedCertificate(
            commonName: "Fuzzers' authority",
            purpose: .authority,
            startsInSeconds: -3_600,
            endsInSeconds: seconds
        )
        let server = try IssuedCertificate(
            commonName: "Fuzzers' server",
            purpose: .server,
            alternativeNames: ["DNS:localhost", "IP:127.0.0.1", "URI:spiffe://a/b"],
            startsInSeconds: -3_600,
            endsInSeconds: seconds,
            issuer: authority
        )
        let late = try IssuedCertificate(
            commonName: "Late",
            purpose: .server,
            startsInSeconds: -7_200,
            endsInSeconds: -3_600,
            issuer: authority
        )
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let (root, chain, key) = (text(authority.certificatePEM), text(server.certificatePEM), text(server.keyPEM))
        let files = [
            "authority": root,
            "certificate": chain,
            "key": key,
            "all": chain + root + key,
            "key-first": "# a comment\n" + key + chain,
            "other-key": chain + text(late.keyPEM),
            "late": text(late.certificatePEM + late.keyPEM),
            "windows-lines": (chain + key).replacing("\n", with: "\r\n"),
            "cut": String((chain + key).dropLast(90)),
            "two-authorities": root + chain + root,
            "passphrase": key.replacing("PRIVATE KEY-----\nM", with: "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"),
            "encrypted": key.replacing("PRIVATE KEY", with: "ENCRYPTED PRIVATE KEY"),
            "other-label": chain.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE") + key,
            "not-pem": "certificate: none\n",
        ]
        return files.sorted { $0.key < $1.key }.map {
            Seed(target: .pem, name: $0.key + ".pem", bytes: Array($0.value.utf8), isReproducible: false)
        }
    }
}
