internal import CNghttp2

/// The nghttp2 library in use, which need not be the one compiled against.
public enum HTTP2Library {
    /// The version in words, such as "nghttp2 1.52.0".
    public static var version: String {
        // Safety: the library returns a constant.
        guard let information = unsafe nghttp2_version(0) else { return "nghttp2" }
        return unsafe "nghttp2 " + String(cString: information.pointee.version_str)
    }
}
