/// Values by the number of their stream, for streams that come and go in about the order of their numbers.
///
/// Odd numbers follow each other, so half of a number, cut to the table's size, is its place, and hardly ever taken. Where
/// it is, the table doubles.
struct StreamTable<Value> {
    /// A place: the number of its stream, 0 when it is free.
    private var numbers: [Int32]
    private var values: [Value?]
    private(set) var count = 0

    init() {
        numbers = Array(repeating: 0, count: 256)
        values = Array(repeating: nil, count: 256)
    }

    /// The value of a stream that has one, to be changed; nil where there is none, which stays so.
    subscript(_ stream: Int32) -> Value? {
        get {
            let place = place(stream)
            return numbers[place] == stream ? values[place] : nil
        }
        _modify {
            let place = place(stream)
            if numbers[place] == stream {
                yield &values[place]
                if values[place] == nil { preconditionFailure("remove takes values away") }
            } else {
                var none: Value?
                yield &none
                if none != nil { preconditionFailure("insert adds values") }
            }
        }
    }

    /// Adds the value of a stream that has none.
    mutating func insert(_ value: Value, _ stream: Int32) {
        while numbers[place(stream)] != 0 { grow() }
        let place = place(stream)
        numbers[place] = stream
        values[place] = value
        count += 1
    }

    /// Takes the value of a stream away.
    ///
    /// - Returns: What it was; nil when there was none.
    mutating func remove(_ stream: Int32) -> Value? {
        let place = place(stream)
        guard numbers[place] == stream else { return nil }
        numbers[place] = 0
        count -= 1
        return values[place].take()
    }

    /// The streams that have a value.
    var streams: [Int32] { numbers.filter { $0 != 0 } }

    private func place(_ stream: Int32) -> Int { Int(stream >> 1) & (numbers.count - 1) }

    private mutating func grow() {
        let (oldNumbers, oldValues) = (numbers, values)
        numbers = Array(repeating: 0, count: oldNumbers.count * 2)
        values = Array(repeating: nil, count: numbers.count)
        // Places that were apart stay so in a table twice as large.
        for (number, value) in zip(oldNumbers, oldValues) where number != 0 {
            numbers[place(number)] = number
            values[place(number)] = value
        }
    }
}
