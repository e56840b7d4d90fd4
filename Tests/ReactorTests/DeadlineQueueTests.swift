import Reactor
import Testing

@Suite struct DeadlineQueueTests {
    @Test func `deadlines come in order, whatever the order of scheduling`() {
        var queue = DeadlineQueue()
        // A fixed scatter with many doubles, so that a failure repeats.
        let deadlines = (0..<500).map { UInt64($0 * $0 * 2_654_435_761 >> 7) % 400 }
        for deadline in deadlines { _ = queue.schedule(at: deadline, token: deadline) }
        var met: [UInt64] = []
        while let token = queue.popMet(now: 1000) { met.append(token) }
        #expect(met == deadlines.sorted())
        #expect(queue.earliest == nil)
    }

    @Test func `a deadline is met at its time and not before`() {
        var queue = DeadlineQueue()
        _ = queue.schedule(at: 50, token: 7)
        let result1 = queue.popMet(now: 49)
        #expect(result1 == nil)
        let result2 = queue.popMet(now: 50)
        #expect(result2 == 7)
        let result3 = queue.popMet(now: 51)
        #expect(result3 == nil)
    }

    @Test func `moving and cancelling leave the others in order, and old names are harmless`() {
        var queue = DeadlineQueue()
        let handles = (0..<100).map { queue.schedule(at: UInt64($0), token: UInt64($0)) }
        for index in stride(from: 0, to: 100, by: 3) {
            let result4 = queue.cancel(handles[index])
            #expect(result4)
        }
        for index in stride(from: 1, to: 100, by: 3) {
            let result5 = queue.move(handles[index], to: UInt64(1000 - index))
            #expect(result5)
        }
        let result6 = queue.cancel(handles[0])
        #expect(!result6)
        let result7 = queue.move(handles[0], to: 1)
        #expect(!result7)
        let expected =
            stride(from: 2, to: 100, by: 3).map(UInt64.init)
            + stride(from: 1, to: 100, by: 3).map(UInt64.init).reversed()
        var met: [UInt64] = []
        while let token = queue.popMet(now: 2000) { met.append(token) }
        #expect(met == expected)
        let again = queue.schedule(at: 5, token: 5)
        let result8 = queue.cancel(handles[99])
        #expect(!result8)
        let result9 = queue.cancel(again)
        #expect(result9)
        #expect(queue.count == 0)
    }
}
