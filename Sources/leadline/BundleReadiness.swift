internal import EnsembleKernels
internal import LeadScoring
internal import ModelStore

/// How long a bundle takes from its folder to a model that is ready to serve, and what is used for it.
struct BundleReadiness: Encodable {
    /// A packed plan among the bundle's files.
    struct Plan: Encodable {
        var file: String
        var bytes: Int
        /// The kind of kernels that it is for; nil if it cannot be read.
        var kind: String?
        /// Whether this processor's best kernel reads it.
        var isUsed: Bool
        /// Why it is not used, though it should be.
        var reason: String?
    }

    /// In a process that has just begun.
    let firstMilliseconds: Double
    /// Once more, the shortest of a few: as a server that runs takes it into service.
    let againMilliseconds: Double
    /// Bytes of the packed ensemble; those of a plan are as the file has them.
    let packedBytes: Int
    /// The most memory that was resident before and after the first time; nil where the system does not tell.
    let peakBytesBefore: Int?
    let peakBytesReady: Int?
    let plans: [Plan]

    /// Loads a bundle as a server does.
    /// - Parameter path: the bundle's or model's folder.
    /// - Throws: `BundleError`.
    init(loading path: String) throws {
        peakBytesBefore = LoadCosts.peakBytes()
        func loadingTime() throws -> (bundle: LoadedBundle, milliseconds: Double) {
            let clock = ContinuousClock()
            let start = clock.now
            let bundle = try BundleStore.load(path: path)
            return (bundle, LoadCosts.milliseconds(clock.now - start))
        }
        let first = try loadingTime()
        firstMilliseconds = first.milliseconds
        peakBytesReady = LoadCosts.peakBytes()
        againMilliseconds = try (0..<Self.rounds).reduce(first.milliseconds) { least, _ in
            min(least, try loadingTime().milliseconds)
        }
        let bundle = first.bundle
        packedBytes = bundle.model.kernel.packedByteCount
        plans = bundle.manifest.files.filter { $0.role == "plan" }.map { file in
            var plan = Plan(file: file.name, bytes: file.bytes, isUsed: bundle.plan == .used(file: file.name))
            plan.kind = (try? StoredPlan(readingFile: bundle.path + "/" + file.name).kind())?.description
            if case .refused(file.name, let reason) = bundle.plan { plan.reason = reason }
            return plan
        }
    }

    private static let rounds = 5

    /// Lines of a report, each with its label.
    var lines: [(label: String, text: String)] {
        var lines = plans.map { plan in
            let use =
                plan.reason.map { "not used: \($0)" } ?? (plan.isUsed ? "used here" : "not for this processor's kernel")
            let kind = plan.kind.map { " for kernels with lookups in \($0)" } ?? ""
            return ("packed plan", "\(plan.file), \(byteText(plan.bytes))\(kind); \(use)")
        }
        if plans.isEmpty { lines.append(("packed plan", "none: the model file is read and packed")) }
        lines.append(
            ("ready in", "\(timeText(firstMilliseconds)); in \(timeText(againMilliseconds)) once more, as a reload")
        )
        if let before = peakBytesBefore, let ready = peakBytesReady {
            lines.append(
                ("peak memory", "\(byteText(ready)), \(byteText(packedBytes)) of it packed; \(byteText(before)) before")
            )
        }
        return lines
    }
}
