/// Values by stream number, for the streams of one connection.
///
/// Open addressing by the number itself: clients count streams up by two, so that neighbours never meet, and nothing is
/// hashed. A client that picks numbers which do meet makes a search as long as it has streams open, and no longer.
public struct StreamTable<Value> {
    /// By place: the stream, or 0.
    @usableFromInline var streams: [Int32] = []
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

    /// The value of a stream; `nil` takes it out.
    @inlinable public subscript(stream: Int32) -> Value? {
        get { place(of: stream).flatMap { elements[$0] } }
        set {
            if let newValue { set(stream, newValue) } else { removeValue(forKey: stream) }
        }
    }

    /// Takes a stream out.
    /// - Returns: what it had.
    @discardableResult @inlinable public mutating func removeValue(forKey stream: Int32) -> Value? {
        guard var gap = place(of: stream) else { return nil }
        let value = elements[gap]
        used -= 1
        // Those behind move up, unless that would put them before their own place: then no search needs marks of the dead.
        let mask = streams.count - 1
        var next = (gap + 1) & mask
        while streams[next] != 0 {
            let home = Self.home(of: streams[next], mask)
            if (next - home) & mask >= (next - gap) & mask {
                streams[gap] = streams[next]
                elements.swapAt(gap, next)
                gap = next
            }
            next = (next + 1) & mask
        }
        streams[gap] = 0
        elements[gap] = nil
        return value
    }

    /// Takes all streams out.
    @inlinable public mutating func removeAll() {
        streams = []
        elements = []
        used = 0
    }

    @inlinable static func home(of stream: Int32, _ mask: Int) -> Int { (Int(stream) >> 1) & mask }

    /// Where a stream is.
    @inlinable func place(of stream: Int32) -> Int? {
        guard count > 0, stream != 0 else { return nil }
        let mask = streams.count - 1
        var place = Self.home(of: stream, mask)
        while streams[place] != stream {
            if streams[place] == 0 { return nil }
            place = (place + 1) & mask
        }
        return place
    }

    @inlinable mutating func set(_ stream: Int32, _ value: Value) {
        precondition(stream != 0, "stream 0 is the connection")
        if let place = place(of: stream) {
            elements[place] = value
            return
        }
        // At most half full: a search meets an empty place soon.
        if 2 * (count + 1) > streams.count { grow() }
        put(stream, value)
    }

    /// Puts a stream that is not there into the first empty place from its own on.
    @inlinable mutating func put(_ stream: Int32, _ value: Value) {
        let mask = streams.count - 1
        var place = Self.home(of: stream, mask)
        while streams[place] != 0 { place = (place + 1) & mask }
        streams[place] = stream
        elements[place] = value
        used += 1
    }

    @inlinable mutating func grow() {
        let (oldStreams, oldElements) = (streams, elements)
        let places = max(Self.placesMin, 2 * oldStreams.count)
        streams = Array(repeating: 0, count: places)
        elements = Array(repeating: nil, count: places)
        used = 0
        for (stream, element) in zip(oldStreams, oldElements) {
            if let element { put(stream, element) }
        }
    }
}
