/// A small copy of the board's algorithm whose every interleaving can be walked.
///
/// Readers' plain stores go through a store buffer that empties at any later moment, as on a real processor; a store
/// ordered sequentially consistent waits until it is empty. The publisher's exchange is a locked instruction and needs none.
/// Values are numbered by their epoch.
struct InterleavingModel: Hashable {
    /// What to leave out, to see that the search would find it.
    enum Fault: CaseIterable {
        /// The store of a reader coming online is a plain one.
        case storeWithoutOrder
        /// The publisher frees at once.
        case noGracePeriod
        /// The epoch is raised before the pointer is swapped.
        case epochBeforePointer
        /// The reader announces the epoch after it has taken the pointer.
        case announcedTooLate
    }

    struct Reader: Hashable {
        enum Step: Hashable { case idle, announce, order, load, use, useAgain }
        var step = Step.idle
        var online = false
        var epochRead: UInt8 = 0
        var held: UInt8 = 0
        /// What the others see in the slot, and what they do not see yet.
        var slot: UInt8 = 0
        var buffer: [UInt8] = []
        var turnsLeft: UInt8
    }

    struct Publisher: Hashable {
        enum Step: Hashable { case swap, raise, look(Int), free }
        var step = Step.swap
        var publicationsLeft: UInt8
        var old: UInt8 = 0
        /// Values retired and not freed; value v may be freed once every reader online has seen v + 1.
        var retired: [UInt8] = []
        var passed = UInt8.max
    }

    var pointer: UInt8 = 1
    var epoch: UInt8 = 1
    var freed: Set<UInt8> = []
    var readers: [Reader]
    var publisher: Publisher

    init(readers: Int, turns: UInt8, publications: UInt8) {
        self.readers = Array(repeating: Reader(turnsLeft: turns), count: readers)
        publisher = Publisher(publicationsLeft: publications)
    }

    struct UseAfterFree: Error {}

    /// Every state that one step of anyone leads to.
    func successors(_ fault: Fault?) throws(UseAfterFree) -> [Self] {
        var next: [Self] = []
        for index in readers.indices {
            if let stored = readers[index].buffer.first {
                var state = self
                state.readers[index].slot = stored
                state.readers[index].buffer.removeFirst()
                next.append(state)
            }
            try stepReader(index, fault, into: &next)
        }
        stepPublisher(fault, into: &next)
        return next
    }

    private func stepReader(_ index: Int, _ fault: Fault?, into next: inout [Self]) throws(UseAfterFree) {
        var state = self
        var reader = readers[index]
        switch reader.step {
        case .idle:
            if reader.online {
                // May also go offline instead of turning.
                var offline = reader
                offline.online = false
                offline.held = 0
                offline.buffer.append(0)
                state.readers[index] = offline
                next.append(state)
            }
            guard reader.turnsLeft > 0 else { return }
            reader.turnsLeft -= 1
            reader.epochRead = epoch
            reader.step = fault == .announcedTooLate ? .load : .announce
        case .announce:
            reader.buffer.append(reader.epochRead)
            let needsOrder = !reader.online && fault != .storeWithoutOrder
            reader.online = true
            reader.step = fault == .announcedTooLate ? .use : needsOrder ? .order : .load
        case .order:
            guard reader.buffer.isEmpty else { return }
            reader.step = .load
        case .load:
            reader.held = pointer
            reader.step = fault == .announcedTooLate ? .announce : .use
        case .use, .useAgain:
            if freed.contains(reader.held) { throw UseAfterFree() }
            reader.step = reader.step == .use ? .useAgain : .idle
        }
        state.readers[index] = reader
        next.append(state)
    }

    private func stepPublisher(_ fault: Fault?, into next: inout [Self]) {
        var state = self
        switch publisher.step {
        case .swap where fault == .epochBeforePointer && state.epoch == state.pointer:
            guard publisher.publicationsLeft > 0 else { return }
            state.epoch += 1
            state.publisher.step = .swap
        case .swap:
            guard publisher.publicationsLeft > 0 else { return }
            state.publisher.publicationsLeft -= 1
            state.publisher.old = pointer
            state.pointer = pointer + 1
            state.publisher.step = fault == .epochBeforePointer ? .look(0) : .raise
            if fault == .epochBeforePointer { state.publisher.retired.append(pointer) }
        case .raise:
            state.epoch += 1
            state.publisher.retired.append(publisher.old)
            state.publisher.passed = .max
            state.publisher.step = fault == .noGracePeriod ? .free : .look(0)
        case .look(let index):
            let seen = readers[index].slot
            if index == 0 { state.publisher.passed = .max }
            if seen != 0 { state.publisher.passed = min(state.publisher.passed, seen) }
            state.publisher.step = index + 1 < readers.count ? .look(index + 1) : .free
        case .free:
            for value in publisher.retired where value + 1 <= publisher.passed {
                state.freed.insert(value)
            }
            state.publisher.retired.removeAll { $0 + 1 <= publisher.passed }
            state.publisher.step = .swap
        }
        next.append(state)
    }

    struct Outcome {
        var states = 0
        var foundUseAfterFree = false
        var mostFreed = 0
    }

    /// Walks every state that can be reached; stops at the first use after free.
    static func explore(readers: Int, turns: UInt8, publications: UInt8, fault: Fault? = nil) -> Outcome {
        var outcome = Outcome()
        let start = Self(readers: readers, turns: turns, publications: publications)
        var visited: Set<Self> = [start]
        var open = [start]
        while let state = open.popLast() {
            outcome.states += 1
            outcome.mostFreed = max(outcome.mostFreed, state.freed.count)
            do throws(UseAfterFree) {
                for next in try state.successors(fault) where visited.insert(next).inserted { open.append(next) }
            } catch {
                outcome.foundUseAfterFree = true
                return outcome
            }
        }
        return outcome
    }
}
