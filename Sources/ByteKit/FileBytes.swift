internal import Glibc

/// Why a file cannot be read.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The errno of the call that failed.
    public let code: Int32

    /// The system's own words, such as `No such file or directory`.
    public var description: String {
        // Safety: strerror gives a NUL-terminated string, copied at once.
        unsafe String(cString: strerror(code))
    }
}

extension Array where Element == UInt8 {
    /// The bytes of a whole file, read once into memory of its size.
    ///
    /// What has no size beforehand (a pipe, a device) is read until it ends.
    /// - Parameter path: the file; links are followed.
    /// - Throws: ``FileError`` when it cannot be opened or read.
    public init(contentsOfFile path: String) throws(FileError) {
        // Safety: the call reads the path, which lives through it.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(code: errno) }
        defer { close(descriptor) }
        var status = stat()
        // Safety: the structure lives through the call, which fills it in.
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(code: errno) }
        self = []
        // One byte more than the file has: the read that finds its end needs room too.
        var room = Swift.max(Int(status.st_size), 0) + 1
        while true {
            let before = count
            try append(addingCapacity: room) { output throws(FileError) in
                // Safety: `read` fills at most the room behind `filled`, which lives through the call.
                try unsafe output.withUnsafeMutableBufferPointer { buffer, filled throws(FileError) in
                    guard let base = buffer.baseAddress else { return }
                    var got: Int
                    repeat {
                        got = unsafe read(descriptor, base + filled, buffer.count - filled)
                    } while got < 0 && errno == EINTR
                    guard got >= 0 else { throw FileError(code: errno) }
                    filled += got
                }
            }
            guard count > before else { return }
            // There is more than was foretold: each time as much again, so that what is copied stays in proportion.
            room = capacity > count ? capacity - count : Swift.max(count, 1 << 16)
        }
    }
}
