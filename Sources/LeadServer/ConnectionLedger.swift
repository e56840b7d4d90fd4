internal import Reactor
internal import Synchronization

/// How many connections there are: in all, by address and by identity.
///
/// Workers share it, and ask it when a connection comes and goes, never for a request.
final class ConnectionLedger: Sendable {
    /// Why a connection is not taken.
    enum Refusal: Error {
        case tooMany, tooManyOfAddress, tooManyOfIdentity
    }

    /// Whose connections count together: an IPv4 address, or the first half of an IPv6 one, which is one customer's network.
    struct AddressKey: Hashable, Sendable {
        private let bytes: [UInt8]

        init(_ address: SocketAddress?) {
            guard let address else {
                bytes = []
                return
            }
            let isMapped = address.isIPv6 && address.address.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255])
            bytes = isMapped ? Array(address.address.suffix(4)) : Array(address.address.prefix(8))
        }
    }

    private struct Counts: Sendable {
        var all = 0
        var byAddress: [AddressKey: Int] = [:]
        var byIdentity: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let limits: ServerLimits

    init(_ limits: ServerLimits) { self.limits = limits }

    /// Enters a connection.
    func enter(_ address: AddressKey) throws(Refusal) {
        let refusal = counts.withLock { counts -> Refusal? in
            guard counts.all < limits.connectionsMax else { return .tooMany }
            let already = counts.byAddress[address, default: 0]
            guard already < limits.connectionsPerAddressMax else { return .tooManyOfAddress }
            counts.all += 1
            counts.byAddress[address] = already + 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Enters the identity that an entered connection turned out to have.
    func enter(identity: String) throws(Refusal) {
        let isRoom = counts.withLock { counts in
            let already = counts.byIdentity[identity, default: 0]
            guard already < limits.connectionsPerIdentityMax else { return false }
            counts.byIdentity[identity] = already + 1
            return true
        }
        if !isRoom { throw .tooManyOfIdentity }
    }

    /// Takes a connection out, with the identity that was entered for it.
    func leave(_ address: AddressKey, identity: String?) {
        counts.withLock { counts in
            counts.all -= 1
            Self.lower(&counts.byAddress, address)
            if let identity { Self.lower(&counts.byIdentity, identity) }
        }
    }

    private static func lower<Key>(_ table: inout [Key: Int], _ key: Key) {
        guard let count = table[key] else { return }
        table[key] = count > 1 ? count - 1 : nil
    }
}
