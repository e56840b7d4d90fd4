/// Deadlines in order, each with a token of its owner: a binary heap that knows where each entry sits.
///
/// Scheduling, moving and cancelling take O(log n); the earliest is at hand. Memory is kept, so a steady number of
/// deadlines allocates nothing.
public struct DeadlineQueue {
    /// Names one deadline until it is met or cancelled; an old name is recognised and ignored.
    public struct Handle: Hashable, Sendable {
        let slot: Int32
        let generation: UInt32
    }

    private struct Slot {
        var deadline: UInt64 = 0
        var token: UInt64 = 0
        var position: Int32 = -1
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var unusedSlots: [Int32] = []
    private var heap: [Int32] = []

    /// No deadlines.
    public init() {}

    /// How many deadlines wait.
    public var count: Int { heap.count }

    /// The earliest deadline, in nanoseconds of the monotonic clock.
    public var earliest: UInt64? { heap.first.map { slots[Int($0)].deadline } }

    /// Adds a deadline.
    ///
    /// - Parameters:
    ///   - deadline: Nanoseconds of the monotonic clock.
    ///   - token: What the owner gets back when it is met.
    /// - Returns: Its name, for moving and cancelling.
    public mutating func schedule(at deadline: UInt64, token: UInt64) -> Handle {
        let index: Int32
        if let unused = unusedSlots.popLast() {
            index = unused
        } else {
            index = Int32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].deadline = deadline
        slots[Int(index)].token = token
        slots[Int(index)].position = Int32(heap.count)
        heap.append(index)
        rise(heap.count - 1)
        return Handle(slot: index, generation: slots[Int(index)].generation)
    }

    /// Moves a deadline; a met or cancelled one is left alone.
    ///
    /// - Returns: Whether it was still waiting.
    @discardableResult
    public mutating func move(_ handle: Handle, to deadline: UInt64) -> Bool {
        guard isWaiting(handle) else { return false }
        slots[Int(handle.slot)].deadline = deadline
        let position = Int(slots[Int(handle.slot)].position)
        rise(position)
        sink(Int(slots[Int(handle.slot)].position))
        return true
    }

    /// Cancels a deadline; a met or cancelled one is left alone.
    ///
    /// - Returns: Whether it was still waiting.
    @discardableResult
    public mutating func cancel(_ handle: Handle) -> Bool {
        guard isWaiting(handle) else { return false }
        remove(at: Int(slots[Int(handle.slot)].position))
        return true
    }

    /// Takes the earliest deadline if its time has come.
    ///
    /// - Parameter now: Nanoseconds of the monotonic clock.
    /// - Returns: Its token.
    public mutating func popMet(now: UInt64) -> UInt64? {
        guard let first = heap.first, slots[Int(first)].deadline <= now else { return nil }
        let token = slots[Int(first)].token
        remove(at: 0)
        return token
    }

    private func isWaiting(_ handle: Handle) -> Bool {
        let index = Int(handle.slot)
        return index < slots.count && slots[index].generation == handle.generation && slots[index].position >= 0
    }

    private mutating func remove(at position: Int) {
        let index = heap[position]
        slots[Int(index)].position = -1
        slots[Int(index)].generation &+= 1
        unusedSlots.append(index)
        let last = heap.removeLast()
        guard position < heap.count else { return }
        heap[position] = last
        slots[Int(last)].position = Int32(position)
        rise(position)
        sink(Int(slots[Int(last)].position))
    }

    private func comesBefore(_ left: Int32, _ right: Int32) -> Bool {
        slots[Int(left)].deadline < slots[Int(right)].deadline
    }

    private mutating func swapAt(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        slots[Int(heap[left])].position = Int32(left)
        slots[Int(heap[right])].position = Int32(right)
    }

    private mutating func rise(_ start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard comesBefore(heap[position], heap[parent]) else { return }
            swapAt(position, parent)
            position = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var smallest = position
            for child in (2 * position + 1)...(2 * position + 2)
            where child < heap.count && comesBefore(heap[child], heap[smallest]) {
                smallest = child
            }
            guard smallest != position else { return }
            swapAt(position, smallest)
            position = smallest
        }
    }
}
