/// Kinds that the first bytes of a file tell for sure.
extension ModelFile {
    static func kindByMagic(_ bytes: [UInt8]) -> ModelFileKind? {
        if let (_, kind) = magics.first(where: { bytes.starts(with: $0.0) }) {
            return kind == .zip ? kindOfZip(bytes) : kind
        }
        // Protocols 2 to 5; joblib's files are pickles too.
        if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) { return .pickle }
        // zlib: a window of 32 KiB, then one of four levels.
        if bytes.count > 2, bytes[0] == 0x78, [0x01, 0x5E, 0x9C, 0xDA].contains(bytes[1]) { return .compressed }
        return nil
    }

    private static let magics: [([UInt8], ModelFileKind)] =
        [
            ([0x1F, 0x8B], .gzip),
            ([0xFD] + Array("7zXZ".utf8) + [0], .compressed),
            // lzma alone: its usual properties, then the size of its dictionary, a multiple of 64 KiB.
            ([0x5D, 0, 0], .compressed),
            (Array("BZh".utf8), .compressed),
            ([0x28, 0xB5, 0x2F, 0xFD], .compressed),
            ([0x04, 0x22, 0x4D, 0x18], .compressed),
            (Array("PK\u{3}\u{4}".utf8), .zip),
            (Array("CBM1".utf8), .catBoostBinary),
            ([0x93] + Array("NUMPY".utf8), .numpyArray),
            (Array("binf".utf8), .xgboostBinary),
            (Array("bs64\t".utf8), .xgboostBinary),
            ([0x89] + Array("HDF\r\n\u{1A}\n".utf8), .hdf5),
            (Array("RDX2\n".utf8), .rObject),
            (Array("RDX3\n".utf8), .rObject),
            (Array("RDA2\n".utf8), .rObject),
            (Array("RDA3\n".utf8), .rObject),
            (Array("X\n".utf8) + [0, 0, 0], .rObject),
            (Array("A\n2\n".utf8), .rObject),
            (Array("A\n3\n".utf8), .rObject),
        ]
        // Pickles of protocols 0 and 1: an object, a dictionary, a list; and joblib's own compression of long ago.
        + ["ccopy_reg\n", "ccopyreg\n", "(dp", "(lp", "}q\u{0}", "]q\u{0}", "ZF0x"].map { (Array($0.utf8), .pickle) }

    /// What a zip archive holds, by the names of its files, which stand at its start and once more at its end.
    private static func kindOfZip(_ bytes: [UInt8]) -> ModelFileKind {
        let reach = 1 << 15
        func holds(_ name: String) -> Bool {
            contains(bytes.prefix(reach), name) || contains(bytes.suffix(reach), name)
        }
        if holds("model.ini") { return .h2oMOJO }
        if holds("data.pkl") { return .torch }
        if holds("schema.json") { return .skops }
        if holds("config.json"), holds("metadata.json") { return .keras }
        return .zip
    }
}
