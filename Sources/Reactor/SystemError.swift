internal import Glibc

/// A system call that failed: which one, and with which errno.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The C name of the call, such as `bind`.
    public let call: String

    /// The errno, read right after the call.
    public let code: Int32

    /// An error of a call.
    public init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The call and the system's own words, such as `bind: Address already in use`.
    public var description: String {
        // Safety: strerror gives a NUL-terminated string, copied at once.
        "\(call): \(unsafe String(cString: strerror(code)))"
    }

    /// Whether the process or the machine ran out of file descriptors or memory for one.
    public var isShortage: Bool {
        code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
    }

    /// Whether the peer ended the connection.
    public var isPeerGone: Bool {
        code == ECONNRESET || code == EPIPE || code == ETIMEDOUT || code == ENOTCONN
    }

    /// Whether nobody listens at the address.
    public var isRefused: Bool { code == ECONNREFUSED }

    /// Whether another socket has the address.
    public var isAddressTaken: Bool { code == EADDRINUSE }

    /// The error of a call that has just failed; nothing may come between the two.
    static func last(_ call: String) -> SystemError {
        SystemError(call: call, code: errno)
    }
}
