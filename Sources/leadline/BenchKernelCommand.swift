internal import ArgumentParser
internal import EnsembleFormats
internal import EnsembleKernels
internal import TreeEnsemble

/// Times the evaluator alone.
struct BenchKernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Time the evaluator on a model and rows: from float32 rows in memory to margins.",
        discussion: """
            One JSON object a line and batch size: nanoseconds a row on one thread (the median of nine samples of at least 40 ms, \
            consecutive calls on different rows), and the kernel that ran. Before trees are looked at, values are turned \
            into codes, a byte each: preparation_share is the part of the time that this takes. With --codes it is done \
            beforehand, and the trees alone are timed. With --threads each call is timed while all threads score, the \
            clock's own time included, and ns_per_row is wall time by row of all threads together.

            Examples:
              leadline bench kernel model.json --rows rows.npy --batches 1,1000
              leadline bench kernel model.json --rows rows.npy --codes
              leadline bench kernel model.json --rows rows.npy --batches 1,10000 --threads 2
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("The rows, a .npy file of float32 or float64.", valueName: "file"))
    var rows: String

    @Option(help: ArgumentHelp("Rows a call, comma-separated.", valueName: "sizes"))
    var batches = "1,10,100,1000,10000"

    @Option(help: ArgumentHelp("The kernel (default: the best here).", valueName: "name"))
    var kernel: String?

    @Option(
        help: ArgumentHelp(
            "How trees are gone through (default: the fastest for the batch, as measured).",
            valueName: "form"
        )
    )
    var form: FormChoice?

    @Flag(help: "Time the trees alone, on rows that were turned into codes beforehand.")
    var codes = false

    @Option(
        help: ArgumentHelp(
            "Score on so many threads at once, and tell the latency of single calls: its median, p99, p99.9 and longest.",
            valueName: "count"
        )
    )
    var threads: Int?

    @Option(help: ArgumentHelp("Write all rows' margins, raw float64, in order.", valueName: "file"))
    var write: String?

    private struct Line: Encodable {
        var batch: Int
        var nsPerRow: Double
        var nsPerRowLeast: Double
        var disturbed: Int
        var kernel: String
        /// Whether rows were turned into codes beforehand.
        var codes: Bool
        /// The part of the time that goes into codes; nil where that is not timed, or there are none.
        var preparationShare: Double?
    }

    /// A line of a run on several threads.
    private struct LoadLine: Encodable {
        var batch: Int
        var threads: Int
        /// Wall time of all threads together.
        var nsPerRow: Double
        var latencyNs: KernelLoad.Latency
        var kernel: String
    }

    func validate() throws {
        _ = try kernelName()
        if let threads, !(1...Self.threadsMax).contains(threads) {
            throw ValidationError("--threads takes a number from 1 to \(Self.threadsMax)")
        }
        if codes, threads != nil { throw ValidationError("--threads scores rows, not codes; leave one of the two out") }
        guard !batchSizes.isEmpty, batchSizes.allSatisfy({ $0 > 0 }),
            batchSizes.count == batches.split(separator: ",", omittingEmptySubsequences: false).count
        else { throw ValidationError("--batches takes positive numbers with commas between, for example 1,10,1000") }
    }

    private static let threadsMax = 256

    private func kernelName() throws -> KernelName? {
        guard let kernel else { return nil }
        guard let name = KernelName(rawValue: kernel) else { throw ValidationError(KernelReport.unknown(kernel)) }
        return name
    }

    private var batchSizes: [Int] { batches.split(separator: ",").compactMap { Int($0) } }

    func run() throws {
        let ensemble = try ModelFile.read(readWholeFile(model), name: model)
        let packed: EnsembleKernel
        do {
            packed = try EnsembleKernel(ensemble, kernel: kernelName(), form: form?.form)
        } catch {
            throw Failure("\(model): \(error)")
        }
        let (rowCount, values) = try readRows(ensemble)
        for batch in batchSizes {
            guard batch <= rowCount else {
                throw Failure(
                    "\(rows) has \(rowCount) rows, too few for batches of \(batch); leave it out of --batches"
                )
            }
            if let threads {
                let load = KernelLoad(packed, values, rowCount: rowCount, batch: batch, threads: threads)
                try printJSONLine(
                    LoadLine(
                        batch: batch,
                        threads: threads,
                        nsPerRow: load.nanosecondsPerRow,
                        latencyNs: load.latency,
                        kernel: packed.kernel.rawValue
                    )
                )
                continue
            }
            let trees = KernelTiming(codesOf: values.span, packed, rowCount: rowCount, batch: batch)
            if codes, trees == nil {
                throw Failure("\(model) is not scored by codes; leave --codes out")
            }
            let timing =
                if codes, let trees {
                    trees
                } else {
                    KernelTiming(packed, values.span, rowCount: rowCount, batch: batch)
                }
            let share = trees.map { max(0, 1 - $0.nanosecondsPerRow / timing.nanosecondsPerRow) }
            try printJSONLine(
                Line(
                    batch: batch,
                    nsPerRow: timing.nanosecondsPerRow,
                    nsPerRowLeast: timing.nanosecondsPerRowLeast,
                    disturbed: timing.disturbed,
                    kernel: packed.kernel.rawValue,
                    codes: codes,
                    preparationShare: codes ? nil : share.map { ($0 * 1_000).rounded() / 1_000 }
                )
            )
        }
        if let write { try writeMargins(packed, values, rowCount, to: write) }
    }

    private func readRows(_ ensemble: Ensemble) throws -> (count: Int, values: [Float]) {
        let array: NumpyArray
        do {
            array = try NumpyArray(reading: readWholeFile(rows))
        } catch let error as NumpyArrayError {
            throw Failure("\(rows): \(error)")
        }
        guard array.shape.count == 2, array.shape[1] == ensemble.featureCount, array.shape[0] > 0 else {
            let shape = array.shape.map(String.init).joined(separator: ", ")
            throw Failure("\(rows) has the shape (\(shape)); the model needs (rows, \(ensemble.featureCount))")
        }
        switch array.values {
        case .float32(let values): return (array.shape[0], values)
        case .float64(let values): return (array.shape[0], values.map { Float($0) })
        }
    }

    private func writeMargins(_ kernel: EnsembleKernel, _ values: [Float], _ rowCount: Int, to path: String) throws {
        var margins = [Double](repeating: 0, count: rowCount * kernel.outputCount)
        var span = margins.mutableSpan
        kernel.margins(
            rows: rowCount,
            values: values.span,
            layout: .rowMajor(stride: kernel.featureCount),
            scratch: KernelScratch(),
            into: &span
        )
        var bytes: [UInt8] = []
        bytes.reserveCapacity(margins.count * 8)
        for margin in margins {
            let bits = margin.bitPattern.littleEndian
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
            }
        }
        try writeWholeFile(path, bytes)
    }
}

/// A form of evaluation that is asked for by name.
struct FormChoice: ExpressibleByArgument {
    let form: EvaluationForm

    init?(argument: String) {
        guard let form = EvaluationForm(rawValue: argument) else { return nil }
        self.form = form
    }

    static var allValueStrings: [String] { EvaluationForm.allCases.map(\.rawValue) }
}
