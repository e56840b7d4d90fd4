internal import ByteKit

/// A key that an object may have; one of them stands for all that nobody asked for.
protocol DocumentKey: RawRepresentable<String>, CaseIterable {
    /// Any other key.
    static var other: Self { get }
}

/// The keys that an object may have, told apart in the bytes: no text is made of each.
///
/// Files write the keys of their many like objects in one order, so the one after the last that was found is tried first.
struct KnownKeys<Key: DocumentKey> {
    private let names: [(letters: [UInt8], key: Key)]
    private var next = 0

    init() { names = Key.allCases.map { (Array($0.rawValue.utf8), $0) } }

    /// The key that stands in a range of the bytes.
    mutating func key(_ bytes: RawSpan, _ range: Range<Int>) -> Key {
        for _ in 0..<names.count {
            let here = next
            next = next + 1 < names.count ? next + 1 : 0
            if names[here].letters.count == range.count, bytes.holds(names[here].letters, in: range) {
                return names[here].key
            }
        }
        return .other
    }
}
