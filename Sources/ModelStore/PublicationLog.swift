internal import ByteKit

/// `publications.jsonl` in a model's folder: what was done to its aliases, a line each, the latest last.
///
/// Only lines are added. What stands behind the last line's end was left by a writer that did not finish, is no record, and is
/// cut off by the next one.
struct PublicationLog {
    static let fileName = "publications.jsonl"
    /// How far back a roll-back looks: some thousand records.
    static let tailBytesMax = 1 << 20

    let path: String
    /// The records that were found, the latest last.
    let records: [PublicationRecord]
    /// Where the next one goes.
    private let end: Int

    /// Reads the end of the log.
    /// - Throws: ``BundleError`` when it cannot be read or a line is no record.
    init(path: String, tailBytesMax: Int = Self.tailBytesMax) throws(BundleError) {
        self.path = path
        let tail: (bytes: [UInt8], offset: Int)?
        do throws(FileError) {
            tail = try DurableFile.tail(of: path, atMost: tailBytesMax)
        } catch {
            throw BundleError(path: path, problem: "cannot be read: \(error)", remedy: "make it readable for this user")
        }
        guard let tail else {
            (records, end) = ([], 0)
            return
        }
        let newline = UInt8(ascii: "\n")
        var start = 0
        if tail.offset > 0 {
            // The first line of the piece is the end of one.
            guard let lineEnd = tail.bytes.firstIndex(of: newline) else { throw Self.damaged(path, at: tail.offset) }
            start = lineEnd + 1
        }
        var records: [PublicationRecord] = []
        while let lineEnd = tail.bytes[start...].firstIndex(of: newline) {
            guard let record = PublicationRecord(parsing: Array(tail.bytes[start..<lineEnd])) else {
                throw Self.damaged(path, at: tail.offset + start)
            }
            records.append(record)
            start = lineEnd + 1
        }
        self.records = records
        end = tail.offset + start
    }

    private static func damaged(_ path: String, at offset: Int) -> BundleError {
        BundleError(
            path: path,
            problem: "the line at byte \(offset) is no record of a publication",
            remedy: "repair the line, or move the file away: the history begins anew, what is served stays"
        )
    }

    /// Adds a record; it is on the disk when this returns.
    func append(_ record: PublicationRecord) throws {
        try DurableFile.append(try record.encoded(), to: path, at: end)
    }

    /// The version that an alias had before the one that it has.
    ///
    /// That is what it had before it was last given its version by anything but a roll-back. So several roll-backs go
    /// further and further back, and do not swing between two versions. Records of what was written but never came to be
    /// name another version than the alias has, and do not count.
    func version(before current: String, of alias: String) -> String? {
        records.last { $0.alias == alias && $0.version == current && $0.action != .rollBack }?.previous
    }
}
