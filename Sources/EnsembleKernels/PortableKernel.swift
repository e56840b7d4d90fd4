internal import CShims
import TreeEnsemble

/// The plain twin of the vector kernels: the same records in the same order.
///
/// Its loops over the 64 rows of a block are written so that the compiler makes vector code of them by itself, for
/// whatever registers the processor family has (Swift's own `SIMD64` comparisons come out element by element).
enum PortableKernel {
    /// Bytes of working memory behind the codes.
    static let workByteCount = 6 * blockRows + blockRows * MemoryLayout<UInt32>.stride

    private static let blockRows = Int(CShimsBlockRows)
    /// Groups numbered by one byte make a page; larger trees take several.
    private static let groupsPerPage = 256

    /// Adds all trees to float32 sums of a pass: `sums[output * rowsMax + row]`, in tree order.
    static func add(
        _ forest: CShimsForest,
        _ codes: UnsafePointer<UInt8>,
        blocks: Int,
        work: UnsafeMutablePointer<UInt8>,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        // Safety: the plan's records stay inside its own blocks; codes and sums are a pass of the plan's columns and
        // outputs; `work` has `workByteCount` bytes. One thread uses all of it.
        for index in 0..<Int(unsafe forest.treeCount) {
            let tree = unsafe forest.trees[index]
            let leaves = unsafe UnsafeRawPointer(forest.leaves + Int(tree.leafOffset))
                .assumingMemoryBound(to: Float.self)
            for block in 0..<blocks {
                let exits = unsafe exitLeaves(tree, forest, codes + block * blockRows, work)
                let sum = unsafe sums + Int(tree.output) * Int(CShimsRowsMax) + block * blockRows
                for row in 0..<blockRows { unsafe sum[row] += leaves[Int(exits[row])] }
            }
        }
    }

    /// Adds all trees to double sums of a pass.
    static func add(
        _ forest: CShimsForest,
        _ codes: UnsafePointer<UInt8>,
        blocks: Int,
        work: UnsafeMutablePointer<UInt8>,
        _ sums: UnsafeMutablePointer<Double>
    ) {
        // Safety: as above.
        for index in 0..<Int(unsafe forest.treeCount) {
            let tree = unsafe forest.trees[index]
            let leaves = unsafe UnsafeRawPointer(forest.leaves + Int(tree.leafOffset))
                .assumingMemoryBound(to: Double.self)
            for block in 0..<blocks {
                let exits = unsafe exitLeaves(tree, forest, codes + block * blockRows, work)
                let sum = unsafe sums + Int(tree.output) * Int(CShimsRowsMax) + block * blockRows
                for row in 0..<blockRows { unsafe sum[row] += leaves[Int(exits[row])] }
            }
        }
    }

    /// The exit leaf of each row of a block, by number; in `work`, until the next call.
    private static func exitLeaves(
        _ tree: CShimsTree,
        _ forest: CShimsForest,
        _ codes: UnsafePointer<UInt8>,
        _ work: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt32> {
        // Safety: see `add`.
        let kept = unsafe work
        let chosen = unsafe work + blockRows
        let chosenGroup = unsafe work + 2 * blockRows
        let exits = unsafe UnsafeMutableRawPointer(work + 6 * blockRows).assumingMemoryBound(to: UInt32.self)
        var record = unsafe UnsafeRawPointer(forest.records + Int(tree.recordOffset))
        let pages = (Int(tree.groupCount) + groupsPerPage - 1) / groupsPerPage
        for page in (0..<pages).reversed() {
            let groups = page * groupsPerPage..<min((page + 1) * groupsPerPage, Int(tree.groupCount))
            unsafe chosen.update(repeating: 0, count: blockRows)
            for group in groups.reversed() {
                unsafe clear(&record, codes, kept)
                let number = UInt8(truncatingIfNeeded: group)
                // Without a branch or a conditional load: these loops must come out as vector code.
                for row in 0..<blockRows {
                    let (bits, before, groupBefore) = unsafe (kept[row], chosen[row], chosenGroup[row])
                    let none: UInt8 = bits == 0 ? 0xff : 0
                    unsafe chosenGroup[row] = groupBefore & none | number & ~none
                    unsafe chosen[row] = bits | before & none
                }
            }
            let first = UInt32(page * groupsPerPage * 8)
            for row in 0..<blockRows {
                let (bits, group, before) = unsafe (chosen[row], chosenGroup[row], exits[row])
                let none: UInt32 = bits == 0 ? ~0 : 0
                // The bits below the lowest one, counted.
                let below = (bits &- 1) & ~bits
                let pairs = below &- (below &>> 1 & 0x55)
                let fours = (pairs & 0x33) &+ (pairs &>> 2 & 0x33)
                let zeros = (fours &+ fours &>> 4) & 0x0f
                let exit = first &+ UInt32(group) &<< 3 &+ UInt32(zeros)
                unsafe exits[row] = before & none | exit & ~none
            }
        }
        return unsafe exits
    }

    /// Runs one group's records: the bits that each row of the block keeps.
    @inline(__always)
    private static func clear(
        _ record: inout UnsafeRawPointer,
        _ codes: UnsafePointer<UInt8>,
        _ kept: UnsafeMutablePointer<UInt8>
    ) {
        // Safety: see `add`.
        let group = unsafe record.load(as: CShimsGroup.self)
        unsafe record += MemoryLayout<CShimsGroup>.stride
        unsafe kept.update(repeating: 0xff, count: blockRows)
        for _ in 0..<group.above {
            let node = unsafe record.load(as: CShimsClear.self)
            unsafe record += MemoryLayout<CShimsClear>.stride
            let column = unsafe codes + Int(node.placeAndKeep & ~0xff)
            let (key, keep) = (UInt8(truncatingIfNeeded: node.keys), UInt8(truncatingIfNeeded: node.placeAndKeep))
            for row in 0..<blockRows { unsafe kept[row] &= column[row] > key ? keep : 0xff }
        }
        for _ in 0..<group.notAbove {
            let node = unsafe record.load(as: CShimsClear.self)
            unsafe record += MemoryLayout<CShimsClear>.stride
            let column = unsafe codes + Int(node.placeAndKeep & ~0xff)
            let (key, keep) = (UInt8(truncatingIfNeeded: node.keys), UInt8(truncatingIfNeeded: node.placeAndKeep))
            for row in 0..<blockRows { unsafe kept[row] &= column[row] <= key ? keep : 0xff }
        }
        for _ in 0..<group.members {
            let node = unsafe record.load(as: CShimsMemberClear.self)
            unsafe record += MemoryLayout<CShimsMemberClear>.stride
            let column = unsafe codes + Int(node.placeAndKeep & ~0xff)
            let keep = UInt8(truncatingIfNeeded: node.placeAndKeep)
            for row in 0..<blockRows {
                unsafe kept[row] &= node.codes >> UInt64(column[row] & 63) & 1 == 1 ? keep : 0xff
            }
        }
    }
}
