/// Thresholds in the order in which a search by halves meets them, for searches of many values in step.
///
/// With 3 steps and thresholds t0 ... t6, step 0 compares with t3; step 1 with t1 or, if that was passed, t5; step 2
/// with t0, t4, t2 or t6: entry b of a step's table is for the outcomes b of the steps before, the first outcome the
/// lowest bit. Rank 6 is passed, passed, not passed: outcomes 0b011, whose three bits read backwards are 0b110.
struct SearchSteps {
    /// Fewer are not worth a form of their own.
    static let stepsMin = 4
    static let stepsMax = 8

    let count: Int
    /// All steps' tables, one after the other.
    let entries: [Float]

    init(_ thresholds: [Float]) {
        var count = Self.stepsMin
        while 1 << count <= thresholds.count { count += 1 }
        precondition(count <= Self.stepsMax, "a rank fits a byte")
        self.count = count
        var entries: [Float] = []
        for step in 0..<count {
            for entry in 0..<Self.entryCount(step: step) {
                var before = 0
                for earlier in 0..<step { before |= (entry >> earlier & 1) << (count - 1 - earlier) }
                let at = before + 1 << (count - 1 - step) - 1
                entries.append(at < thresholds.count ? thresholds[at] : .nan)
            }
        }
        self.entries = entries
    }

    /// A register's 16, or one entry for each outcome of the steps before.
    static func entryCount(step: Int) -> Int { max(16, 1 << step) }

    /// The bit matrix that reads the outcomes the other way round, as `gf2p8affineqb` reads it: byte 7 - i makes bit i.
    var order: UInt64 {
        var matrix: UInt64 = 0
        for bit in 0..<count { matrix |= 1 << UInt64((7 - bit) * 8 + count - 1 - bit) }
        return matrix
    }
}
