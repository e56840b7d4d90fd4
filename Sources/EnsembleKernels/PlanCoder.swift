/// Writes the parts of a plan's head to bytes, or reads them back, in the processor's own order: one description of a value
/// serves both ways.
///
/// Reading checks what is needed to go on: counts against the bytes that are left, and words of a list.
struct PlanCoder {
    /// What was written, or is read.
    private(set) var bytes: [UInt8]
    private let isReading: Bool
    private var at = 0

    /// One that writes.
    init() {
        bytes = []
        isReading = false
    }

    /// One that reads.
    init(reading bytes: [UInt8]) {
        self.bytes = bytes
        isReading = true
    }

    /// Whether all was read.
    var isAtEnd: Bool { at == bytes.count }

    /// Takes bytes to read from.
    private mutating func take(_ count: Int) throws(StoredPlanError) -> Int {
        guard count <= bytes.count - at else { throw StoredPlanError("the head ends too early") }
        defer { at += count }
        return at
    }

    mutating func code<Number: BitwiseCopyable>(_ number: inout Number) throws(StoredPlanError) {
        // Safety: the bytes are inside the array, as `take` made sure; any bits are a number.
        if isReading {
            let place = try take(MemoryLayout<Number>.size)
            number = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: place, as: Number.self) }
        } else {
            unsafe withUnsafeBytes(of: number) { unsafe bytes.append(contentsOf: $0) }
        }
    }

    /// A number that is not negative.
    mutating func code(count: inout Int) throws(StoredPlanError) {
        try code(&count)
        guard (0...Int(UInt32.max)).contains(count) else { throw StoredPlanError("the head counts to \(count)") }
    }

    /// Numbers, after how many they are.
    mutating func code<Number: BitwiseCopyable>(_ numbers: inout [Number]) throws(StoredPlanError) {
        let stride = MemoryLayout<Number>.stride
        var count = numbers.count
        try code(count: &count)
        if isReading {
            guard count <= (bytes.count - at) / stride else { throw StoredPlanError("the head ends too early") }
            let place = try take(count * stride)
            numbers = (0..<count).map { index in
                // Safety: as above.
                unsafe bytes.withUnsafeBytes {
                    unsafe $0.loadUnaligned(fromByteOffset: place + index * stride, as: Number.self)
                }
            }
        } else {
            unsafe numbers.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
    }

    mutating func code(_ text: inout String) throws(StoredPlanError) {
        var utf8 = Array(text.utf8)
        try code(&utf8)
        if isReading { text = String(decoding: utf8, as: UTF8.self) }
    }

    /// One of a list's values, by its place there.
    mutating func code<Value: Equatable>(_ value: inout Value, of list: [Value]) throws(StoredPlanError) {
        var place = UInt8(list.firstIndex(of: value) ?? Int(UInt8.max))
        try code(&place)
        guard Int(place) < list.count else { throw StoredPlanError("the head has the unknown word \(place)") }
        value = list[Int(place)]
    }

    mutating func code(_ flag: inout Bool) throws(StoredPlanError) { try code(&flag, of: [false, true]) }

    /// Values, after how many they are; each takes at least a byte.
    ///
    /// - Parameters:
    ///   - values: what is written, or takes what is read.
    ///   - blank: what one is before it is read.
    ///   - each: writes or reads one.
    /// - Throws: ``StoredPlanError`` if there are fewer bytes than values, or one cannot be read.
    mutating func code<Value>(
        _ values: inout [Value],
        blank: Value,
        each: (inout PlanCoder, inout Value) throws(StoredPlanError) -> Void
    ) throws(StoredPlanError) {
        var count = values.count
        try code(count: &count)
        if isReading {
            guard count <= bytes.count - at else { throw StoredPlanError("the head ends too early") }
            values = []
            for _ in 0..<count {
                var value = blank
                try each(&self, &value)
                values.append(value)
            }
        } else {
            for index in values.indices { try each(&self, &values[index]) }
        }
    }
}
