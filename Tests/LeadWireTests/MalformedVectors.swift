import ByteKit
import LeadTypes
import LeadWire

/// Messages that must be refused, each spoilt in one place and for one reason.
func malformedVectors() -> [Vector] {
    headerVectors() + fixedPartVectors() + tableVectors() + blockVectors() + runVectors() + dictionaryVectors()
        + answerVectors()
}

/// A message spoilt by a change; the header's checksum is put right after, unless the header is what is spoilt.
private func spoilt(
    _ name: String,
    _ explanation: String,
    _ code: WireErrorCode,
    _ message: [UInt8],
    type: String = "score-request",
    mendsChecksum: Bool = true,
    _ change: (inout [UInt8]) -> Void
) -> Vector {
    var bytes = message
    change(&bytes)
    if mendsChecksum, bytes.count >= 32 {
        put(CRC32C.of(Array(bytes.prefix(28)).rawBytes), at: 28, in: &bytes)
    }
    return Vector(
        name: name,
        explanation: explanation,
        type: type,
        hex: hexadecimal(bytes),
        error: .init(code: code.rawValue, name: code.name)
    )
}

private func put<T: FixedWidthInteger>(_ number: T, at offset: Int, in bytes: inout [UInt8]) {
    for index in 0..<MemoryLayout<T>.size {
        bytes[offset + index] = UInt8(truncatingIfNeeded: number >> T(8 * index))
    }
}

private func headerVectors() -> [Vector] {
    let one = oneLead()
    let total = UInt32(one.count)
    return [
        spoilt("magic-wrong", "The first byte is another.", .badMagic, one) { $0[0] = 0x4D },
        spoilt("magic-json", "A JSON text where a message belongs.", .badMagic, one, mendsChecksum: false) {
            $0 = Array("{\"rows\":[]}".utf8)
        },
        spoilt("no-bytes", "No byte at all.", .truncated, one, mendsChecksum: false) { $0 = [] },
        spoilt("major-2", "A major version that is not spoken.", .unsupportedVersion, one) { $0[4] = 2 },
        spoilt("major-0", "There never was a version 0.", .unsupportedVersion, one) { $0[4] = 0 },
        spoilt("minor-1", "A minor version later than the receiver's.", .unsupportedVersion, one) { $0[5] = 1 },
        spoilt("checksum-wrong", "One bit of the checksum.", .headerChecksum, one, mendsChecksum: false) {
            $0[28] ^= 1
        },
        spoilt("length-bit", "One bit of the length: its checksum says so.", .headerChecksum, one, mendsChecksum: false)
        {
            $0[10] ^= 4
        },
        spoilt("type-0", "There is no message type 0.", .unexpectedType, one) { $0[6] = 0 },
        spoilt("type-9", "There is no message type 9.", .unexpectedType, one) { $0[6] = 9 },
        spoilt("type-reply", "A reply where a request belongs.", .unexpectedType, one) { $0[6] = 2 },
        spoilt("flag-2", "A header flag that version 1.0 does not know.", .unknownFlag, one) { $0[12] = 4 },
        spoilt("flag-15", "Another.", .unknownFlag, one) { $0[13] = 0x80 },
        spoilt("checksum-missing", "The flag of a checksum that is not there.", .bodyChecksum, one) { $0[12] = 1 },
        spoilt("checksum-of-body-wrong", "One bit of the body, under its checksum.", .bodyChecksum, checksummed()) {
            $0[40] ^= 1
        },
        spoilt("reserved-7", "The reserved byte after the type.", .reservedNotZero, one) { $0[7] = 1 },
        spoilt("reserved-14", "The reserved bytes after the flags.", .reservedNotZero, one) { $0[15] = 1 },
        spoilt("reserved-24", "The reserved bytes before the checksum.", .reservedNotZero, one) { $0[24] = 1 },
        spoilt("length-0", "A length of 0.", .badLength, one) { put(UInt32(0), at: 8, in: &$0) },
        spoilt("length-56", "A length below the fixed part.", .badLength, one) { put(UInt32(56), at: 8, in: &$0) },
        spoilt("length-odd", "A length that is no multiple of 8.", .badLength, one) {
            put(total + 1, at: 8, in: &$0)
        },
        spoilt("length-longer", "Eight bytes more than there are.", .truncated, one) { put(total + 8, at: 8, in: &$0) },
        spoilt("length-shorter", "Eight bytes fewer than there are.", .badLength, one) {
            put(total - 8, at: 8, in: &$0)
        },
        spoilt("length-4-gib", "The greatest length that can be written.", .messageTooLarge, one) {
            put(UInt32.max - 7, at: 8, in: &$0)
        },
        spoilt("cut-in-header", "The stream ended inside the header.", .truncated, one, mendsChecksum: false) {
            $0 = Array($0.prefix(31))
        },
        spoilt("cut-in-body", "The stream ended one byte early.", .truncated, one) { $0.removeLast() },
    ]
}

