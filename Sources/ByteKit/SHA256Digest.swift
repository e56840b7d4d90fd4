internal import COpenSSL

/// SHA-256, from OpenSSL's library.
public enum SHA256Digest {
    /// The 32 bytes of the digest.
    public static func of(_ bytes: [UInt8]) -> [UInt8] { of(bytes.rawBytes) }

    /// The 32 bytes of the digest.
    public static func of(_ bytes: RawSpan) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        // Safety: span and array live through the call, and SHA256 writes exactly SHA256_DIGEST_LENGTH bytes.
        unsafe bytes.withUnsafeBytes { input in
            unsafe digest.withUnsafeMutableBufferPointer { output in
                let start = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                _ = unsafe SHA256(start, input.count, output.baseAddress)
            }
        }
        return digest
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public static func hexadecimal(of bytes: [UInt8]) -> String { hexadecimal(of: bytes.rawBytes) }

    /// The digest as 64 lower-case hexadecimal digits.
    public static func hexadecimal(of bytes: RawSpan) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in of(bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The 32 bytes that 64 lower-case hexadecimal digits stand for; nil if they are something else.
    public static func bytes(hexadecimal text: String) -> [UInt8]? {
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        let digits = text.utf8.compactMap(value)
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return (0..<32).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }
}
