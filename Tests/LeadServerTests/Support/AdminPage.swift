import ByteKit
import Glibc
import LeadServer
import Reactor
import Testing

/// What the admin listener says.
enum AdminPage {
    /// A page's head and body.
    static func read(_ path: String, of server: TestServer) throws -> String {
        try read(path, at: try #require(server.server.adminAddress))
    }

    /// The head and body of a page of any server that speaks HTTP/1.1 in the clear.
    static func read(_ path: String, at address: String) throws -> String {
        let socket = try TCPSocket.connecting(to: try SocketAddress.resolve(address)[0])
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TestClient.TimedOut() }
        try socket.finishConnecting()
        var bytes = ByteQueue()
        bytes.append(Array("GET \(path) HTTP/1.0\r\n\r\n".utf8))
        _ = try socket.write(from: &bytes)
        for _ in 0..<1_000 {
            if try socket.read(into: &bytes, atMost: 1 << 16) == .endOfStream {
                return String(decoding: bytes.copy(), as: UTF8.self)
            }
            _ = try socket.wait(for: .readable, atMostMilliseconds: 100)
        }
        throw TestClient.TimedOut()
    }

    /// The sum of a metric over its labels.
    static func metric(_ name: String, of server: TestServer) throws -> Double {
        let lines = try read("/metrics", of: server).split(separator: "\n")
            .filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
        try #require(!lines.isEmpty, "no metric \(name)")
        return lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

extension TestServer {
    /// A page of the admin listener, head and body.
    func adminPage(_ path: String) throws -> String { try AdminPage.read(path, of: self) }
}

/// Whether something becomes true in time.
func eventually(seconds: Double = 5, _ isTrue: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if isTrue() { return true }
        usleep(10_000)
    }
    return isTrue()
}
