internal import ByteKit
internal import COpenSSL

/// What OpenSSL reads from and writes to instead of a socket.
///
/// It lives in memory of its own, so that the C side has an address that never moves.
@unsafe struct TLSChannel: ~Copyable {
    /// Ciphertext of the call under way; nothing outside of it.
    var input: UnsafeRawPointer?
    var inputCount = 0

    /// Ciphertext for the peer.
    var outgoing: ByteQueue

    /// Messages of handshakes that a server's peer has sent, and those among them before the session was open.
    var handshakeMessages = 0
    var messagesToOpen = 0
}

/// The methods of our BIO: reads come from the channel's input, writes go to its outgoing queue and never fail.
enum MemoryBIO {
    // Safety: made once, under the lock of `static let`, never freed or changed.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK), "leadline channel")
        _ = unsafe BIO_meth_set_read(method, readChannel)
        _ = unsafe BIO_meth_set_write(method, writeChannel)
        _ = unsafe BIO_meth_set_ctrl(method, controlChannel)
        _ = unsafe BIO_meth_set_create(method) { bio in
            unsafe BIO_set_init(bio, 1)
            return 1
        }
        return unsafe method
    }()

    /// A BIO over a channel that outlives it.
    @unsafe static func make(over channel: UnsafeMutablePointer<TLSChannel>) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, channel)
        return unsafe bio
    }
}

private func readChannel(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    // Safety: the data pointer is the channel's, which outlives the BIO; input is valid during the session's call.
    unsafe leadline_BIO_clear_retry_flags(bio)
    guard let channel = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSChannel.self), let bytes = unsafe bytes
    else { return -1 }
    let taken = unsafe min(Int(count), channel.pointee.inputCount)
    guard taken > 0, let input = unsafe channel.pointee.input else {
        unsafe leadline_BIO_set_retry_read(bio)
        return -1
    }
    unsafe UnsafeMutableRawPointer(bytes).copyMemory(from: input, byteCount: taken)
    unsafe channel.pointee.input = unsafe input + taken
    unsafe channel.pointee.inputCount &-= taken
    return Int32(taken)
}

private func writeChannel(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    // Safety: as above; the library owns `count` readable bytes.
    unsafe leadline_BIO_clear_retry_flags(bio)
    guard let channel = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSChannel.self), let bytes = unsafe bytes,
        count > 0
    else { return -1 }
    let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: Int(count))
    unsafe channel.pointee.outgoing.append(span)
    return count
}

private func controlChannel(
    _ bio: OpaquePointer?,
    _ command: Int32,
    _ number: Int,
    _ pointer: UnsafeMutableRawPointer?
) -> Int {
    // Flushing succeeds because nothing is held back; every other wish is unknown to us.
    command == BIO_CTRL_FLUSH ? 1 : 0
}
