internal import Glibc

/// Small files of certificates and keys.
package enum PEMFile {
    /// The bytes of a file.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its bytes, at most 4 MiB of them.
    /// - Throws: `TLSError` with the system's words.
    package static func read(_ path: String) throws(TLSError) -> [UInt8] {
        // Safety: a Swift string lives through the call as a C string; so below.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last() }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while bytes.count < 4 << 20 {
            let capacity = block.count
            // Safety: the kernel writes at most `capacity` bytes into the block.
            let count = unsafe Glibc.read(descriptor, &block, capacity)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .last()
            }
            if count == 0 { break }
            bytes.append(contentsOf: block[..<count])
        }
        return bytes
    }

    /// Creates a file; one that is already there is left alone, and the call fails.
    ///
    /// - Parameters:
    ///   - bytes: What it holds.
    ///   - path: Where.
    ///   - isSecret: Whether its owner alone may read it.
    /// - Throws: `TLSError` with the system's words.
    package static func create(_ bytes: [UInt8], at path: String, isSecret: Bool) throws(TLSError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw .last() }
        defer { _ = close(descriptor) }
        var written = 0
        while written < bytes.count {
            // Safety: the slice's bytes live through the call.
            let count = unsafe bytes[written...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .last()
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw .last() }
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// Makes a folder and those above it.
    static func makeDirectory(_ path: String) throws(TLSError) {
        var index = path.startIndex
        while index < path.endIndex {
            let slash = path[path.index(after: index)...].firstIndex(of: "/") ?? path.endIndex
            guard unsafe mkdir(String(path[..<slash]), 0o755) == 0 || errno == EEXIST else { throw .last() }
            index = slash
        }
    }

    static func move(_ path: String, to place: String) throws(TLSError) {
        guard unsafe rename(path, place) == 0 else { throw .last() }
    }

    static func remove(_ path: String) throws(TLSError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .last() }
    }
}

extension TLSError {
    /// The errno of the call that has just failed.
    fileprivate static func last() -> TLSError {
        // Safety: strerror gives a NUL-terminated string, copied at once.
        TLSError(.file, unsafe String(cString: strerror(errno)))
    }
}