private func fixedPartVectors() -> [Vector] {
    let one = oneLead()
    return [
        spoilt("rows-0", "A batch without rows.", .emptyBatch, one) { put(UInt32(0), at: 48, in: &$0) },
        spoilt("rows-65537", "One row more than the default limit.", .tooManyRows, one) {
            put(UInt32(65_537), at: 48, in: &$0)
        },
        spoilt("rows-all-ones", "The greatest number of rows that can be written.", .tooManyRows, one) {
            put(UInt32.max, at: 48, in: &$0)
        },
        spoilt("rows-2", "Two rows where the columns hold one.", .badLength, one) { put(UInt32(2), at: 48, in: &$0) },
        spoilt("columns-1025", "One column more than the default limit.", .tooManyColumns, one) {
            put(UInt16(1_025), at: 60, in: &$0)
        },
        spoilt("columns-1000", "A column table that ends past the message.", .badLength, one) {
            put(UInt16(1_000), at: 60, in: &$0)
        },
        spoilt("columns-0", "No columns, and bytes that belong to none.", .badLength, one) {
            put(UInt16(0), at: 60, in: &$0)
        },
        spoilt("outputs-none", "No result is asked for.", .badOutputs, one) { put(UInt32(0), at: 52, in: &$0) },
        spoilt("outputs-bit-6", "A result that version 1.0 does not know.", .badOutputs, one) {
            put(UInt32(0x5F), at: 52, in: &$0)
        },
        spoilt("matrix-columns-6", "A matrix of a column more than it has values for.", .badLength, matrix()) {
            put(UInt16(6), at: 60, in: &$0)
        },
        spoilt("matrix-rows-2", "A matrix with a row too many.", .badLength, matrix()) {
            put(UInt32(2), at: 48, in: &$0)
        },
        spoilt("matrix-of-columns", "Columns under the flag of a matrix.", .badLength, one) { $0[12] = 2 },
        spoilt("matrix-padding", "Padding after a matrix that is not zero.", .reservedNotZero, matrix(columns: 1)) {
            $0[$0.count - 1] = 1
        },
        spoilt("outputs-bit-31", "Another.", .badOutputs, one) { put(UInt32(0x8000_0001), at: 52, in: &$0) },
        spoilt("as-of-infinite", "An infinite day.", .badValue, one) {
            put(Double.infinity.bitPattern, at: 40, in: &$0)
        },
        spoilt("name-past-end", "A model's name that ends past the message.", .badLength, one) { $0[62] = 255 },
        spoilt("name-not-utf8", "A model's name that is not UTF-8.", .badText, strings()) { $0[80] = 0xFF },
        spoilt("version-not-utf8", "A version cut inside a character.", .badText, strings()) { $0[101] = 0xC3 },
        spoilt(
            "name-cut-character",
            "The name ends inside a character that the version goes on with.",
            .badText,
            strings()
        ) {
            $0[86] = 0xC3
            $0[87] = 0xAB
        },
        spoilt("names-padding", "Padding after the names that is not zero.", .reservedNotZero, strings()) {
            $0[103] = 1
        },
    ]
}

private func tableVectors() -> [Vector] {
    let one = oneLead()
    let typed = typedColumns()
    return [
        spoilt("encoding-02", "An encoding that does not exist.", .unknownEncoding, one) { $0[64] = 0x02 },
        spoilt("encoding-ff", "Another.", .unknownEncoding, one) { $0[72] = 0xFF },
        spoilt("column-flag", "A column flag that version 1.0 does not know.", .unknownFlag, one) { $0[65] = 0x80 },
        spoilt("validity-on-single", "A validity bitmap for an encoding that has NaN.", .unknownFlag, typed) {
            $0[64 + 6 * 8 + 1] = 1
        },
        spoilt("validity-on-half", "The same for half precision.", .unknownFlag, moreColumns()) {
            $0[64 + 5 * 8 + 1] = 1
        },
        spoilt("validity-on-absent", "A validity bitmap where everything is missing.", .unknownFlag, one) {
            $0[64 + 2 * 8 + 1] = 1
        },
        spoilt("table-reserved", "A reserved byte of the column table.", .reservedNotZero, one) { $0[66] = 1 },
        spoilt("block-4-gib", "A column of 4 GiB.", .badLength, one) { put(UInt32.max, at: 68, in: &$0) },
        spoilt("block-longer", "A column longer than its rows.", .badLength, one) { put(UInt32(16), at: 68, in: &$0) },
        spoilt("block-shorter", "A column shorter than its rows.", .badLength, one) { put(UInt32(0), at: 68, in: &$0) },
        spoilt("absent-with-bytes", "Bytes for an absent column.", .badLength, one) {
            put(UInt32(8), at: 84, in: &$0)
        },
    ]
}

