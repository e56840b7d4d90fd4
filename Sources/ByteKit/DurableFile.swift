internal import Glibc

/// Small files that are whole on the disk, whatever happens: replaced at once, or added to piece by piece.
///
/// Each call returns when what it wrote would survive a loss of power.
public enum DurableFile {
    /// Puts a file of these bytes in the place of the one that is there, if there is one.
    ///
    /// A reader sees the old bytes or the new ones. The bytes are flushed before the name is theirs, and the folder after.
    /// - Parameters:
    ///   - path: the file; its folder must be there.
    ///   - bytes: all that it is to hold.
    /// - Throws: ``FileError``; the old file is as it was then.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let draft = "\(path).tmp-\(getpid())-\(UInt32.random(in: .min ... .max))"
        do throws(FileError) {
            try write(bytes, to: draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
            // Safety: a Swift string lives through the call as a C string; so below.
            guard unsafe rename(draft, path) == 0 else { throw FileError(code: errno) }
        } catch {
            _ = unsafe unlink(draft)
            throw error
        }
        try flushFolder(of: path)
    }

    /// Adds bytes to the end of a file, which is made if it is not there.
    ///
    /// - Parameters:
    ///   - bytes: what to add; after a failure any number of them may be there.
    ///   - path: the file.
    ///   - offset: where they begin: what stands there already, the rest of a writer that did not finish, is cut off first.
    /// - Throws: ``FileError``.
    public static func append(_ bytes: [UInt8], to path: String, at offset: Int) throws(FileError) {
        let isNew = unsafe access(path, F_OK) != 0
        try write(bytes, to: path, O_WRONLY | O_CREAT | O_CLOEXEC, at: offset)
        if isNew { try flushFolder(of: path) }
    }

    /// The end of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - bytesMax: no more than this.
    /// - Returns: the last bytes, and how many come before them; nil if there is no such file.
    /// - Throws: ``FileError`` when it cannot be read.
    public static func tail(
        of path: String,
        atMost bytesMax: Int
    ) throws(FileError) -> (bytes: [UInt8], offset: Int)? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FileError(code: errno) }
            return nil
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw FileError(code: errno) }
        var bytes = [UInt8](repeating: 0, count: min(bytesMax, size))
        let offset = size - bytes.count
        var filled = 0
        while filled < bytes.count {
            // Safety: the kernel writes into the rest of the array, which lives through the call.
            let count = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe pread(descriptor, room.baseAddress! + filled, room.count - filled, offset + filled)
            }
            guard count >= 0 || errno == EINTR else { throw FileError(code: errno) }
            // Who makes the file shorter meanwhile makes this the end.
            if count == 0 { break }
            filled += max(count, 0)
        }
        bytes.removeLast(bytes.count - filled)
        return (bytes, offset)
    }

    private static func write(
        _ bytes: [UInt8],
        to path: String,
        _ flags: Int32,
        at offset: Int = 0
    ) throws(FileError) {
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor >= 0 else { throw FileError(code: errno) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, offset) == 0 else { throw FileError(code: errno) }
        var written = 0
        while written < bytes.count {
            // Safety: the array's bytes live through the call.
            let count = unsafe bytes.withUnsafeBytes { rest in
                unsafe pwrite(descriptor, rest.baseAddress! + written, rest.count - written, offset + written)
            }
            guard count >= 0 || errno == EINTR else { throw FileError(code: errno) }
            written += max(count, 0)
        }
        guard fsync(descriptor) == 0 else { throw FileError(code: errno) }
    }

    /// Waits until the entries of the folder around a file are on the disk.
    private static func flushFolder(of path: String) throws(FileError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(code: errno) }
    }
}
