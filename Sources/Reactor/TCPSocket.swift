public import ByteKit
internal import CShims
internal import Glibc

/// A TCP connection with one owner; never blocks, closed when the owner goes.
public struct TCPSocket: ~Copyable {
    /// What came of one try to read or write.
    public enum Transfer: Equatable, Sendable {
        /// So many bytes, at least one.
        case bytes(Int)

        /// Nothing now; wait for the loop to tell.
        case wouldBlock

        /// The peer has sent its last byte.
        case endOfStream
    }

    /// The other end, when it was still known.
    public let peer: SocketAddress?

    private let descriptor: Descriptor

    init(adopting descriptor: consuming Descriptor, peer: SocketAddress?) {
        self.descriptor = descriptor
        self.peer = peer
        // A reply is one write already; waiting for more would only delay it. It can fail on a dead socket only.
        try? setOption(self.descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, 1, "TCP_NODELAY")
    }

    /// Starts to connect; wait until writable, then ask `finishConnecting`.
    ///
    /// - Parameter address: The other end.
    /// - Returns: The socket, on its way.
    /// - Throws: `SystemError` when the kernel refuses at once.
    public static func connecting(to address: SocketAddress) throws(SystemError) -> TCPSocket {
        let descriptor = try Descriptor(leadline_stream_socket(address.isIPv6 ? AF_INET6 : AF_INET), from: "socket")
        let number = descriptor.number
        // Safety: the closure's pointer and length describe one address, used during the call.
        let result = unsafe address.withSockaddr { unsafe connect(number, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw .last("connect") }
        return TCPSocket(adopting: descriptor, peer: address)
    }

    /// How connecting ended, once the socket is writable.
    ///
    /// - Throws: `SystemError` such as connection refused.
    public func finishConnecting() throws(SystemError) {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Safety: the kernel writes four bytes into a local.
        guard unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
            throw .last("getsockopt SO_ERROR")
        }
        guard code == 0 else { throw SystemError(call: "connect", code: code) }
    }

    /// Our own end.
    public var localAddress: SocketAddress? {
        let number = descriptor.number
        // Safety: see `reading`.
        return unsafe SocketAddress.reading { unsafe getsockname(number, $0, $1) }.address
    }

    /// Starts reporting to a loop.
    public func register(with loop: EventLoop, token: UInt64, interest: Interest = .readable) throws(SystemError) {
        try loop.add(descriptor.number, token: token, interest: interest)
    }

    /// Changes what the loop reports.
    public func update(in loop: EventLoop, token: UInt64, interest: Interest) throws(SystemError) {
        try loop.modify(descriptor.number, token: token, interest: interest)
    }

    /// Stops reporting; closing does that too, this is for sockets that live on.
    public func unregister(from loop: EventLoop) {
        loop.remove(descriptor.number)
    }

    /// Reads what is there, in one call.
    ///
    /// - Parameters:
    ///   - queue: The bytes are added to it.
    ///   - bytesMax: No more than this.
    /// - Returns: How many bytes came; fewer than `bytesMax` means that the kernel has no more now.
    /// - Throws: `SystemError` when the connection failed.
    public func read(into queue: inout ByteQueue, atMost bytesMax: Int) throws(SystemError) -> Transfer {
        // Safety: the queue has room for the count, and only what the kernel wrote is committed.
        let room = unsafe queue.unusedStorage(minimumBytes: bytesMax)
        while true {
            let count = unsafe recv(descriptor.number, room.baseAddress, bytesMax, 0)
            let code = errno
            if count > 0 {
                unsafe queue.commit(count)
                return .bytes(count)
            }
            if count == 0 || code != EINTR {
                // An empty queue with a pool gives its block back here.
                unsafe queue.commit(0)
                if count == 0 { return .endOfStream }
                if code == EAGAIN { return .wouldBlock }
                throw SystemError(call: "recv", code: code)
            }
        }
    }

    /// Writes what the kernel takes, in one call.
    ///
    /// - Parameter bytes: At least one byte.
    /// - Returns: How many were taken.
    /// - Throws: `SystemError` when the connection failed.
    public func write(_ bytes: RawSpan) throws(SystemError) -> Transfer {
        let number = descriptor.number
        while true {
            // Safety: the span is alive during the call. MSG_NOSIGNAL: a gone peer is an error, never a signal.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            let code = errno
            if count >= 0 { return .bytes(count) }
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            throw SystemError(call: "send", code: code)
        }
    }

    /// Writes what the kernel takes of a queue's bytes, in one call, and removes it.
    ///
    /// - Parameter queue: Not empty.
    /// - Returns: How many bytes were taken.
    /// - Throws: `SystemError` when the connection failed.
    public func write(from queue: inout ByteQueue) throws(SystemError) -> Transfer {
        let transfer = try write(queue.bytes)
        if case .bytes(let count) = transfer { queue.removeFirst(count) }
        return transfer
    }

    /// Says that we have sent our last byte; reading goes on.
    public func finishWriting() {
        _ = shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// Blocks until the socket is ready: for clients and tests that have no loop.
    ///
    /// - Parameters:
    ///   - interest: What to wait for.
    ///   - milliseconds: The longest wait.
    /// - Returns: Whether it is ready (or failed, which the next call tells); `false` after the time.
    /// - Throws: `SystemError` when poll itself fails.
    public func wait(for interest: Interest, atMostMilliseconds milliseconds: Int) throws(SystemError) -> Bool {
        let deadline = MonotonicClock.now() &+ UInt64(max(0, milliseconds)) &* 1_000_000
        var entry = pollfd(fd: descriptor.number, events: 0, revents: 0)
        entry.events =
            (interest.contains(.readable) ? Int16(POLLIN) : 0) | (interest.contains(.writable) ? Int16(POLLOUT) : 0)
        while true {
            let now = MonotonicClock.now()
            let left = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
            // Safety: one entry, a local.
            let result = unsafe poll(&entry, 1, Int32(clamping: left))
            if result > 0 { return true }
            if result == 0 { return false }
            guard errno == EINTR else { throw .last("poll") }
        }
    }
}
