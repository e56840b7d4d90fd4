internal import CNghttp2

/// Header fields on their way out, laid one after the other, as nghttp2 wants them; used again and again.
@safe struct FieldBlock {
    private var bytes: [UInt8] = []
    private var counts: [(name: Int, value: Int)] = []
    private var entries: [nghttp2_nv] = unsafe []

    init() {}

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
    }

    mutating func add(_ name: String, _ value: String) {
        append(name)
        append(value)
        counts.append((name.utf8.count, value.utf8.count))
    }

    /// Appending a string's view instead would copy it into an array first.
    private mutating func append(_ text: String) {
        // Safety: the storage is read while the string lives.
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { unsafe bytes.append(contentsOf: $0) }
        if isDone == nil { bytes.append(contentsOf: text.utf8) }
    }

    mutating func add(_ name: String, _ number: Int) {
        append(name)
        let start = bytes.count
        var left = max(0, number)
        repeat {
            bytes.append(UInt8(48 + left % 10))
            left /= 10
        } while left > 0
        bytes[start...].reverse()
        counts.append((name.utf8.count, bytes.count - start))
    }

    mutating func add(contentType: String?, contentLength: Int?, fields: [HTTP2Field]) {
        if let contentType { add("content-type", contentType) }
        if let contentLength { add("content-length", contentLength) }
        for field in fields { add(field.name, field.value) }
    }

    /// Calls a body with the fields; the library copies what it keeps.
    mutating func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        unsafe entries.removeAll(keepingCapacity: true)
        // Safety: the entries point into `bytes`, which is not touched until the closure ends.
        return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
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
