internal import Glibc

/// The service manager that started this process, if it wants to hear of it (sd_notify(3)): systemd with `Type=notify`.
public struct ServiceManager: Sendable {
    /// Where it listens: the bytes of a Unix socket's name.
    private let path: [UInt8]

    /// How often it wants to hear that all is well; nil if it does not.
    public let watchdogInterval: Duration?

    /// The manager that the environment names; nil without one.
    ///
    /// - Parameter environment: `NOTIFY_SOCKET`, and perhaps `WATCHDOG_USEC`.
    public init?(environment: [String: String]) {
        guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@") else { return nil }
        path = Array(name.utf8)
        guard path.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap {
            $0 > 0 ? .microseconds($0) : nil
        }
    }

    /// Tells it something, such as `READY=1`; a manager that does not listen is not waited for.
    public func tell(_ words: String) {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { close(number) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Safety: the name is shorter than its place; a name in the abstract space begins with a zero instead of @.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
            unsafe place.copyBytes(from: path)
            if path[0] == UInt8(ascii: "@") { unsafe place[0] = 0 }
        }
        let bytes = Array(words.utf8)
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        // Safety: both live through the call, and the lengths are theirs.
        unsafe withUnsafePointer(to: address) { pointer in
            let raw = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            _ = unsafe sendto(number, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), raw, length)
        }
    }
}
