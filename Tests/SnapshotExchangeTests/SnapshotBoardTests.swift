import SnapshotExchange
import Synchronization
import Testing

/// Counts how many of its kind are alive in one test.
private final class Counted: Sendable {
    final class Population: Sendable { let alive = Atomic<Int>(0) }
    let number: Int
    let population: Population

    init(_ number: Int, in population: Population) {
        self.number = number
        self.population = population
        population.alive.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { population.alive.wrappingSubtract(1, ordering: .relaxed) }
}

@Suite("A snapshot board")
struct SnapshotBoardTests {
    private let population = Counted.Population()
    private var alive: Int { population.alive.load(ordering: .relaxed) }

    @Test("a reader gets the newest value at each turn, and keeps it for the turn")
    func newestAtEachTurn() {
        let board = SnapshotBoard(Counted(1, in: population), readers: 1)
        let reader = board.reader(0)
        reader.turn()
        #expect(board.publish(Counted(2, in: population)) == 2)
        #expect(reader.withCurrent { [$0.value.number, Int($0.epoch)] } == [1, 1])
        reader.turn()
        #expect(reader.withCurrent { [$0.value.number, Int($0.epoch)] } == [2, 2])
    }

    @Test("a value is freed when each reader online has begun another turn, and not before")
    func freedAfterTheGracePeriod() {
        let board = SnapshotBoard(Counted(1, in: population), readers: 2)
        let (first, second) = (board.reader(0), board.reader(1))
        first.turn()
        second.turn()
        board.publish(Counted(2, in: population))
        first.turn()
        #expect(board.reclaim() == 0)
        #expect(alive == 2)
        second.turn()
        #expect(board.reclaim() == 1)
        #expect(alive == 1)
    }

    @Test("a sleeping reader holds nothing back")
    func offlineReadersAreNotWaitedFor() {
        let board = SnapshotBoard(Counted(1, in: population), readers: 2)
        let reader = board.reader(0)
        reader.turn()
        reader.goOffline()
        for number in 2...10 { board.publish(Counted(number, in: population)) }
        #expect(alive == 1)
        reader.turn()
        #expect(reader.withCurrent { $0.value.number } == 10)
    }

    @Test("a reader that does not turn is named as stuck, with the age of what it holds back")
    func stuckReadersAreNamed() {
        let board = SnapshotBoard(Counted(1, in: population), readers: 3)
        let start = ContinuousClock.now
        let (lazy, busy) = (board.reader(1), board.reader(2))
        lazy.turn()
        busy.turn()
        board.publish(Counted(2, in: population), now: start)
        busy.turn()
        let soon = board.statistics(now: start + .seconds(1))
        #expect(soon.stuckReaders.isEmpty && soon.readersOnline == 2 && soon.readersBehind == 1)
        let late = board.statistics(now: start + .seconds(6))
        #expect(late.stuckReaders == [1])
        #expect(late.oldestRetiredAge == .seconds(6) && late.retiredCount == 1 && late.epoch == 2)
        lazy.turn()
        board.reclaim()
        #expect(board.statistics(now: start + .seconds(7)).stuckReaders.isEmpty)
    }

    @Test("a counted reference outlives the turn")
    func retainedAcrossTurns() {
        let board = SnapshotBoard(Counted(1, in: population), readers: 1)
        let reader = board.reader(0)
        reader.turn()
        var kept: Publication<Counted>? = reader.retainCurrent()
        board.publish(Counted(2, in: population))
        reader.turn()
        #expect(board.reclaim() == 1)
        #expect(alive == 2 && kept?.value.number == 1)
        kept = nil
        #expect(alive == 1)
    }

    @Test("the board gives everything back when it goes, and a place when its reader goes")
    func nothingLeaks() {
        do {
            let board = SnapshotBoard(Counted(1, in: population), readers: 1)
            do {
                let reader = board.reader(0)
                reader.turn()
                board.publish(Counted(2, in: population))
            }
            let successor = board.reader(0)
            successor.turn()
            #expect(successor.withCurrent { $0.value.number } == 2)
        }
        #expect(alive == 0)
    }

    @Test("reading while offline is refused")
    func offlineReadingTraps() async {
        await #expect(processExitsWith: .failure) {
            let board = SnapshotBoard(Counted(1, in: Counted.Population()), readers: 1)
            let reader = board.reader(0)
            reader.withCurrent { _ in }
        }
    }
}
