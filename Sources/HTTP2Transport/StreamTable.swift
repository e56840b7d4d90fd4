/// Values by stream number, for the streams of one connection.
///
/// Open addressing by the number itself: clients count streams up by two, so that neighbours never meet, and nothing is
/// hashed. A client that picks numbers which do meet makes a search as long as it has streams open, and no longer.
public struct StreamTable<Value> {
    /// By place: the stream, or 0.
    @usableFromInline var keys: [Int32] = []
    @usableFromInline var elements: [Value?] = []
    /// How many places are taken.
    @usableFromInline var used = 0

    @usableFromInline static var placesMin: Int { 16 }

    /// How many streams there are.
    @inlinable public var count: Int { used }

    /// No streams, and no memory yet.
    @inlinable public init() {}

    /// Whether there are none.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// The values, in no order.
    @inlinable public var values: some Sequence<Value> { elements.lazy.compactMap { $0 } }

    /// The streams there are, in no order.
    @inlinable public var streams: [Int32] { keys.filter { $0 != 0 } }

    /// The value of a stream; `nil` takes it out.
    @inlinable public subscript(stream: Int32) -> Value? {
        get { place(of: stream).flatMap { elements[$0] } }
        // Besides `_modify`, whose frame a call from another module allocates.
        set {
            guard let newValue else {
                removeValue(forKey: stream)
                return
            }
            if let place = place(of: stream) { elements[place] = newValue } else { insert(stream, newValue) }
        }
        _modify {
            if let place = place(of: stream) {
                yield &elements[place]
                if elements[place] == nil { close(place) }
            } else {
                var value: Value?
                yield &value
                if let value { insert(stream, value) }
            }
        }
    }

    /// Takes a stream out.
    /// - Returns: what it had.
    @discardableResult @inlinable public mutating func removeValue(forKey stream: Int32) -> Value? {
        guard let place = place(of: stream) else { return nil }
        let value = elements[place]
        close(place)
        return value
    }

    /// Frees a place, and moves up those behind that would not be found any more: then no search needs marks of the dead.
    @inlinable mutating func close(_ place: Int) {
        var gap = place
        used -= 1
        let mask = keys.count - 1
        var next = (gap + 1) & mask
        while keys[next] != 0 {
            let home = Self.home(of: keys[next], mask)
            if (next - home) & mask >= (next - gap) & mask {
                keys[gap] = keys[next]
                elements.swapAt(gap, next)
                gap = next
            }
            next = (next + 1) & mask
        }
        keys[gap] = 0
        elements[gap] = nil
    }

    /// Takes all streams out.
    @inlinable public mutating func removeAll() {
        keys = []
        elements = []
        used = 0
    }

    @inlinable static func home(of stream: Int32, _ mask: Int) -> Int { (Int(stream) >> 1) & mask }

    /// Where a stream is.
    @inlinable func place(of stream: Int32) -> Int? {
        guard count > 0, stream != 0 else { return nil }
        let mask = keys.count - 1
        var place = Self.home(of: stream, mask)
        while keys[place] != stream {
            if keys[place] == 0 { return nil }
            place = (place + 1) & mask
        }
        return place
    }

    @inlinable mutating func insert(_ stream: Int32, _ value: Value) {
        precondition(stream != 0, "stream 0 is the connection")
        // At most half full: a search meets an empty place soon.
        if 2 * (count + 1) > keys.count { grow() }
        put(stream, value)
    }

    /// Puts a stream that is not there into the first empty place from its own on.
    @inlinable mutating func put(_ stream: Int32, _ value: Value) {
        let mask = keys.count - 1
        var place = Self.home(of: stream, mask)
        while keys[place] != 0 { place = (place + 1) & mask }
        keys[place] = stream
        elements[place] = value
        used += 1
    }

    @inlinable mutating func grow() {
        let (oldKeys, oldElements) = (keys, elements)
        let places = max(Self.placesMin, 2 * oldKeys.count)
        keys = Array(repeating: 0, count: places)
        elements = Array(repeating: nil, count: places)
        used = 0
        for (stream, element) in zip(oldKeys, oldElements) {
            if let element { put(stream, element) }
        }
    }
}
