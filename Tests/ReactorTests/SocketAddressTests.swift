import Reactor
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8443", "127.0.0.1", UInt16(8443)), ("[::1]:0", "::1", 0), (":443", "127.0.0.1", 443),
        ("9000", "127.0.0.1", 9000), ("leads.example:1", "leads.example", 1),
    ])
    func `host and port are split`(_ text: String, _ host: String, _ port: UInt16) throws {
        let parts = try SocketAddress.split(text)
        #expect(parts.host == host && parts.port == port)
    }

    @Test(arguments: ["127.0.0.1:", "127.0.0.1:65536", "::1:80", "[::1]80", "host:+80", "host:8 0", ""])
    func `a mistake is named`(_ text: String) {
        #expect(throws: AddressError.self) { try SocketAddress.split(text) }
    }

    @Test func `addresses are written as they are read`() throws {
        #expect(try SocketAddress.resolve("127.0.0.1:8443").map(\.description) == ["127.0.0.1:8443"])
        #expect(try SocketAddress.resolve("[::1]:8443").map(\.description) == ["[::1]:8443"])
        #expect(try SocketAddress.resolve("[::1]:8443")[0].isLoopback)
    }
}
