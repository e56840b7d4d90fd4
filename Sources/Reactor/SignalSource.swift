internal import CShims
internal import Glibc

/// Signals as events of a loop, through a signalfd.
public struct SignalSource: ~Copyable {
    /// The signals a server listens to.
    public enum Signal: Int32, CaseIterable, Sendable {
        /// SIGHUP: read certificates and configuration again.
        case hangUp = 1

        /// SIGINT: stop, from the keyboard.
        case interrupt = 2

        /// SIGTERM: stop.
        case terminate = 15
    }

    private let descriptor: Descriptor

    /// Blocks the signals in this thread and those it will start, and ignores SIGPIPE.
    ///
    /// Call it before any other thread starts: a thread that does not block a signal may receive it, and end the process.
    ///
    /// - Throws: `SystemError` when the kernel refuses.
    public static func blockInAllThreads() throws(SystemError) {
        leadline_ignore_broken_pipes()
        let numbers = Signal.allCases.map(\.rawValue)
        // Safety: the array lives through the call.
        let code = unsafe leadline_block_signals(numbers, numbers.count)
        guard code == 0 else { throw SystemError(call: "pthread_sigmask", code: code) }
    }

    /// A source of the signals that `blockInAllThreads` has blocked.
    ///
    /// - Throws: `SystemError` when the kernel refuses.
    public init() throws(SystemError) {
        let numbers = Signal.allCases.map(\.rawValue)
        // Safety: the array lives through the call.
        descriptor = try Descriptor(unsafe leadline_signalfd(numbers, numbers.count), from: "signalfd")
    }

    /// Starts reporting to a loop.
    public func register(with loop: EventLoop, token: UInt64) throws(SystemError) {
        try loop.add(descriptor.number, token: token, interest: .readable)
    }

    /// Takes one signal that has come, if any.
    ///
    /// - Returns: The signal, or `nil` when none waits.
    /// - Throws: `SystemError` when reading fails.
    public func next() throws(SystemError) -> Signal? {
        let number = leadline_signalfd_read(descriptor.number)
        guard number >= 0 else { throw .last("read signalfd") }
        return Signal(rawValue: number)
    }
}
