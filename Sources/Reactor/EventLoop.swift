internal import CShims
internal import Glibc

/// What an owner waits for on a descriptor.
public struct Interest: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Interests by bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There is something to read, or the peer has closed.
    public static let readable = Interest(rawValue: 1)

    /// There is room to write.
    public static let writable = Interest(rawValue: 2)

    var flags: UInt32 {
        (contains(.readable) ? leadline_epoll_readable() | leadline_epoll_peer_closed() : 0)
            | (contains(.writable) ? leadline_epoll_writable() : 0)
    }
}

/// One thing that happened to a descriptor.
public struct LoopEvent: Sendable {
    /// The number that the owner gave when it registered.
    public let token: UInt64

    /// There is something to read, the end of the stream included.
    public let isReadable: Bool

    /// There is room to write.
    public let isWritable: Bool

    /// The descriptor failed or both directions are closed; reading tells why.
    public let isFailed: Bool
}

/// One thread's epoll set, wake-up and deadlines.
///
/// The loop does not own the thread's course: its owner asks, turn by turn, so that it can put its own steps between.
/// ```
/// while running {
///     let count = try loop.wait(untilDeadline: nothingToDo)
///     ... take the turn's snapshot ...
///     for index in 0..<count { handle(loop.event(at: index)) }
///     while let token = loop.deadlines.popMet(now: loop.now) { expire(token) }
///     flush()
/// }
/// ```
/// Events are level-triggered: what an owner leaves unread because its budget for the turn is spent comes back in the
/// next turn without a list of its own, and nothing is ever lost. The price, one more epoll_ctl when a socket refuses
/// bytes and one when it takes them again, is paid under back pressure only.
///
/// Everything but `waker` belongs to one thread.
@safe public final class EventLoop {
    /// Deadlines of the owner; `wait` never sleeps past the earliest.
    public var deadlines = DeadlineQueue()

    /// The monotonic time at the end of the last `wait`.
    public private(set) var now: UInt64

    /// Ends the sleep of `wait` from any thread.
    public let waker: Waker

    private let epoll: Descriptor
    private let events: UnsafeMutableRawPointer
    private let capacity: Int
    private var count = 0

    /// The token of wake-ups, which owners never see.
    private static let wakeToken = UInt64.max

    /// A loop with nothing registered.
    ///
    /// - Parameter eventsMax: How many events one turn takes at most.
    /// - Throws: `SystemError` when the kernel refuses the descriptors.
    public init(eventsMax: Int = 256) throws(SystemError) {
        precondition(eventsMax > 0, "a turn takes at least one event")
        epoll = try Descriptor(leadline_epoll_create(), from: "epoll_create1")
        waker = try Waker()
        capacity = eventsMax
        // Safety: freed in deinit; epoll_wait fills at most `capacity` entries of this size.
        unsafe events = .allocate(byteCount: eventsMax * leadline_epoll_event_size(), alignment: 16)
        now = MonotonicClock.now()
        guard
            leadline_epoll_add(epoll.number, waker.descriptor.number, leadline_epoll_readable(), Self.wakeToken) == 0
        else { throw .last("epoll_ctl") }
    }

    deinit { unsafe events.deallocate() }

    /// Waits for events, deadlines or a wake-up.
    ///
    /// - Parameter longest: The longest sleep in nanoseconds: 0 only looks, `nil` sleeps until something happens.
    ///   It is cut at the earliest deadline.
    /// - Returns: How many events there are; see `event(at:)`.
    /// - Throws: `SystemError` when epoll itself fails, which is a mistake of ours.
    public func wait(atMost longest: UInt64? = nil) throws(SystemError) -> Int {
        var sleep: Int64 = longest.map { Int64(clamping: $0) } ?? -1
        if sleep != 0, let earliest = deadlines.earliest {
            let time = MonotonicClock.now()
            let left = earliest > time ? Int64(clamping: earliest - time) : 0
            sleep = sleep < 0 ? left : min(sleep, left)
        }
        // Safety: the array has room for `capacity` entries and lives as long as the loop.
        var result = unsafe leadline_epoll_wait(
            epoll.number,
            events.assumingMemoryBound(to: epoll_event.self),
            Int32(capacity),
            sleep
        )
        if result < 0 {
            guard errno == EINTR else { throw .last("epoll_wait") }
            result = 0
        }
        now = MonotonicClock.now()
        count = Int(result)
        var index = 0
        while index < count {
            if unsafe leadline_epoll_token(events.assumingMemoryBound(to: epoll_event.self), Int32(index))
                == Self.wakeToken
            {
                waker.reset()
                removeEvent(at: index)
            } else {
                index += 1
            }
        }
        return count
    }

    /// An event of the last `wait`.
    public func event(at index: Int) -> LoopEvent {
        precondition(index >= 0 && index < count, "an event of this turn")
        // Safety: epoll_wait has filled the first `count` entries.
        let flags = unsafe leadline_epoll_flags(events.assumingMemoryBound(to: epoll_event.self), Int32(index))
        let token = unsafe leadline_epoll_token(events.assumingMemoryBound(to: epoll_event.self), Int32(index))
        let isFailed = flags & leadline_epoll_failed() != 0
        return LoopEvent(
            token: token,
            isReadable: isFailed || flags & (leadline_epoll_readable() | leadline_epoll_peer_closed()) != 0,
            isWritable: flags & leadline_epoll_writable() != 0,
            isFailed: isFailed
        )
    }

    private func removeEvent(at index: Int) {
        let size = leadline_epoll_event_size()
        count -= 1
        guard index < count else { return }
        // Safety: both entries lie within the filled part and differ.
        unsafe (events + index * size).copyMemory(from: events + count * size, byteCount: size)
    }

    func add(_ descriptor: Int32, token: UInt64, interest: Interest) throws(SystemError) {
        precondition(token != Self.wakeToken, "the largest token is the loop's own")
        guard leadline_epoll_add(epoll.number, descriptor, interest.flags, token) == 0 else {
            throw .last("epoll_ctl")
        }
    }

    func modify(_ descriptor: Int32, token: UInt64, interest: Interest) throws(SystemError) {
        guard leadline_epoll_modify(epoll.number, descriptor, interest.flags, token) == 0 else {
            throw .last("epoll_ctl")
        }
    }

    func remove(_ descriptor: Int32) {
        _ = leadline_epoll_remove(epoll.number, descriptor)
    }
}

/// Ends a loop's sleep from any thread, through an eventfd.
public final class Waker: Sendable {
    let descriptor: Descriptor

    init() throws(SystemError) {
        descriptor = try Descriptor(leadline_eventfd(), from: "eventfd")
    }

    /// Makes the loop's current or next `wait` return; many calls before it count as one.
    public func wake() {
        var one: UInt64 = 1
        // Safety: eight bytes of a local; EAGAIN means that a wake-up is already pending, which is all we want.
        _ = unsafe write(descriptor.number, &one, 8)
    }

    func reset() {
        var count: UInt64 = 0
        // Safety: eight bytes of a local.
        _ = unsafe read(descriptor.number, &count, 8)
    }
}
