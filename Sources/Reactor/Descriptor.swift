internal import Glibc

/// A file descriptor with one owner, closed when the owner goes.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes ownership of what a call returned.
    ///
    /// - Parameters:
    ///   - number: The result of the call; negative is its failure.
    ///   - call: The C name of the call.
    /// - Throws: `SystemError` when the call failed.
    init(_ number: Int32, from call: String) throws(SystemError) {
        guard number >= 0 else { throw .last(call) }
        self.number = number
    }

    deinit {
        // Linux frees the number even when close(2) reports an error: trying again could close a stranger's.
        _ = close(number)
    }
}