private func blockVectors() -> [Vector] {
    let bits = build(rows: 9, columns: 1) { $0.add([1, 0, 1, 1, 0, 0, 1, 0, 1]) }
    let marked = build(rows: 9, columns: 1) { $0.add([1, 0, 1, 1, 0, 0, 1, 0, .nan]) }
    let constant = build(rows: 9, columns: 1) { $0.add([Double](repeating: 3, count: 9)) }
    return [
        spoilt("bits-past-last-row", "A bit for row 9 of 0 to 8.", .reservedNotZero, bits) { $0[73] |= 2 },
        spoilt("bits-padding", "Padding after the bits that is not zero.", .reservedNotZero, bits) { $0[79] = 1 },
        spoilt("validity-past-last-row", "A validity bit for row 9 of 0 to 8.", .reservedNotZero, marked) {
            $0[73] |= 2
        },
        spoilt("validity-padding", "Padding after the validity bitmap that is not zero.", .reservedNotZero, marked) {
            $0[75] = 1
        },
        spoilt("constant-missing", "A constant that is NaN: such a column is absent.", .badValue, constant) {
            put(Double.nan.bitPattern, at: 72, in: &$0)
        },
        spoilt("bytes-after-last-column", "Eight bytes that belong to no column.", .badLength, constant) {
            $0 += [UInt8](repeating: 0, count: 8)
            put(UInt32($0.count), at: 8, in: &$0)
        },
    ]
}

private func runVectors() -> [Vector] {
    // Fixed part to 64, three table entries to 88; the first column's runs: count 88, zeros 92, ends 96, 98 and 100, padding
    // to 104, values at 104.
    let message = runs()
    return [
        spoilt("column-flag-2", "A column flag that version 1.0 does not know.", .unknownFlag, message) { $0[65] = 4 },
        spoilt("bins-without-fingerprint", "Bins with no room for their fingerprint.", .badLength, bins()) {
            put(UInt32(0), at: 68, in: &$0)
        },
        spoilt("runs-of-constant", "Runs of what all rows share.", .unknownFlag, oneLead()) { $0[65] = 2 },
        spoilt("runs-0", "A column of no runs.", .badValue, message) { put(UInt32(0), at: 88, in: &$0) },
        spoilt("runs-61", "More runs than rows.", .badValue, message) { put(UInt32(61), at: 88, in: &$0) },
        spoilt("runs-60", "More runs than the column has room for.", .badLength, message) {
            put(UInt32(60), at: 88, in: &$0)
        },
        spoilt("runs-reserved", "A reserved byte before the runs.", .reservedNotZero, message) { $0[92] = 1 },
        spoilt("run-empty", "A run that ends where it begins.", .badValue, message) {
            put(UInt16(20), at: 98, in: &$0)
        },
        spoilt("run-falling", "A run that ends before it begins.", .badValue, message) {
            put(UInt16(19), at: 98, in: &$0)
        },
        spoilt("run-0-empty", "A first run without rows.", .badValue, message) { put(UInt16(0), at: 96, in: &$0) },
        spoilt("runs-too-short", "The last run ends before the last row.", .badValue, message) {
            put(UInt16(59), at: 100, in: &$0)
        },
        spoilt("runs-too-long", "The last run ends behind the last row.", .badValue, message) {
            put(UInt16(61), at: 100, in: &$0)
        },
        spoilt("runs-padding", "Padding after the ends of runs that is not zero.", .reservedNotZero, message) {
            $0[103] = 1
        },
    ]
}

