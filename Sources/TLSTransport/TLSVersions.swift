internal import COpenSSL

/// The OpenSSL library in use, which need not be the one compiled against.
public enum OpenSSLLibrary {
    /// The version in words, such as "OpenSSL 3.0.22 ...".
    public static var version: String {
        // Safety: the text is a constant of the library.
        unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
    }

    /// Why this version should not face the world, or `nil`.
    ///
    /// Below 3.0.21 a half-open handshake that announces a large message makes the server hold its size in memory.
    public static var warning: String? {
        let number = OpenSSL_version_num()
        // 0xMNN00PP0: major, minor, patch.
        let (major, minor, patch) = (number >> 28, number >> 20 & 0xff, number >> 4 & 0xff)
        guard major == 3, minor == 0, patch < 21 else { return nil }
        return "OpenSSL 3.0.\(patch) holds announced handshake bytes in memory; 3.0.21 or later is advised"
    }
}
