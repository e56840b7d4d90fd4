public import TreeEnsemble

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Why a stored plan cannot be used, in words; the ensemble is then packed anew.
public struct StoredPlanError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The bytes of a packed plan as ``bytes(of:for:modelDigest:)`` makes them.
///
/// They are checked once and then read where they are, so they are this program's own: a file that is mapped instead may
/// be written to or cut off under a kernel that reads it.
///
/// Unchecked because of its pointer: the bytes are not written while this value lives.
@safe
public final class StoredPlan: @unchecked Sendable {
    let start: UnsafeRawPointer
    /// Bytes in all.
    public let byteCount: Int

    #if !hasFeature(Embedded)
    /// Reads a file.
    /// - Parameters:
    ///   - path: the file; a link is not followed.
    ///   - expected: how long it must be, if that is known.
    /// - Throws: ``StoredPlanError`` if that cannot be.
    public init(readingFile path: String, byteCount expected: Int? = nil) throws(StoredPlanError) {
        // Safety: the path lives through the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw StoredPlanError("the file cannot be opened (errno \(errno))") }
        defer { close(descriptor) }
        var status = stat()
        // Safety: the structure lives through the call, which fills it in.
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoredPlanError("this is no regular file")
        }
        guard status.st_size > 0, let size = Int(exactly: status.st_size) else {
            throw StoredPlanError("the file is empty")
        }
        guard size == expected ?? size else { throw StoredPlanError("\(size) bytes instead of \(expected ?? size)") }
        // Safety: memory of the file's size, filled here, which `deinit` alone frees, or this if it cannot be filled.
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        var filled = 0
        while filled < size {
            let count = unsafe read(descriptor, bytes + filled, size - filled)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                unsafe bytes.deallocate()
                throw StoredPlanError(count == 0 ? "the file was cut off" : "the file cannot be read (errno \(errno))")
            }
            filled += count
        }
        unsafe start = UnsafeRawPointer(bytes)
        byteCount = size
    }
    #endif

    /// Keeps a copy of bytes.
    public init(copying bytes: [UInt8]) {
        // Safety: memory of the bytes' size, which `deinit` alone frees.
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 64), alignment: 64)
        unsafe bytes.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe copy.copyMemory(from: from, byteCount: source.count) }
        }
        unsafe start = UnsafeRawPointer(copy)
        byteCount = bytes.count
    }

    deinit {
        // Safety: nothing points here any longer, as whatever does keeps this object.
        unsafe start.deallocate()
    }

    /// Lends all bytes, for a digest of them.
    public func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        // Safety: the bytes live and stay as they are while this object lives, which the caller holds.
        unsafe body(RawSpan(_unsafeStart: start, byteCount: byteCount))
    }
}

// MARK: - The file

/// What comes before a stored plan's blocks; `proto-docs/MODEL-BUNDLE.md` is the specification.
///
/// ```text
///  0          8            12        16     20       24           32              64
///  +----------+------------+---------+------+--------+------------+---------------+---------------------------------+
///  | LDLPLAN1 | byte order | version | kind | blocks | file bytes | model SHA-256 | by block: offset u64, bytes u64 |
///  +----------+------------+---------+------+--------+------------+---------------+---------------------------------+
/// ```
/// Blocks start at multiples of 64, in order, with zeros between; the file ends with the last one's.
private enum PlanHeader {
    static let magic = Array("LDLPLAN1".utf8)
    static let byteOrder: UInt32 = 0x0102_0304
    /// One more with each change of any block's meaning.
    static let version: UInt32 = 2
    static let digestBytes = 32
    static let blockCount = PlanBlock.allCases.count
    static var byteCount: Int { lines(64 + 16 * blockCount) }

    /// Rounded up to whole cache lines.
    static func lines(_ count: Int) -> Int { (count + 63) / 64 * 64 }
}

