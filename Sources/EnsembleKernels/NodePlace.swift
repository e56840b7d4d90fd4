/// Where a node's test lies among the code columns.
struct NodePlace: BitwiseCopyable {
    enum Test: UInt8 {
        /// A row goes left if its code in the column is at most the key.
        case comparison
        /// A row goes left if its category is in the split.
        case membersLeft
        /// A row goes right if its category is in the split.
        case membersRight
    }

    /// A comparison's column, or a lookup's split.
    var number: UInt32
    /// A comparison's key.
    var key: UInt16
    var test: Test

    /// The place of a node that no column was made for.
    static var none: Self { Self(number: .max, key: 0, test: .comparison) }
}
