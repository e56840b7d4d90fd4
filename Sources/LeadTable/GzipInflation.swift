internal import CZlib

/// Inflates a gzip file, all its members, within the limits.
func inflatedGzip(_ bytes: [UInt8], fileName: String, limits: TableLimits) throws -> [UInt8] {
    var inflater = try GzipInflater(fileName: fileName)
    return try inflater.inflateAll(bytes, limits: limits)
}

/// Owns a zlib stream for reading gzip; ends it exactly once.
@safe private struct GzipInflater: ~Copyable {
    private var stream: UnsafeMutablePointer<z_stream>
    private let fileName: String

    init(fileName: String) throws {
        self.fileName = fileName
        // Safety: the stream is a zeroed block of its own, freed in deinit only; zlib keeps a pointer back to it, so it must not
        // move, and a heap block does not.
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 16 more than the window bits ask for gzip's own header and check sum.
        let status = unsafe inflateInit2_(stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw TableError(
                .badGzip,
                file: fileName,
                problem: "zlib would not start (\(status))",
                remedy: "inflate it by hand"
            )
        }
    }

    deinit {
        // Safety: `stream` is the block `init` made, and nothing else frees it; ending a stream that did not start is harmless.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    mutating func inflateAll(_ bytes: [UInt8], limits: TableLimits) throws -> [UInt8] {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var read = 0
        while true {
            // Safety: zlib reads only from `input` (count given, at most 1 GiB a call) and writes only to `output` (count given);
            // both arrays outlive the call, and the pointers are not used after it.
            let status = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe chunk.withUnsafeMutableBufferPointer { output in
                    guard let source = input.baseAddress else { return Z_BUF_ERROR }
                    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source + read)
                    unsafe stream.pointee.avail_in = UInt32(min(input.count - read, 1 << 30))
                    unsafe stream.pointee.next_out = output.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(output.count)
                    let offered = unsafe Int(stream.pointee.avail_in)
                    let status = unsafe inflate(stream, Z_NO_FLUSH)
                    unsafe read += offered - Int(stream.pointee.avail_in)
                    return status
                }
            }
            let written = unsafe chunk.count - Int(stream.pointee.avail_out)
            text.append(contentsOf: chunk[..<written])
            try check(text.count, from: read, limits)
            if status == Z_STREAM_END {
                // Another member may follow; anything else after the end is padding and is left alone, as gzip does.
                guard read + 1 < bytes.count, bytes[read] == 0x1F, bytes[read + 1] == 0x8B else { return text }
                // Safety: the stream is ours and started.
                unsafe inflateReset(stream)
            } else if status != Z_OK {
                throw damaged(status, at: read, inflated: text.count, of: bytes.count)
            }
        }
    }

    private func check(_ count: Int, from read: Int, _ limits: TableLimits) throws {
        let isBomb = count > 64 << 20 && count / max(1, read) > limits.inflationRatioMax
        guard count > limits.textBytesMax || isBomb else { return }
        throw TableError(
            .tooLarge,
            file: fileName,
            byte: count,
            problem: isBomb
                ? "\(read) bytes of gzip hold more than \(limits.inflationRatioMax) times as much text"
                : "the inflated text is beyond the limit of \(limits.textBytesMax) bytes",
            remedy: isBomb ? "inflate it by hand if it is meant to be so" : "split the file"
        )
    }

    private func damaged(_ status: Int32, at read: Int, inflated: Int, of count: Int) -> TableError {
        let cut = status == Z_BUF_ERROR
        return TableError(
            .badGzip,
            file: fileName,
            byte: read,
            problem: cut
                ? "the gzip stream is cut off after \(count) bytes (\(inflated) inflated)"
                : "the gzip stream is damaged here (\(inflated) bytes inflated)",
            remedy: "fetch or write the file again"
        )
    }
}
