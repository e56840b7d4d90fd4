import Foundation
import FuzzTargets
import Testing

/// The corpus of what a peer says is made by this test target.
///
/// With `LEADLINE_RENEW_CORPUS` set it is written anew, as a change of a format or of a script needs.
@Suite("The seeds of a peer's bytes")
struct SeedTests {
    @Test("are those that are kept")
    func areKept() throws {
        let renews = ProcessInfo.processInfo.environment["LEADLINE_RENEW_CORPUS"] != nil
        for seed in try Seed.all() {
            if renews { try Data(seed.bytes).write(to: seed.file) }
            let kept = try [UInt8](Data(contentsOf: seed.file))
            #expect(kept == seed.bytes || !seed.isReproducible, "\(seed.target.rawValue)/\(seed.name)")
        }
    }
}
