internal import Synchronization

/// What a client may ask for.
package enum AccessRole: String, CaseIterable, Sendable {
    /// Have leads scored.
    case score
    /// Read which models there are, and their schemas. Health may be read by everyone.
    case read
    /// Have versions of models loaded, published and rolled back, through the admin listener.
    case publish
}

/// What the clients of one identity may do.
package struct AccessRule: Equatable, Sendable {
    /// The identity, or the beginning of it followed by `*`; ``AccessPolicy/anonymous`` for clients without a certificate.
    package var identity: String
    /// What they may ask for.
    package var roles: Set<AccessRole>
    /// The models they may use, by name or by its beginning followed by `*`.
    package var models: [String]
    /// Leads that may be scored each second, all their connections together, and at once after a pause; nil for any number.
    package var rowsPerSecond: Double?
    /// Bytes of requests and answers that may be in memory, all their connections together; nil for any number.
    package var bytesInFlight: Int?

    /// Whether an identity is meant.
    func isFor(_ name: String) -> Bool { Self.matches(identity, name) }

    /// Whether a model may be used.
    func allows(model: String) -> Bool { models.contains { Self.matches($0, model) } }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        pattern.utf8.last == UInt8(ascii: "*") ? name.hasPrefix(pattern.dropLast()) : pattern == name
    }
}

/// Who may do what: the first rule that is for a client's identity; without one nothing.
///
/// The identity is the first URI of the certificate, or else its first DNS name, or else `CN=` and its common name.
package final class AccessPolicy: Sendable {
    /// What clients without a certificate are called.
    package static let anonymous = "anonymous"
    /// Identities that are remembered; an authority that signs more has its oldest quotas begin anew.
    private static let grantsMax = 65_536

    /// The rules, in order.
    package let rules: [AccessRule]
    private let grants = Mutex<[String: AccessGrant]>([:])

    /// A policy of these rules.
    package init(_ rules: [AccessRule]) { self.rules = rules }

    /// Everybody may have leads scored and read; to publish takes a rule that says so.
    package static var open: AccessPolicy {
        AccessPolicy([AccessRule(identity: "*", roles: [.score, .read], models: ["*"])])
    }

    /// What a client may do, and what it has used of its quota; the same object for all connections of an identity.
    func grant(for identity: String?) -> AccessGrant {
        let name = identity ?? Self.anonymous
        return grants.withLock { grants in
            if let grant = grants[name] { return grant }
            if grants.count >= Self.grantsMax { grants.removeAll() }
            let nothing = AccessRule(identity: name, roles: [], models: [])
            let grant = AccessGrant(rules.first { $0.isFor(name) } ?? nothing)
            grants[name] = grant
            return grant
        }
    }
}

/// The rule of one identity, and what its connections on all workers have used of the quotas.
final class AccessGrant: Sendable {
    let rule: AccessRule
    /// When the rows that were let through are paid for, in nanoseconds of the monotonic clock (the generic cell rate algorithm).
    private let paidUntil = Atomic<UInt64>(0)
    private let bytes = Atomic<Int>(0)

    /// Rows may come at once as if there had been none for so long.
    private static let burstNanoseconds: UInt64 = 1_000_000_000

    init(_ rule: AccessRule) { self.rule = rule }

    func has(_ role: AccessRole) -> Bool { rule.roles.contains(role) }

    /// Takes rows out of the quota.
    /// - Returns: nil, or after how many nanoseconds there is room for them, and then nothing is taken.
    func take(rows: Int, now: UInt64) -> UInt64? {
        guard let rate = rule.rowsPerSecond else { return nil }
        let cost = UInt64(min(Double(rows) / rate * 1e9, 1e18))
        while true {
            let paid = paidUntil.load(ordering: .relaxed)
            let start = max(paid, now)
            // A batch of more rows than a second's is let through when nothing is owed, and owes the rest.
            let owed = start - now
            if owed > 0, owed + cost > Self.burstNanoseconds { return owed + cost - Self.burstNanoseconds }
            let (isMine, _) = paidUntil.compareExchange(expected: paid, desired: start + cost, ordering: .relaxed)
            if isMine { return nil }
        }
    }

    /// Whether so many bytes more may be in memory.
    func hasRoom(for more: Int) -> Bool {
        guard let most = rule.bytesInFlight else { return true }
        return bytes.load(ordering: .relaxed) + more <= most
    }

    /// Notes that bytes have come into memory, or with a negative number that they have gone.
    func count(_ change: Int) { bytes.wrappingAdd(change, ordering: .relaxed) }
}
