internal import CShims
internal import Glibc

/// A thread of our own, with a name, a stack that is large enough, and perhaps a processor.
///
/// It must be joined: a worker whose end no one awaits would outlive what it uses.
public struct WorkerThread: ~Copyable {
    /// The name, as `top -H` and debuggers show it (15 bytes of it).
    public let name: String

    private let thread: pthread_t

    /// What the new thread is to do; handed over once.
    private final class Start: Sendable {
        let name: String
        let processor: Int?
        let body: @Sendable () -> Void

        init(name: String, processor: Int?, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.processor = processor
            self.body = body
        }
    }

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - processor: The processor it stays on; one that does not exist is passed over. `nil` leaves the choice to
    ///     the kernel.
    ///   - stackBytes: The size of its stack.
    ///   - body: What it does.
    /// - Throws: `SystemError` when the kernel has no thread to give.
    public init(
        name: String,
        processor: Int? = nil,
        stackBytes: Int = 4 << 20,
        body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = Start(name: name, processor: processor, body: body)
        // Safety: the retain is handed to the new thread, which releases it; when no thread starts, we do.
        let argument = unsafe Unmanaged.passRetained(start)
        var thread = pthread_t()
        let code = unsafe leadline_thread_start(
            &thread,
            stackBytes,
            { argument in
                // Safety: the pointer is the one retained above, taken back exactly once.
                let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                unsafe leadline_thread_name(start.name)
                if let processor = start.processor { _ = leadline_thread_pin(Int32(clamping: processor)) }
                start.body()
                return nil
            },
            argument.toOpaque()
        )
        guard code == 0 else {
            unsafe argument.release()
            throw SystemError(call: "pthread_create", code: code)
        }
        self.name = name
        self.thread = thread
    }

    /// Starts a thread that takes something over, such as a worker with its loop, which no other thread may touch then.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - processor: The processor it stays on; one that does not exist is passed over. `nil` leaves the choice to
    ///     the kernel.
    ///   - stackBytes: The size of its stack.
    ///   - value: What it takes over.
    ///   - body: What it does.
    /// - Throws: `SystemError` when the kernel has no thread to give.
    public init<Value>(
        name: String,
        processor: Int? = nil,
        stackBytes: Int = 4 << 20,
        handing value: sending Value,
        body: @escaping @Sendable (Value) -> Void
    ) throws(SystemError) {
        // Safety: `sending` says that the caller keeps no way to the value, and the body runs once, on the new thread.
        nonisolated(unsafe) let handed = value
        try self.init(name: name, processor: processor, stackBytes: stackBytes) { unsafe body(handed) }
    }

    /// Waits for the thread to end.
    public consuming func join() {
        // `self` being consumed, a thread is joined once.
        _ = pthread_join(thread, nil)
    }

    /// Has the calling thread's sleeps end when they were asked to, not up to 50 microseconds later, as is usual.
    public static func sleepPrecisely() { leadline_thread_timer_slack(1) }

    /// Nanoseconds of processor time that the calling thread has had.
    public static func processorTime() -> UInt64 {
        var time = timespec()
        // Safety: clock_gettime writes one timespec, and cannot fail for the calling thread's clock.
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
