/// A FlatBuffer made by hand, so that it can be wrong in every way.
indirect enum FlatDocument {
    case byte(UInt8)
    case integer(Int32)
    case float(Float)
    case double(Double)
    case text(String)
    /// Elements that lie in the vector itself: how many, and their bytes.
    case numbers(count: Int, bytes: [UInt8])
    case vector([FlatDocument])
    /// So many references to one and the same part.
    case references(count: Int, to: FlatDocument)
    /// Fields by number.
    case table([Int: FlatDocument])

    static func integers(_ values: [Int32]) -> Self {
        .numbers(count: values.count, bytes: values.flatMap { little(UInt32(bitPattern: $0), 4) })
    }

    static func doubles(_ values: [Double]) -> Self {
        .numbers(count: values.count, bytes: values.flatMap { little($0.bitPattern, 8) })
    }

    static func floats(_ values: [Float]) -> Self {
        .numbers(count: values.count, bytes: values.flatMap { little($0.bitPattern, 4) })
    }

    static func little(_ value: some FixedWidthInteger, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The buffer with this table as its root.
    var bytes: [UInt8] {
        var bytes: [UInt8] = [4, 0, 0, 0]
        append(to: &bytes)
        // The root's vtable comes first.
        if case .table(let fields) = self {
            let vtable = 4 + 2 * ((fields.keys.max() ?? -1) + 1)
            bytes.replaceSubrange(0..<4, with: Self.little(UInt32(4 + vtable), 4))
        }
        return bytes
    }

    private var inlineBytes: [UInt8]? {
        switch self {
        case .byte(let value): [value]
        case .integer(let value): Self.little(UInt32(bitPattern: value), 4)
        case .float(let value): Self.little(value.bitPattern, 4)
        case .double(let value): Self.little(value.bitPattern, 8)
        default: nil
        }
    }

    /// Appends a part and all that it refers to; returns where the part is.
    @discardableResult
    private func append(to bytes: inout [UInt8]) -> Int {
        func refer(_ place: Int, to target: Int) {
            bytes.replaceSubrange(place..<place + 4, with: Self.little(UInt32(target - place), 4))
        }
        switch self {
        case .text(let text):
            let start = bytes.count
            bytes += Self.little(UInt32(text.utf8.count), 4) + Array(text.utf8) + [0]
            return start
        case .numbers(let count, let content):
            let start = bytes.count
            bytes += Self.little(UInt32(count), 4) + content
            return start
        case .vector(let parts):
            let start = bytes.count
            bytes += Self.little(UInt32(parts.count), 4) + [UInt8](repeating: 0, count: 4 * parts.count)
            for (index, part) in parts.enumerated() { refer(start + 4 + 4 * index, to: part.append(to: &bytes)) }
            return start
        case .references(let count, let part):
            let start = bytes.count
            bytes += Self.little(UInt32(count), 4) + [UInt8](repeating: 0, count: 4 * count)
            let target = part.append(to: &bytes)
            for index in 0..<count { refer(start + 4 + 4 * index, to: target) }
            return start
        case .table(let fields):
            let count = (fields.keys.max() ?? -1) + 1
            let vtable = bytes.count
            var offset = 4
            var places: [Int: Int] = [:]
            for (number, field) in fields.sorted(by: { $0.key < $1.key }) {
                places[number] = offset
                offset += field.inlineBytes?.count ?? 4
            }
            bytes += Self.little(UInt16(4 + 2 * count), 2) + Self.little(UInt16(offset), 2)
            for number in 0..<count { bytes += Self.little(UInt16(places[number] ?? 0), 2) }
            let start = bytes.count
            bytes += Self.little(UInt32(start - vtable), 4)
            for (_, field) in fields.sorted(by: { $0.key < $1.key }) { bytes += field.inlineBytes ?? [0, 0, 0, 0] }
            for (number, field) in fields.sorted(by: { $0.key < $1.key }) where field.inlineBytes == nil {
                refer(start + (places[number] ?? 0), to: field.append(to: &bytes))
            }
            return start
        default: return bytes.count
        }
    }
}

/// A `.cbm` file made by hand: one numeric and one categorical column, and whatever a test puts in their place.
struct CatBoostFile {
    /// Fields of `TModelTrees`.
    var trees: [Int: FlatDocument] = [
        0: .integer(1), 1: .integers([0]), 2: .integers([1]), 3: .integers([0]),
        4: .vector([.table([0: .integer(0), 1: .integer(1), 2: .text("c")])]),
        5: .vector([.table([1: .integer(0), 2: .integer(0), 3: .floats([0.5]), 4: .text("n")])]),
        8: .doubles([1, 2]),
    ]
    /// Fields of `TModelCore`.
    var core: [Int: FlatDocument] = [0: .text("FlabuffersModel_v1")]
    /// What follows the core.
    var tail: [UInt8] = []

    var bytes: [UInt8] {
        var core = core
        core[1] = .table(trees)
        let buffer = FlatDocument.table(core).bytes
        return Array("CBM1".utf8) + FlatDocument.little(UInt32(buffer.count), 4) + buffer + tail
    }

    /// A part of tables of statistics.
    static func tables(_ tables: [FlatDocument]) -> [UInt8] {
        FlatDocument.little(UInt32(tables.count), 4)
            + tables.flatMap { FlatDocument.little(UInt32($0.bytes.count), 4) + $0.bytes }
    }

    /// The base of a statistic of the category: a kind by its number.
    static func base(_ kind: UInt8) -> FlatDocument { .table([0: .table([0: .integers([0])]), 1: .byte(kind)]) }

    /// Keys and entries, with free places up to a power of two.
    static func keys(_ keys: [(UInt64, UInt32)], slots: Int) -> FlatDocument {
        var bytes = keys.flatMap { FlatDocument.little($0.0, 8) + FlatDocument.little($0.1, 4) }
        while bytes.count < 12 * slots { bytes += [UInt8](repeating: 0xFF, count: 8) + [0, 0, 0, 0] }
        return .numbers(count: bytes.count, bytes: bytes)
    }

    /// Turns the file into one whose only split is on a statistic of the category.
    mutating func useStatistic(kind: UInt8, table: [Int: FlatDocument]?, targetBorder: Int32 = 0) {
        trees[5] = .vector([])
        trees[4] = .vector([.table([0: .integer(0), 1: .integer(0)])])
        trees[7] = .vector([
            .table([0: .table([0: Self.base(kind), 1: .integer(targetBorder)]), 1: .floats([0.5])])
        ])
        guard var table else { return }
        table[0] = Self.base(kind)
        core[3] = .vector([.text("static_provider_v1")])
        tail = Self.tables([.table(table)])
    }
}