private func dictionaryVectors() -> [Vector] {
    // Fixed part to 64, one table entry to 72, then the dictionary: count 72, text bytes 76, lengths 80 and 82, text 84
    // ("ab" and "zoë"), padding to 96, codes at 96.
    let words = build(rows: 3, columns: 1) { try? $0.add(strings: ["ab", "zoë", "ab"]) }
    return [
        spoilt("dictionary-empty", "A dictionary without entries.", .badDictionary, words) {
            put(UInt16(0), at: 72, in: &$0)
        },
        spoilt("dictionary-65535", "More entries than the column has room for.", .badLength, words) {
            put(UInt16.max, at: 72, in: &$0)
        },
        spoilt("dictionary-reserved", "A reserved byte of the dictionary.", .reservedNotZero, words) { $0[74] = 1 },
        spoilt("dictionary-text-4-gib", "4 GiB of text.", .badLength, words) { put(UInt32.max, at: 76, in: &$0) },
        spoilt("dictionary-text-longer", "More text than the entries take.", .badLength, words) {
            put(UInt32(7), at: 76, in: &$0)
        },
        spoilt("dictionary-entry-past-end", "An entry that ends past the text.", .badLength, words) {
            put(UInt16(5), at: 82, in: &$0)
        },
        spoilt("dictionary-entry-65535", "The longest entry that can be written.", .badLength, words) {
            put(UInt16.max, at: 80, in: &$0)
        },
        spoilt("dictionary-not-utf8", "An entry that is not UTF-8.", .badText, words) { $0[84] = 0x80 },
        spoilt("dictionary-overlong", "An overlong form of a character.", .badText, words) {
            $0[84] = 0xC0
            $0[85] = 0xAF
        },
        spoilt("dictionary-padding", "Padding after the text that is not zero.", .reservedNotZero, words) {
            $0[95] = 1
        },
        spoilt("code-past-last-entry", "A code that no entry has.", .badDictionary, words) { $0[97] = 2 },
        spoilt("wide-code-past-last-entry", "The same with 16-bit codes.", .badDictionary, wideCodes()) {
            $0[$0.count - 1] = 0x7F
        },
    ]
}

private func answerVectors() -> [Vector] {
    let (replyMessage, errorMessage) = (replyAll(), errorSchema())
    let timedTier = timedTier()
    func reply(
        _ name: String,
        _ explanation: String,
        _ code: WireErrorCode,
        _ change: (inout [UInt8]) -> Void
    ) -> Vector {
        spoilt(name, explanation, code, replyMessage, type: "score-reply", change)
    }
    func error(
        _ name: String,
        _ explanation: String,
        _ code: WireErrorCode,
        _ change: (inout [UInt8]) -> Void
    ) -> Vector {
        spoilt(name, explanation, code, errorMessage, type: "error", change)
    }
    return [
        reply("reply-rows-0", "A reply without rows.", .emptyBatch) { put(UInt32(0), at: 48, in: &$0) },
        reply("reply-rows-4", "A row more than the columns hold.", .badLength) { put(UInt32(4), at: 48, in: &$0) },
        reply("reply-rows-all-ones", "The greatest number of rows.", .tooManyRows) { put(UInt32.max, at: 48, in: &$0) },
        reply("reply-outputs", "A result that version 1.0 does not know.", .badOutputs) { $0[52] |= 0x40 },
        reply("reply-matrix", "A flag that replies do not have.", .unknownFlag) { $0[12] = 2 },
        spoilt(
            "reply-timings-reserved",
            "A reserved field after the timings.",
            .reservedNotZero,
            timedTier,
            type: "score-reply"
        ) { $0[$0.count - 1] = 1 },
        spoilt(
            "reply-checksum-wrong",
            "One bit of a reply, under its checksum.",
            .bodyChecksum,
            replyTimings(),
            type: "score-reply"
        ) { $0[$0.count - 20] ^= 8 },
        reply("reply-outputs-fewer", "Bytes of a column that is not announced.", .badLength) { $0[52] = 0x0F },
        reply("reply-reserved", "A reserved byte.", .reservedNotZero) { $0[63] = 1 },
        reply("reply-name-longer", "A name that takes the version's place, and more.", .badLength) { $0[56] = 200 },
        reply("reply-name-not-utf8", "A name that is not UTF-8.", .badText) { $0[64] = 0xFE },
        reply("reply-status", "A row status that does not exist.", .badValue) { $0[$0.count - 8] = 77 },
        reply("reply-padding", "Padding that is not zero.", .reservedNotZero) { $0[$0.count - 1] = 1 },
        error("error-code", "An error code that does not exist.", .badValue) { put(UInt16(999), at: 32, in: &$0) },
        error("error-retryable", "A retryable byte that contradicts its code.", .badValue) { $0[34] = 1 },
        error("error-flag", "A flag that errors do not have.", .unknownFlag) { $0[12] = 1 },
        error("error-reserved", "A reserved byte.", .reservedNotZero) { $0[35] = 1 },
        error("error-text-longer", "A text longer than the message.", .badLength) { put(UInt16.max, at: 60, in: &$0) },
        error("error-text-not-utf8", "A text that is not UTF-8.", .badText) { $0[64] = 0xC1 },
        error("error-type", "A request where an error message belongs.", .unexpectedType) { $0[6] = 1 },
    ]
}
