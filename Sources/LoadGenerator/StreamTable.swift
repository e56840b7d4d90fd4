/// Values by the number of their stream, for streams that come and go in about the order of their numbers.
///
/// Odd numbers follow each other, so half of a number, cut to the table's size, is its place, and hardly ever taken. Where
/// it is, the table doubles.
struct StreamTable<Value> {
    private var slots: [(stream: Int32, value: Value?)]
    private(set) var count = 0

    init() {
        slots = Array(repeating: (0, nil), count: 256)
    }

    /// The value of a stream, nil where there is none.
    subscript(_ stream: Int32) -> Value? {
        get {
            let slot = place(stream)
            return slots[slot].stream == stream ? slots[slot].value : nil
        }
        _modify {
            while slots[place(stream)].stream != 0, slots[place(stream)].stream != stream { grow() }
            let slot = place(stream)
            let was = slots[slot].value == nil ? 0 : 1
            yield &slots[slot].value
            let has = slots[slot].value == nil ? 0 : 1
            slots[slot].stream = has == 0 ? 0 : stream
            count += has - was
        }
    }

    /// The streams that have a value.
    var streams: [Int32] { slots.compactMap { $0.value == nil ? nil : $0.stream } }

    private func place(_ stream: Int32) -> Int { Int(stream >> 1) & (slots.count - 1) }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: (0, nil), count: old.count * 2)
        // Places that were apart stay so in a table twice as large.
        for slot in old where slot.value != nil { slots[place(slot.stream)] = slot }
    }
}
