internal import Glibc

/// The clock of deadlines: CLOCK_MONOTONIC, which no one sets.
public enum MonotonicClock {
    /// Nanoseconds since some fixed point in the past.
    public static func now() -> UInt64 {
        var time = timespec()
        // Safety: clock_gettime writes one timespec, and cannot fail for this clock.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