extension StoredPlan {
    /// Packs a valid ensemble into bytes to keep in a file.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kind: for which kernels; they need not run here.
    ///   - modelDigest: the SHA-256 of the model file, 32 bytes.
    /// - Returns: the same bytes for the same ensemble and kind, on any processor of one byte order; nil for an ensemble that
    ///   is not packed into codes, but walked by raw values or linear.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    public static func bytes(
        of ensemble: Ensemble,
        for kind: PlanKind,
        modelDigest: [UInt8]
    ) throws(KernelError) -> [UInt8]? {
        precondition(modelDigest.count == PlanHeader.digestBytes, "a digest of SHA-256")
        guard !ensemble.needsRawValues else { return nil }
        let blocks = PlanBlocks()
        let shape = try PackedPlan.pack(ensemble.widened, kind, into: blocks)
        blocks.put(.head, PlanHead(EnsembleOutline(ensemble), shape, ensemble.derivedFeatures).bytes)
        var places: [(offset: Int, count: Int)] = []
        var end = PlanHeader.byteCount
        for block in PlanBlock.allCases {
            places.append((end, blocks.byteCount(block)))
            end += PlanHeader.lines(blocks.byteCount(block))
        }
        var file: [UInt8] = []
        file.reserveCapacity(end)
        func append<Number: BitwiseCopyable>(_ number: Number) {
            // Safety: the number's bytes are copied.
            unsafe withUnsafeBytes(of: number) { unsafe file.append(contentsOf: $0) }
        }
        file += PlanHeader.magic
        for word in [PlanHeader.byteOrder, PlanHeader.version, kind.code, UInt32(places.count)] { append(word) }
        append(UInt64(end))
        file += modelDigest
        for place in places {
            append(UInt64(place.offset))
            append(UInt64(place.count))
        }
        for (block, place) in zip(PlanBlock.allCases, places) {
            file.append(contentsOf: repeatElement(0, count: place.offset - file.count))
            // Safety: the block has `count` bytes, which are copied.
            let bytes = unsafe UnsafeRawBufferPointer(start: blocks.start(block), count: place.count)
            unsafe file.append(contentsOf: bytes)
        }
        file.append(contentsOf: repeatElement(0, count: end - file.count))
        return file
    }

    /// The kind of kernels that the plan was packed for.
    /// - Throws: ``StoredPlanError`` if this is no plan that this program and processor read.
    public func kind() throws(StoredPlanError) -> PlanKind {
        guard byteCount >= PlanHeader.byteCount else {
            throw StoredPlanError("\(byteCount) bytes are too few for a plan")
        }
        guard bytes(0, 8) == PlanHeader.magic else { throw StoredPlanError("this is no packed plan") }
        guard word(8) == PlanHeader.byteOrder else {
            throw StoredPlanError("it was packed on a processor of the other byte order")
        }
        guard word(12) == PlanHeader.version else {
            throw StoredPlanError("it is of version \(word(12)); this program reads version \(PlanHeader.version)")
        }
        guard let kind = PlanKind(code: word(16)) else {
            throw StoredPlanError("it is of the unknown kind \(word(16))")
        }
        return kind
    }

    // Safety: the header's bytes are there, as `kind()` checks before anything else.
    private func word(_ offset: Int) -> UInt32 { unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    private func long(_ offset: Int) -> UInt64 { unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    private func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(start: start + offset, count: count))
    }

    /// The blocks, once the header is known to be right.
    ///
    /// - Parameters:
    ///   - kind: the kind that the kernel reads.
    ///   - modelDigest: the SHA-256 of the model file that the plan must be of.
    /// - Returns: the blocks, each inside the plan; what is in them is not looked at.
    /// - Throws: ``StoredPlanError``.
    func blocks(for kind: PlanKind, modelDigest: [UInt8]) throws(StoredPlanError) -> PlanBlocks {
        let own = try self.kind()
        guard own == kind else { throw StoredPlanError("it was packed for other kernels (\(own))") }
        guard Int(word(20)) == PlanHeader.blockCount else { throw StoredPlanError("it has another number of blocks") }
        guard long(24) == UInt64(byteCount) else {
            throw StoredPlanError("it is cut off, or has more bytes than it says")
        }
        guard bytes(32, PlanHeader.digestBytes) == modelDigest else {
            throw StoredPlanError("it was made from another model file")
        }
        var places: [Range<Int>] = []
        var end = PlanHeader.byteCount
        for index in 0..<PlanHeader.blockCount {
            let (offset, count) = (long(64 + 16 * index), long(72 + 16 * index))
            guard offset == UInt64(end), count <= UInt64(byteCount - end) else {
                throw StoredPlanError("block \(index) is not where it should be")
            }
            places.append(end..<end + Int(count))
            end = PlanHeader.lines(end + Int(count))
            guard end <= byteCount else { throw StoredPlanError("block \(index) is not where it should be") }
        }
        guard end == byteCount else { throw StoredPlanError("there are bytes behind the last block") }
        return PlanBlocks(places, of: self)
    }
}
