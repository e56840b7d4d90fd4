internal import Foundation
internal import Reactor
internal import Synchronization
public import TLSTransport

/// Two versions of a model that are published in turn while requests are under way.
///
/// What was in production before is so again at the end.
public struct ReloadPlan: Sendable {
    private static let alias = "production"
    private static let lookMicroseconds: UInt32 = 5_000

    private let caller: AdminCaller
    private let model: String
    let everySeconds: Double
    /// The version that is in production, by alias or as the newest, and the newest other one.
    private let served: String, other: String
    private let hasAlias: Bool

    /// What an admin listener tells of a model.
    private struct Folder: Decodable {
        struct Alias: Decodable {
            var alias: String
            var version: String
        }

        var aliases: [Alias]
        var versions: [String]
    }

    /// Asks a server which versions there are.
    ///
    /// - Parameters:
    ///   - admin: Its admin listener, as `https://HOST:PORT`.
    ///   - tls: Whom to trust, and who asks: the roles `read` and `publish` are needed.
    ///   - model: The model's name.
    ///   - everySeconds: How often to publish.
    /// - Throws: ``LoadError`` when it does not tell, or there is only one version.
    public init(admin: String, tls: TLSClientConfiguration, model: String, everySeconds: Double) throws {
        guard !model.contains("@") else {
            throw LoadError("versions are published as what \(model) does not ask for; name the model without an alias")
        }
        caller = try AdminCaller(admin, tls)
        self.model = model
        self.everySeconds = everySeconds
        let folder: Folder
        let answer = try caller.call("/v1/models/\(model)")
        do {
            folder = try JSONDecoder().decode(Folder.self, from: answer)
        } catch {
            throw LoadError("what the admin listener tells of \(model) is not understood")
        }
        let alias = folder.aliases.first { $0.alias == Self.alias }
        hasAlias = alias != nil
        guard let served = alias?.version ?? folder.versions.first,
            let other = folder.versions.first(where: { $0 != served })
        else { throw LoadError("\(model) has one version only, and it takes two to publish them in turn") }
        (self.served, self.other) = (served, other)
    }

    /// The body of the thread that publishes.
    func run(_ shared: LoadShared, warmupSeconds: Double) {
        while shared.start.load(ordering: .acquiring) == 0 {
            guard shared.end.load(ordering: .relaxed) > MonotonicClock.now() else { return }
            usleep(Self.lookMicroseconds)
        }
        let opening = shared.start.load(ordering: .acquiring) + UInt64(warmupSeconds * 1e9)
        var next = opening + UInt64(everySeconds * 1e9)
        var version = other
        var hasPublished = false
        while true {
            let now = MonotonicClock.now()
            guard now < shared.end.load(ordering: .relaxed) else { break }
            guard now >= next else {
                usleep(Self.lookMicroseconds)
                continue
            }
            next += UInt64(everySeconds * 1e9)
            var problem: String?
            do {
                try publish(version)
                hasPublished = true
            } catch {
                problem = "\(error)"
            }
            let milliseconds = Double(MonotonicClock.now() - now) / 1e6
            let second = Double(now - opening) / 1e9
            shared.post(LoadReload(second: second, version: version, milliseconds: milliseconds, problem: problem))
            version = version == other ? served : other
        }
        guard hasPublished else { return }
        do {
            try restore()
        } catch {
            let second = Double(MonotonicClock.now() - opening) / 1e9
            let problem = "it could not be put into production again: \(error)"
            shared.post(LoadReload(second: second, version: served, milliseconds: 0, problem: problem))
        }
    }

    private func publish(_ version: String) throws {
        try act("publish", ["version": version, "alias": Self.alias, "reason": "load test"])
    }

    private func restore() throws {
        if hasAlias { try publish(served) } else { try act("unalias", ["alias": Self.alias, "reason": "load test"]) }
    }

    private func act(_ action: String, _ body: [String: String]) throws {
        _ = try caller.call("/v1/models/\(model)/\(action)", try JSONEncoder().encode(body))
    }
}

/// A publication while requests were under way.
public struct LoadReload: Codable, Sendable, Equatable {
    /// When it was asked for, in seconds from the beginning of the measured time.
    public var second: Double
    /// The version that was published.
    public var version: String
    /// How long the answer took; from then on it serves.
    public var milliseconds: Double
    /// Why it failed, if it did.
    public var problem: String?
}
