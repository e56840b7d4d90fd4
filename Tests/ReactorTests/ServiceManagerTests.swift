import Glibc
import Reactor
import Testing

@Suite("The service manager")
struct ServiceManagerTests {
    @Test("is told what it wants to hear, by path and in the abstract space")
    func tell() throws {
        for name in ["/tmp/leadline-notify-\(getpid())", "@leadline-notify-\(getpid())"] {
            let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
                unsafe place.copyBytes(from: name.utf8)
                if name.hasPrefix("@") { unsafe place[0] = 0 }
            }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
            let bound = unsafe withUnsafePointer(to: address) {
                unsafe bind(socket, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self), length)
            }
            try #require(bound == 0)
            defer { _ = unsafe unlink(name) }
            let manager = try #require(
                ServiceManager(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"])
            )
            #expect(manager.watchdogInterval == .seconds(30))
            manager.tell("READY=1")
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = unsafe recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "READY=1")
        }
    }

    @Test("is not there without a socket, or with a name that cannot be one")
    func nobody() {
        #expect(ServiceManager(environment: [:]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]) == nil)
        ServiceManager(environment: ["NOTIFY_SOCKET": "/nobody-listens-here"])?.tell("READY=1")
    }
}
