internal import Foundation
internal import SnapshotExchange
internal import Synchronization

/// Readers against a publisher that never rests: `snapshot-stress [--seconds N] [--readers N] [--broken]`.
///
/// Ends with 0 when every reader always saw a whole value and all but the last are freed; with 1 when not. `--broken`
/// spoils each value the moment it is replaced, as a board without a grace period would: that run must end with 1.
@main
struct SnapshotStress {
    static func main() {
        let words = CommandLine.arguments
        func number(_ name: String, _ fallback: Int) -> Int {
            guard let at = words.firstIndex(of: name), at + 1 < words.count else { return fallback }
            return Int(words[at + 1]) ?? fallback
        }
        let seconds = number("--seconds", 5)
        let readers = number("--readers", 4)
        let broken = words.contains("--broken")

        let figures = run(seconds: seconds, readers: readers, broken: broken)
        print(figures.text)
        exit(figures.mixed == 0 && figures.leaked == 0 ? 0 : 1)
    }

    struct Figures {
        var publications: UInt64 = 0
        var reads = 0
        var mixed = 0
        var retiredMax = 0
        var leaked = 0

        var text: String {
            "publications \(publications), reads \(reads), mixed \(mixed), retired at most \(retiredMax), leaked \(leaked)"
        }
    }

    final class Tally: Sendable {
        let stop = Atomic<Bool>(false)
        let running = Atomic<Int>(0)
        let reads = Atomic<Int>(0)
        let mixed = Atomic<Int>(0)
    }

    static func run(seconds: Int, readers: Int, broken: Bool) -> Figures {
        var figures = Figures()
        do {
            let tally = Tally()
            let first = Payload(0)
            let board = SnapshotBoard(first, readers: readers)
            for place in 0..<readers {
                tally.running.wrappingAdd(1, ordering: .relaxed)
                Thread.detachNewThread { read(board, place, tally) }
            }
            let end = ContinuousClock.now + .seconds(seconds)
            var previous = first
            while ContinuousClock.now < end {
                let next = Payload(figures.publications &* 1_000)
                figures.publications = board.publish(next)
                if broken { previous.spoil() }
                previous = next
            }
            tally.stop.store(true, ordering: .relaxed)
            while tally.running.load(ordering: .acquiring) > 0 { sched_yield() }
            board.reclaim()
            figures.reads = tally.reads.load(ordering: .relaxed)
            figures.mixed = tally.mixed.load(ordering: .relaxed)
            figures.retiredMax = board.statistics().retiredCountMax
        }
        figures.leaked = Payload.alive.load(ordering: .relaxed)
        return figures
    }

    /// One reader: turns with several looks each, and naps of every kind in between.
    static func read(_ board: SnapshotBoard<Payload>, _ place: Int, _ tally: Tally) {
        let reader = board.reader(place)
        var random = UInt64(place) &* 0x9E37_79B9_7F4A_7C15 | 1
        var reads = 0
        var mixed = 0
        while !tally.stop.load(ordering: .relaxed) {
            reader.turn()
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            for _ in 0..<(random >> 60) {
                let good = reader.withCurrent { $0.value.agrees() }
                reads += 1
                if !good { mixed += 1 }
            }
            switch random >> 56 & 15 {
            case 0...7:
                reader.goOffline()
            case 8:
                reader.goOffline()
                sched_yield()
            case 9, 10:
                // The optimiser must not let the count rise after the reader is offline.
                let kept = reader.retainCurrent()
                reader.goOffline()
                if random & 1 == 0 { sched_yield() }
                reads += 1
                if !kept.value.agrees() { mixed += 1 }
            default:
                break
            }
        }
        reader.goOffline()
        tally.reads.wrappingAdd(reads, ordering: .relaxed)
        tally.mixed.wrappingAdd(mixed, ordering: .relaxed)
        tally.running.wrappingSubtract(1, ordering: .releasing)
    }
}
