import TreeEnsemble

/// How an ensemble is evaluated that code kernels cannot take.
enum RawPlan: Sendable {
    case walk(RawWalk)
    case linear(LinearPlan)

    /// The plan of a valid ensemble; nil if code kernels take it.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init?(_ ensemble: Ensemble) throws(KernelError) {
        guard ensemble.needsRawValues else { return nil }
        if let model = ensemble.linearModel {
            self = .linear(LinearPlan(model, baseMargins: ensemble.baseMargins))
        } else {
            self = .walk(try RawWalk(ensemble))
        }
    }

    /// Bytes that evaluating touches.
    var byteCount: Int {
        switch self {
        case .walk(let walk): walk.byteCount
        case .linear(let plan): plan.byteCount
        }
    }

    /// Fills in the margins of rows, row by row.
    func evaluate<Value: BinaryFloatingPoint>(
        _ rows: RowSource<Value>,
        count: Int,
        into margins: UnsafeMutablePointer<Double>
    ) {
        // Safety: see the plans.
        switch self {
        case .walk(let walk): unsafe walk.evaluate(rows, count: count, into: margins)
        case .linear(let plan): unsafe plan.evaluate(rows, count: count, into: margins)
        }
    }
}
