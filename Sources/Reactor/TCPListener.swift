internal import CShims
internal import Glibc

/// A listening TCP socket of one thread.
///
/// With SO_REUSEPORT each worker has a listener of its own on the same port, and the kernel spreads the connections.
public struct TCPListener: ~Copyable {
    /// The address it is bound to, with the port that the kernel chose when 0 was asked for.
    public let address: SocketAddress

    private let descriptor: Descriptor
    private var token: UInt64 = 0

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - requested: The address; port 0 lets the kernel choose.
    ///   - sharesPort: Whether other listeners of this user may have the same port (SO_REUSEPORT).
    ///   - backlog: How many connections may wait to be accepted.
    /// - Throws: `SystemError` when the address is taken, not ours, or not allowed.
    public init(
        binding requested: SocketAddress,
        sharesPort: Bool = true,
        backlog: Int = 1024
    ) throws(SystemError) {
        let descriptor = try Descriptor(
            leadline_stream_socket(requested.isIPv6 ? AF_INET6 : AF_INET),
            from: "socket"
        )
        try setOption(descriptor.number, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR")
        if sharesPort { try setOption(descriptor.number, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT") }
        // One family a listener, so that [::]:443 and 0.0.0.0:443 can stand side by side.
        if requested.isIPv6 { try setOption(descriptor.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1, "IPV6_V6ONLY") }
        // Safety: the closure's pointer and length describe one address, used during the call.
        let number = descriptor.number
        guard unsafe requested.withSockaddr({ unsafe bind(number, $0, $1) }) == 0 else { throw .last("bind") }
        guard listen(descriptor.number, Int32(clamping: backlog)) == 0 else { throw .last("listen") }
        // Safety: see `reading`.
        guard let address = unsafe SocketAddress.reading({ unsafe getsockname(number, $0, $1) }).address else {
            throw .last("getsockname")
        }
        self.address = address
        self.descriptor = descriptor
    }

    /// Starts reporting waiting connections to a loop.
    public mutating func register(with loop: EventLoop, token: UInt64) throws(SystemError) {
        self.token = token
        try loop.add(descriptor.number, token: token, interest: .readable)
    }

    /// Stops reporting for a while: connections wait in the kernel.
    public func pause(in loop: EventLoop) throws(SystemError) {
        try loop.modify(descriptor.number, token: token, interest: [])
    }

    /// Reports again after `pause`.
    public func resume(in loop: EventLoop) throws(SystemError) {
        try loop.modify(descriptor.number, token: token, interest: .readable)
    }

    /// Stops reporting for good, before the listener goes.
    public func unregister(from loop: EventLoop) {
        loop.remove(descriptor.number)
    }

    /// Takes one waiting connection; connections that died while waiting are passed over.
    ///
    /// - Returns: The connection, already non-blocking, or `nil` when no one waits.
    /// - Throws: `SystemError`. When it is a shortage (`isShortage`: no descriptor or memory left), `pause`, and `resume`
    ///   some tenths of a second later: the loop would report the waiting connections without end.
    public func accept() throws(SystemError) -> TCPSocket? {
        while true {
            let number = descriptor.number
            // Safety: see `reading`.
            let (result, peer) = unsafe SocketAddress.reading { unsafe leadline_accept(number, $0, $1) }
            let code = errno
            if result >= 0 {
                return TCPSocket(adopting: try Descriptor(result, from: "accept4"), peer: peer)
            }
            switch code {
            case EAGAIN: return nil
            // accept(2): errors of the waiting connection itself are to be treated like EAGAIN, by trying again.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
                EOPNOTSUPP, EPERM:
                continue
            default: throw SystemError(call: "accept4", code: code)
            }
        }
    }
}

/// Sets an integer option of a socket.
func setOption(
    _ descriptor: Int32,
    _ level: Int32,
    _ name: Int32,
    _ value: Int32,
    _ words: String
) throws(SystemError) {
    var value = value
    // Safety: the kernel reads four bytes of a local.
    guard unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
        throw .last("setsockopt \(words)")
    }
}
