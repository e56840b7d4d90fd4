/// Whole columns out of little-endian bytes at any alignment.
///
/// Every loop has plain bodies over plain pointers, so that the compiler turns them into vector code; the range is checked
/// once, before.
extension RawSpan {
    /// Copies values of a packed column, each widened or rounded to single precision.
    ///
    /// - Parameters:
    ///   - rows: Which values, counted from the column's first.
    ///   - element: How they lie in the bytes.
    ///   - offset: Where the column's first value begins.
    ///   - target: Takes `rows.count` values from its start; the rest of it stays as it was.
    public func copyColumn(
        rows: Range<Int>,
        of element: PackedElement,
        at offset: Int,
        into target: inout MutableSpan<Float>
    ) {
        checkColumn(rows, element, offset, room: target.count)
        // Safety: `checkColumn` has put the rows inside the span and inside the target; both live through the closures,
        // do not overlap (one is exclusive), and the reads need no alignment.
        unsafe withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBufferPointer { output in
                guard let base = source.baseAddress, let to = output.baseAddress else { return }
                let column = unsafe base + offset
                let count = rows.count
                let first = rows.lowerBound
                switch element {
                case .bit: unsafe copyBits(column, first, to, count)
                case .uint8: unsafe convert(column + first, UInt8.self, to, count) { Float($0) }
                case .int8: unsafe convert(column + first, Int8.self, to, count) { Float($0) }
                case .uint16: unsafe convert(column + 2 * first, UInt16.self, to, count) { Float($0) }
                case .int16: unsafe convert(column + 2 * first, Int16.self, to, count) { Float($0) }
                case .int32: unsafe convert(column + 4 * first, Int32.self, to, count) { Float($0) }
                case .int64: unsafe convert(column + 8 * first, Int64.self, to, count) { Float($0) }
                case .microseconds:
                    unsafe convert(column + 8 * first, Int64.self, to, count) { Float(days(microseconds: $0)) }
                case .float16: unsafe convert(column + 2 * first, UInt16.self, to, count) { Float(widened(half: $0)) }
                case .float32:
                    unsafe UnsafeMutableRawPointer(to).copyMemory(from: column + 4 * first, byteCount: 4 * count)
                case .float64: unsafe convert(column + 8 * first, Double.self, to, count) { Float($0) }
                }
            }
        }
    }

    /// Copies values of a packed column, each widened to double precision.
    ///
    /// - Parameters:
    ///   - rows: Which values, counted from the column's first.
    ///   - element: How they lie in the bytes.
    ///   - offset: Where the column's first value begins.
    ///   - target: Takes `rows.count` values from its start; the rest of it stays as it was.
    public func copyColumn(
        rows: Range<Int>,
        of element: PackedElement,
        at offset: Int,
        into target: inout MutableSpan<Double>
    ) {
        checkColumn(rows, element, offset, room: target.count)
        // Safety: as in the copy to single precision.
        unsafe withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBufferPointer { output in
                guard let base = source.baseAddress, let to = output.baseAddress else { return }
                let column = unsafe base + offset
                let count = rows.count
                let first = rows.lowerBound
                switch element {
                case .bit: unsafe copyBits(column, first, to, count)
                case .uint8: unsafe convert(column + first, UInt8.self, to, count) { Double($0) }
                case .int8: unsafe convert(column + first, Int8.self, to, count) { Double($0) }
                case .uint16: unsafe convert(column + 2 * first, UInt16.self, to, count) { Double($0) }
                case .int16: unsafe convert(column + 2 * first, Int16.self, to, count) { Double($0) }
                case .int32: unsafe convert(column + 4 * first, Int32.self, to, count) { Double($0) }
                case .int64: unsafe convert(column + 8 * first, Int64.self, to, count) { Double($0) }
                case .microseconds:
                    unsafe convert(column + 8 * first, Int64.self, to, count) { Double(days(microseconds: $0)) }
                case .float16: unsafe convert(column + 2 * first, UInt16.self, to, count) { Double(widened(half: $0)) }
                case .float32: unsafe convert(column + 4 * first, Float.self, to, count) { Double($0) }
                case .float64:
                    unsafe UnsafeMutableRawPointer(to).copyMemory(from: column + 8 * first, byteCount: 8 * count)
                }
            }
        }
    }

    /// One value of a packed column.
    ///
    /// - Parameters:
    ///   - index: Which value, counted from the column's first.
    ///   - element: How they lie in the bytes.
    ///   - offset: Where the column's first value begins.
    /// - Returns: The value in double precision.
    public func value(at index: Int, of element: PackedElement, at offset: Int) -> Double {
        checkColumn(index..<index + 1, element, offset, room: 1)
        // Safety: `checkColumn` has put the value inside the span, which lives through the closure; no alignment is needed.
        return unsafe withUnsafeBytes { source in
            let column = unsafe source.baseAddress! + offset
            switch element {
            case .bit:
                return unsafe Double(column.load(fromByteOffset: index >> 3, as: UInt8.self) &>> UInt8(index & 7) & 1)
            case .uint8: return unsafe Double(column.load(fromByteOffset: index, as: UInt8.self))
            case .int8: return unsafe Double(column.load(fromByteOffset: index, as: Int8.self))
            case .uint16: return unsafe Double(column.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            case .int16: return unsafe Double(column.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))
            case .int32: return unsafe Double(column.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
            case .int64: return unsafe Double(column.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
            case .microseconds:
                return days(microseconds: unsafe column.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
            case .float16:
                return Double(widened(half: unsafe column.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
            case .float32: return unsafe Double(column.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
            case .float64: return unsafe column.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)
            }
        }
    }

    /// Copies single-precision values that lie a stride apart.
    ///
    /// - Parameters:
    ///   - rows: Which values, counted from the first.
    ///   - stride: Bytes from one value to the next, at least four.
    ///   - offset: Where the first value begins.
    ///   - target: Takes `rows.count` values from its start.
    public func copyStrided<Value: BinaryFloatingPoint>(
        rows: Range<Int>,
        stride: Int,
        at offset: Int,
        into target: inout MutableSpan<Value>
    ) {
        precondition(offset >= 0 && stride >= 4 && stride <= byteCount, "values outside the span")
        precondition(rows.lowerBound >= 0 && rows.upperBound <= Int(Int32.max) && rows.count <= target.count, "rows")
        precondition(
            rows.isEmpty || offset + (rows.upperBound - 1) * stride + 4 <= byteCount,
            "values outside the span"
        )
        // Safety: the values are inside the span, as looked at just above; the reads need no alignment.
        unsafe withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBufferPointer { output in
                guard let base = source.baseAddress, let to = output.baseAddress else { return }
                var next = unsafe base + offset + rows.lowerBound * stride
                for index in 0..<rows.count {
                    unsafe to[index] = Value(next.loadUnaligned(as: Float.self))
                    unsafe next += stride
                }
            }
        }
    }

    /// Puts NaN wherever a validity bitmap has a clear bit.
    ///
    /// - Parameters:
    ///   - rows: Which bits, counted from the bitmap's first.
    ///   - offset: Where the bitmap begins; the lowest bit of a byte comes first.
    ///   - target: Its element 0 belongs to the first of the rows.
    public func clearInvalid(rows: Range<Int>, bitmapAt offset: Int, in target: inout MutableSpan<Float>) {
        checkColumn(rows, .bit, offset, room: target.count)
        // Safety: as in the copies.
        unsafe withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBufferPointer { output in
                guard let base = source.baseAddress, let to = output.baseAddress else { return }
                unsafe maskInvalid(base + offset, rows.lowerBound, to, rows.count)
            }
        }
    }

    /// Puts NaN wherever a validity bitmap has a clear bit.
    ///
    /// - Parameters:
    ///   - rows: Which bits, counted from the bitmap's first.
    ///   - offset: Where the bitmap begins; the lowest bit of a byte comes first.
    ///   - target: Its element 0 belongs to the first of the rows.
    public func clearInvalid(rows: Range<Int>, bitmapAt offset: Int, in target: inout MutableSpan<Double>) {
        checkColumn(rows, .bit, offset, room: target.count)
        // Safety: as in the copies.
        unsafe withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBufferPointer { output in
                guard let base = source.baseAddress, let to = output.baseAddress else { return }
                unsafe maskInvalid(base + offset, rows.lowerBound, to, rows.count)
            }
        }
    }

    /// The largest of the bytes in the range, 0 when there are none.
    public func largestByte(in range: Range<Int>) -> UInt8 {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        // Safety: the range is inside the span, which lives through the closure.
        return unsafe withUnsafeBytes { source in
            var largest: UInt8 = 0
            for index in range { unsafe largest = max(largest, source[index]) }
            return largest
        }
    }

    /// The largest of so many unsigned 16-bit integers from this offset, 0 when there are none.
    public func largestUInt16(at offset: Int, count: Int) -> UInt16 {
        checkColumn(0..<count, .uint16, offset, room: count)
        // Safety: `checkColumn` has put the integers inside the span; the reads need no alignment.
        return unsafe withUnsafeBytes { source in
            var largest: UInt16 = 0
            for index in 0..<count {
                unsafe largest = max(largest, source.loadUnaligned(fromByteOffset: offset + 2 * index, as: UInt16.self))
            }
            return largest
        }
    }

    private func checkColumn(_ rows: Range<Int>, _ element: PackedElement, _ offset: Int, room: Int) {
        precondition(offset >= 0 && offset <= byteCount, "a column that begins outside the span")
        precondition(rows.lowerBound >= 0 && rows.upperBound <= Int(Int32.max), "rows out of range")
        precondition(
            element.byteCount(of: rows.upperBound) <= byteCount - offset,
            "a column that ends outside the span"
        )
        precondition(rows.count <= room, "a column longer than its target")
    }
}

/// A half-precision number in single precision, which holds them all (IEEE 754-2019, 3.6).
///
/// Its exponent and fraction are put where single precision has them, and the scale makes up for the difference of the
/// biases, for subnormal numbers too. No branch, so that many are widened at once.
@inline(__always)
private func widened(half: UInt16) -> Float {
    let bits = UInt32(half & 0x7FFF) << 13
    let scaled = (Float(bitPattern: bits) * 0x1p112).bitPattern
    let magnitude = half & 0x7C00 == 0x7C00 ? bits | 0x7F80_0000 : scaled
    return Float(bitPattern: magnitude | UInt32(half & 0x8000) << 16)
}

@inline(__always)
private func days(microseconds: Int64) -> Double { Double(microseconds) / 86_400_000_000 }

@inline(__always)
private func convert<Source: BitwiseCopyable, Target>(
    _ source: UnsafeRawPointer,
    _ type: Source.Type,
    _ target: UnsafeMutablePointer<Target>,
    _ count: Int,
    _ body: (Source) -> Target
) {
    // Safety: the caller has `count` values at both pointers.
    for index in 0..<count {
        unsafe target[index] = body(
            source.loadUnaligned(fromByteOffset: index &* MemoryLayout<Source>.size, as: Source.self)
        )
    }
}

@inline(__always)
private func copyBits<Target: BinaryFloatingPoint>(
    _ bits: UnsafeRawPointer,
    _ first: Int,
    _ target: UnsafeMutablePointer<Target>,
    _ count: Int
) {
    // Safety: the caller has bits up to `first + count` and as many targets.
    unsafe eachByte(bits, first, count) { byte, row, lanes in
        for lane in 0..<lanes {
            unsafe target[row &+ lane] = Target((byte &>> UInt8(truncatingIfNeeded: lane)) & 1)
        }
    }
}

@inline(__always)
private func maskInvalid<Target: BinaryFloatingPoint>(
    _ bitmap: UnsafeRawPointer,
    _ first: Int,
    _ target: UnsafeMutablePointer<Target>,
    _ count: Int
) {
    // Safety: the caller has bits up to `first + count` and as many targets.
    unsafe eachByte(bitmap, first, count) { byte, row, lanes in
        guard byte != 0xFF else { return }
        for lane in 0..<lanes {
            let valid = (byte &>> UInt8(truncatingIfNeeded: lane)) & 1 != 0
            unsafe target[row &+ lane] = valid ? target[row &+ lane] : Target.nan
        }
    }
}

/// Calls the body for each byte's worth of bits, the wanted ones shifted down to the lowest; only the first and the last
/// may be fewer than eight.
@inline(__always)
private func eachByte(_ bits: UnsafeRawPointer, _ first: Int, _ count: Int, _ body: (UInt8, Int, Int) -> Void) {
    var row = 0
    let skipped = first & 7
    // Safety: the caller has bits up to `first + count`, so every byte that holds one of them.
    var next = unsafe bits + (first >> 3)
    if skipped != 0, count > 0 {
        let lanes = min(8 - skipped, count)
        body(unsafe next.load(as: UInt8.self) &>> UInt8(skipped), 0, lanes)
        row = lanes
        unsafe next += 1
    }
    while row &+ 8 <= count {
        body(unsafe next.load(as: UInt8.self), row, 8)
        row &+= 8
        unsafe next += 1
    }
    if row < count {
        body(unsafe next.load(as: UInt8.self), row, count &- row)
    }
}
