internal import CShims
internal import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The bytes of the address in network order: 4 or 16.
    public let address: [UInt8]

    /// The port; 0 lets the kernel choose.
    public let port: UInt16

    /// The interface of a link-local IPv6 address, else 0.
    let scope: UInt32

    init(address: [UInt8], port: UInt16, scope: UInt32 = 0) {
        self.address = address
        self.port = port
        self.scope = scope
    }

    /// 127.0.0.1 and a port.
    public static func loopback(port: UInt16 = 0) -> SocketAddress {
        SocketAddress(address: [127, 0, 0, 1], port: port)
    }

    /// Whether the address is an IPv6 one.
    public var isIPv6: Bool { address.count == 16 }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        isIPv6 ? address == [UInt8](repeating: 0, count: 15) + [1] : address[0] == 127
    }

    /// `HOST:PORT`, with IPv6 hosts in brackets.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The address alone, such as `127.0.0.1` or `::1`.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let capacity = socklen_t(text.count)
        // Safety: the address has the 4 or 16 bytes its family needs, and the text its declared room.
        _ = unsafe inet_ntop(isIPv6 ? AF_INET6 : AF_INET, address, &text, capacity)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Splits `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT` into its two parts.
    ///
    /// - Parameters:
    ///   - text: What the user wrote.
    ///   - defaultHost: The host when the text has none.
    /// - Returns: The host without brackets and the port.
    /// - Throws: `AddressError` that names the mistake.
    public static func split(
        _ text: String,
        defaultHost: String = "127.0.0.1"
    ) throws(AddressError) -> (host: String, port: UInt16) {
        var host = Substring()
        var portText = Substring(text)
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<bracket]
            let rest = text[text.index(after: bracket)...]
            guard rest.hasPrefix(":") else { throw AddressError(text: text, reason: "a port must follow the bracket") }
            portText = rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
            if host.contains(":") {
                throw AddressError(text: text, reason: "an IPv6 address needs brackets, as in [::1]:8443")
            }
        }
        guard !portText.isEmpty, portText.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let port = UInt16(portText) else {
            throw AddressError(text: text, reason: "'\(portText)' is not a port from 0 to 65535")
        }
        return (host.isEmpty ? defaultHost : String(host), port)
    }

    /// The addresses of `HOST:PORT`, host names looked up.
    ///
    /// It may block on the resolver: not for a worker.
    ///
    /// - Parameter text: What the user wrote.
    /// - Returns: At least one address, in the resolver's order.
    /// - Throws: `AddressError` that names the mistake.
    public static func resolve(_ text: String) throws(AddressError) -> [SocketAddress] {
        let (host, port) = try split(text)
        // Safety: the hints hold no pointer; getaddrinfo fills `list`, which is freed after its entries were copied.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw AddressError(text: text, reason: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe SocketAddress(entry.pointee.ai_addr) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw AddressError(text: text, reason: "the host has no IP address") }
        return addresses
    }

    /// Copies a C address; `nil` for families other than IPv4 and IPv6.
    init?(_ pointer: UnsafePointer<sockaddr>?) {
        guard let pointer = unsafe pointer else { return nil }
        // Safety: the family says which structure the kernel or resolver put there.
        switch Int32(unsafe pointer.pointee.sa_family) {
        case AF_INET:
            let value = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            let bytes = unsafe withUnsafeBytes(of: value.sin_addr) { unsafe [UInt8]($0) }
            self.init(address: bytes, port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            let value = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)
            let bytes = unsafe withUnsafeBytes(of: value.sin6_addr) { unsafe [UInt8]($0) }
            self.init(address: bytes, port: UInt16(bigEndian: value.sin6_port), scope: value.sin6_scope_id)
        default:
            return nil
        }
    }

    /// Calls a body with the address as C wants it.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // Safety: both structures start with the family and are at least as long as the length says; the pointer is
        // used inside the closure only.
        if isIPv6 {
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            value.sin6_scope_id = scope
            unsafe withUnsafeMutableBytes(of: &value.sin6_addr) { unsafe $0.copyBytes(from: address) }
            return unsafe withUnsafePointer(to: value) { pointer in
                unsafe body(
                    UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_in6>.size)
                )
            }
        }
        var value = sockaddr_in()
        value.sin_family = sa_family_t(AF_INET)
        value.sin_port = port.bigEndian
        unsafe withUnsafeMutableBytes(of: &value.sin_addr) { unsafe $0.copyBytes(from: address) }
        return unsafe withUnsafePointer(to: value) { pointer in
            unsafe body(
                UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size)
            )
        }
    }

    /// The address that getsockname, getpeername or accept wrote.
    static func reading(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (result: Int32, address: SocketAddress?) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Safety: a sockaddr_storage has room for every address, and the length says so to the kernel.
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            let raw = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            let result = unsafe call(raw, &length)
            return (result, result < 0 ? nil : unsafe SocketAddress(raw))
        }
    }
}

/// An address that cannot be understood or found.
public struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the user wrote.
    public let text: String

    /// What is wrong with it.
    public let reason: String

    /// Both, in a sentence.
    public var description: String { "address '\(text)': \(reason)" }
}
