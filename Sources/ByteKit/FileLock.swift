internal import Glibc

/// A lock that one owner has, of all threads and processes that ask for it by the same path; given back when it goes.
///
/// It is the kernel's lock of an open file (flock), so that a process that ends leaves none behind. The file stays, empty.
public struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock, if need be when its owner gives it back.
    ///
    /// - Parameters:
    ///   - path: the file to lock; it is made if it is not there.
    ///   - milliseconds: the longest wait.
    /// - Throws: ``FileError`` when the file cannot be made or opened, or with ``FileError/isTaken`` after the wait.
    public init(_ path: String, waitAtMost milliseconds: Int) throws(FileError) {
        // Safety: a Swift string lives through the call as a C string.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(code: errno) }
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EINTR || code == EWOULDBLOCK && waited < milliseconds else {
                close(descriptor)
                throw FileError(code: code)
            }
            usleep(Self.pauseMilliseconds * 1_000)
            waited += Int(Self.pauseMilliseconds)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Gives the lock back; what says where its hold ends.
    public consuming func release() {}

    private static let pauseMilliseconds: UInt32 = 5
}

extension FileError {
    /// Whether a lock has another owner.
    public var isTaken: Bool { code == EWOULDBLOCK }
}
