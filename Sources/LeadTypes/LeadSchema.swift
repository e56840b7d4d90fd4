internal import ByteKit

/// What a column of leads holds.
public enum ColumnKind: String, Codable, Sendable, CaseIterable {
    /// Any number.
    case number
    /// True or false, as 1 or 0.
    case boolean
    /// One of ``LeadColumn/levels``, as its index; without levels any text, as its hash.
    case category
    /// An instant, as days since 1970-01-01T00:00Z; a fraction is the time of day.
    case date
}

/// One column of leads as a model wants it.
public struct LeadColumn: Codable, Sendable, Equatable {
    /// The name, unique in its schema.
    public var name: String
    /// What it holds.
    public var kind: ColumnKind
    /// A category's levels in the order of their codes; empty for the other kinds, and for a category of any text.
    public var levels: [String]

    /// Whether the column is a category of any text, which as a number is the text's 32-bit hash (CatBoost's).
    public var holdsHashes: Bool { kind == .category && levels.isEmpty }

    /// A column of this name and kind.
    public init(name: String, kind: ColumnKind, levels: [String] = []) {
        self.name = name
        self.kind = kind
        self.levels = levels
    }
}

/// The columns a model wants, in order.
///
/// The ``fingerprint`` stands for all of it: a batch that carries another one was made for another schema and gets no
/// score.
public struct LeadSchema: Sendable, Equatable {
    /// The columns in the order in which a batch carries them.
    public let columns: [LeadColumn]
    /// The first eight bytes, little-endian, of the SHA-256 of ``canonicalBytes``.
    public let fingerprint: UInt64

    /// A schema of these columns.
    public init(columns: [LeadColumn]) {
        self.columns = columns
        let digest = SHA256Digest.of(Self.canonicalBytes(of: columns))
        fingerprint = digest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// What the fingerprint is taken over: `leadline-schema-1`, then for each column a line feed, the kind, a tab, the
    /// name, and for each level a tab and the level; in every name and level a backslash, tab or line feed is written as
    /// `\\`, `\t` or `\n`.
    public var canonicalBytes: [UInt8] { Self.canonicalBytes(of: columns) }

    private static func canonicalBytes(of columns: [LeadColumn]) -> [UInt8] {
        var bytes = Array("leadline-schema-1".utf8)
        for column in columns {
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: column.kind.rawValue.utf8)
            for word in [column.name] + column.levels {
                bytes.append(UInt8(ascii: "\t"))
                for byte in word.utf8 {
                    switch byte {
                    case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
                    case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
                    case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
                    default: bytes.append(byte)
                    }
                }
            }
        }
        return bytes
    }
}

extension LeadSchema: Codable {
    /// Reads the columns; the fingerprint is computed, never trusted.
    public init(from decoder: any Decoder) throws {
        self.init(columns: try decoder.singleValueContainer().decode([LeadColumn].self))
    }

    /// Writes the columns.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(columns)
    }
}
