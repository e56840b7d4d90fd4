internal import CShims
import TreeEnsemble

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#endif

// Safety of this file: as in `PackedPlan+Evaluation.swift`.
extension PackedPlan {
    /// Times each form on codes drawn at random and notes which is the fastest for how many rows.
    ///
    /// Takes about as long as scoring a few hundred rows.
    mutating func measureForms(_ kernel: KernelName) {
        guard treeCount > 0 else { return }
        let scratch = KernelScratch()
        let memory = unsafe work(scratch, narrowedValues: 0)
        unsafe drawCodes(memory)
        let fewSlices = nanoseconds { unsafe add(memory, count: FormTable.rowsOfFew, kernel, .slices) }
        let moreSlices = nanoseconds { unsafe add(memory, count: Self.rowsMeasured, kernel, .slices) }
        // What all rows share, masks and steps, and what each costs more: its leaves, and its way through large trees.
        let perRow = max(0, moreSlices - fewSlices) / Double(Self.rowsMeasured - FormTable.rowsOfFew)
        var walked: Double?
        if walk != nil { walked = nanoseconds { unsafe add(memory, count: 2, kernel, .walk) } / 2 }
        var inLanes: (one: Double, two: Double, four: Double)?
        if lanes != nil {
            inLanes = (
                nanoseconds { unsafe add(memory, count: 1, kernel, .lanes) },
                nanoseconds { unsafe add(memory, count: 2, kernel, .lanes) },
                nanoseconds { unsafe add(memory, count: 4, kernel, .lanes) }
            )
        }
        forms = FormTable(walk: walked, lanes: inLanes, slices: (few: fewSlices, perRow: perRow))
    }

    /// Rows enough to tell what each costs.
    private static let rowsMeasured = 64

    /// Codes such as rows have: anything up to each column's largest.
    private func drawCodes(_ memory: Work) {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        for index in unsafe ranks.rankers.indices {
            let ranker = unsafe ranks.rankers[index]
            for column in 0..<Int(unsafe ranker.columnCount) {
                let place = unsafe Int(ranker.columns[column].place)
                for row in 0..<Self.rowsMeasured {
                    unsafe memory.codes[place + row] = UInt8(next(Int(ranker.thresholdCount) + 1))
                }
            }
        }
        for table in categoryTables {
            for column in 0..<table.columnCount {
                let place = (table.firstColumn + column) * Self.rowsMax
                for row in 0..<Self.rowsMeasured {
                    unsafe memory.codes[place + row] = UInt8(next(CategoryTable.classesPerColumn))
                }
            }
        }
        let wideCount = wideColumnCount * Self.rowsMeasured
        for index in 0..<wideCount { unsafe memory.wideCodes[index] = UInt16(truncatingIfNeeded: next(1 << 16)) }
    }

    private func add(_ memory: Work, count: Int, _ kernel: KernelName, _ form: EvaluationForm) {
        switch arithmetic.sum {
        case .float32: unsafe add(Float.self, memory, count: count, kernel, form)
        case .float64: unsafe add(Double.self, memory, count: count, kernel, form)
        }
    }

    private func add<Sum: MarginSum>(
        _: Sum.Type,
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ form: EvaluationForm
    ) {
        let sums = unsafe memory.sums.assumingMemoryBound(to: Sum.self)
        unsafe sums.update(repeating: 0, count: outputCount * Self.rowsMax)
        unsafe addTrees(memory, count: count, kernel, form, .pass, sums)
    }

    /// The least of a few times, for the first is cold and any may be disturbed: four, or two of what takes long, since a
    /// stored plan is to be ready at once.
    private func nanoseconds(_ work: () -> Void) -> Double {
        var least = Double.infinity
        let first = monotonicNanoseconds()
        for round in 0..<4 {
            let started = monotonicNanoseconds()
            guard round < 2 || started - first < Self.measuringNanosecondsMax else { break }
            work()
            least = min(least, Double(monotonicNanoseconds() - started))
        }
        return least
    }

    private static let measuringNanosecondsMax: UInt64 = 100_000
}

/// CLOCK_MONOTONIC: `.ci/arm64` builds this without Swift's own clocks.
private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    // Safety: clock_gettime writes one timespec, and cannot fail for this clock.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
