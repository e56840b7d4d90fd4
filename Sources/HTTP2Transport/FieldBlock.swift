internal import CNghttp2

/// Header fields on their way out, laid one after the other, as nghttp2 wants them.
struct FieldBlock {
    private var bytes: [UInt8] = []
    private var counts: [(name: Int, value: Int)] = []

    mutating func add(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: value.utf8)
        counts.append((name.utf8.count, value.utf8.count))
    }

    mutating func add(contentType: String?, contentLength: Int?, fields: [HTTP2Field]) {
        if let contentType { add("content-type", contentType) }
        if let contentLength { add("content-length", String(contentLength)) }
        for field in fields { add(field.name, field.value) }
    }

    /// Calls a body with the fields; the library copies what it keeps.
    mutating func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        // Safety: the entries point into `bytes`, which is not touched until the closure ends.
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var entries: [nghttp2_nv] = unsafe []
            var next = buffer.baseAddress
            for count in counts {
                let name = unsafe next
                let value = unsafe name.map { unsafe $0 + count.name }
                unsafe next = unsafe value.map { unsafe $0 + count.value }
                unsafe entries.append(
                    nghttp2_nv(
                        name: name,
                        value: value,
                        namelen: count.name,
                        valuelen: count.value,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                    )
                )
            }
            return unsafe entries.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
    }
}
