internal import Glibc

/// A text as a key of sets and dictionaries, told from others by its bytes.
///
/// A `String` is told apart by its characters, which it puts into a normal form to hash or compare: a stranger's text of
/// many accents on one letter takes the square of its length, minutes for a megabyte. And two spellings of "é" are two
/// texts here, as they are to models.
public struct UTF8Key: Hashable, Sendable {
    /// The text.
    public let text: String

    /// The key of a text.
    public init(_ text: String) { self.text = text }

    /// Whether both have the same bytes.
    public static func == (one: UTF8Key, other: UTF8Key) -> Bool {
        guard one.text.utf8.count == other.text.utf8.count else { return false }
        // Safety: both have as many bytes as the first, and they are read inside the closures only.
        let isSame = unsafe one.text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe other.text.utf8.withContiguousStorageIfAvailable { others in
                unsafe bytes.isEmpty || memcmp(bytes.baseAddress!, others.baseAddress!, bytes.count) == 0
            }
        }
        return (isSame ?? nil) ?? one.text.utf8.elementsEqual(other.text.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        // Safety: the bytes are read inside the closure only.
        let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
        hasher.combine(UInt8(0xFF))
    }
}
