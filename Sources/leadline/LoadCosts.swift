internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import TreeEnsemble

/// What it took to load a model file: time by step, and the most memory that was resident after each.
///
/// Memory is the whole process's peak (`VmHWM` in `/proc/self/status`), this program and its libraries included, so that
/// ``peakBytesBefore`` is to be taken off to see the model's part; nil where the system does not tell.
struct LoadCosts: Encodable {
    /// Bytes from the file into memory.
    private(set) var readMilliseconds = 0.0
    /// Bytes into an ensemble.
    private(set) var parseMilliseconds = 0.0
    /// Checks on the whole ensemble.
    private(set) var validateMilliseconds = 0.0
    /// The ensemble into the chosen kernel's form, which checks it once more.
    private(set) var packMilliseconds: Double?
    /// The peak before the file was opened.
    let peakBytesBefore: Int?
    /// The peak once the ensemble was read, while its file's bytes were there too.
    private(set) var peakBytesLoaded: Int?
    /// The peak once it was packed as well.
    private(set) var peakBytesPacked: Int?

    /// Loads a model file and takes note of what it costs.
    /// - Parameter path: as the user wrote it.
    /// - Returns: the file's bytes, the ensemble and the costs so far.
    /// - Throws: ``Failure`` or `ModelFileError`.
    static func loading(_ path: String) throws -> (bytes: [UInt8], ensemble: Ensemble, costs: LoadCosts) {
        var costs = LoadCosts(peakBytesBefore: peakBytes())
        let clock = ContinuousClock()
        let start = clock.now
        let bytes = try readWholeFile(path)
        let isRead = clock.now
        var isParsed = isRead
        let ensemble = try ModelFile.read(bytes, name: path) { isParsed = clock.now }
        costs.readMilliseconds = milliseconds(isRead - start)
        costs.parseMilliseconds = milliseconds(isParsed - isRead)
        costs.validateMilliseconds = milliseconds(clock.now - isParsed)
        costs.peakBytesLoaded = peakBytes()
        return (bytes, ensemble, costs)
    }

    /// Packs the ensemble, and takes note if nothing was packed before.
    /// - Throws: what the kernel says if it cannot run the ensemble.
    mutating func packing(_ ensemble: Ensemble, _ name: KernelName) throws -> EnsembleKernel {
        let clock = ContinuousClock()
        let start = clock.now
        let kernel = try EnsembleKernel(ensemble, kernel: name)
        if packMilliseconds == nil {
            packMilliseconds = Self.milliseconds(clock.now - start)
            peakBytesPacked = Self.peakBytes()
        }
        return kernel
    }

    /// The most memory of this process that was ever resident.
    static func peakBytes() -> Int? {
        guard let status = try? [UInt8](contentsOfFile: "/proc/self/status") else { return nil }
        let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "VmHWM:".utf8) }
        let digits = line?.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.flatMap { Int(String(decoding: $0, as: UTF8.self)) }.map { $0 * 1024 }
    }

    /// A time in milliseconds.
    static func milliseconds(_ duration: Duration) -> Double {
        // Whole microseconds: more is noise.
        (duration / .microseconds(1)).rounded() / 1_000
    }
}
