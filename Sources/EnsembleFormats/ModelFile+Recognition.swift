extension ModelFile {
    /// What a file is, by its content alone.
    ///
    /// Complexity: linear in the worst case (JSON whose first keys tell nothing), a few bytes in all others.
    public static func recognise(_ bytes: [UInt8]) -> ModelFileKind {
        if let kind = kindByMagic(bytes) { return kind }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let first = bytes[start...].firstIndex(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
            return bytes.isEmpty ? .empty : .unknown
        }
        let text = bytes[first...].prefix(4_096)
        switch bytes[first] {
        case UInt8(ascii: "{"): return kindOfBraces(bytes, first)
        case UInt8(ascii: "["): return kindOfBracket(text)
        case UInt8(ascii: "<"): return contains(text, "PMML") ? .pmml : .unknown
        case UInt8(ascii: "t") where starts(text, "tree\n") || starts(text, "tree\r\n"): return .lightGBMText
        case UInt8(ascii: "b") where starts(text, "booster["): return .xgboostDumpText
        case UInt8(ascii: "d") where starts(text, "digraph {"): return .xgboostDumpText
        case UInt8(ascii: "0") where starts(text, "0:[") || starts(text, "0:leaf="): return .xgboostDumpText
        default: break
        }
        if isXGBoostBinary(bytes, at: 0) { return .xgboostBinary }
        if isTensorFlow(bytes) { return .tensorFlow }
        if isONNX(bytes) { return .onnx }
        if isTreelite(bytes) { return .treelite }
        if isYggdrasil(bytes) { return .yggdrasil }
        if isSafetensors(bytes) { return .safetensors }
        return .unknown
    }

    /// `{`: JSON goes on with a quote, UBJSON with the marker of the first key's length.
    private static func kindOfBraces(_ bytes: [UInt8], _ first: Int) -> ModelFileKind {
        guard first + 1 < bytes.count else { return .unknown }
        if Array("iUIlL$#".utf8).contains(bytes[first + 1]) { return .xgboostUBJSON }
        var reader = JSONReader(bytes)
        var keys: Set<String> = []
        do {
            try reader.openObject()
            while let key = try reader.nextKey() {
                if key == "learner" { return .xgboostJSON }
                if key == "oblivious_trees" || key == "features_info" { return .catBoostJSON }
                keys.insert(key)
                if keys.count > 1_000 { break }
                try reader.skip()
            }
        } catch {
            // A file cut in its first value may still be known by the key before it.
        }
        if keys.contains("nodeid") { return .xgboostDumpJSON }
        if keys.contains("tree_info") || keys.contains("name") && keys.contains("max_feature_idx") {
            return .lightGBMDumpJSON
        }
        if keys.contains("model_info") { return .catBoostJSON }
        return .unknown
    }

    /// `[`: only XGBoost's dump is a bare array of trees.
    private static func kindOfBracket(_ text: ArraySlice<UInt8>) -> ModelFileKind {
        contains(text, "\"nodeid\"") || contains(text, "\"leaf\"") ? .xgboostDumpJSON : .unknown
    }

    /// The old form starts with 136 bytes of parameters, then the lengths and texts of objective and booster.
    private static func isXGBoostBinary(_ bytes: [UInt8], at start: Int) -> Bool {
        let header = start + 136
        guard bytes.count > header + 8 else { return false }
        let length = bytes[header..<header + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard (3...64).contains(length), bytes.count >= header + 8 + Int(length) else { return false }
        return bytes[header + 8..<header + 8 + Int(length)].allSatisfy { (0x20..<0x7F).contains($0) }
    }

    /// A protobuf that starts with `ir_version` (field 1, small) and another field of `ModelProto`.
    private static func isONNX(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 4, bytes[0] == 0x08, bytes[1] < 0x40 else { return false }
        return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(bytes[2])
    }

    /// Three little-endian `int32` of a version (2.4.0, 3.9.1, 4.8.1), then the types of thresholds and leaves, of which
    /// there are three.
    private static func isTreelite(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 14, (1...9).contains(bytes[0]) else { return false }
        return bytes[1..<4].allSatisfy { $0 == 0 } && bytes[5..<8].allSatisfy { $0 == 0 }
            && bytes[9..<12].allSatisfy { $0 == 0 } && bytes[12..<14].allSatisfy { (1...3).contains($0) }
    }

    /// A protobuf of schema version 1, then the graphs, whose first field lists their operations.
    private static func isTensorFlow(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x08, 0x01, 0x12])
            && ["NoOp", "VarHandleOp", "StatefulPartitionedCall", "SimpleML"].contains {
                contains(bytes.prefix(1 << 16), $0)
            }
    }

    /// The parts of a folder: nodes in a sequence of blobs, and two headers that name the model or the form of the nodes.
    private static func isYggdrasil(_ bytes: [UInt8]) -> Bool {
        if bytes.count >= 8, bytes.starts(with: Array("BS".utf8)), bytes[2] < 4, bytes[3] == 0 { return true }
        let start = bytes.prefix(64)
        return contains(start, "BLOB_SEQUENCE")
            || bytes.first == 0x0A
                && ["GRADIENT_BOOSTED_TREES", "RANDOM_FOREST", "ISOLATION_FOREST"].contains { contains(start, $0) }
    }

    /// The length of a header as a little-endian `uint64`, then the header, which is JSON.
    private static func isSafetensors(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 10, bytes[8] == UInt8(ascii: "{"), bytes[9] == UInt8(ascii: "\"") else { return false }
        let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length <= UInt64(bytes.count - 8)
    }

    private static func starts(_ text: ArraySlice<UInt8>, _ word: String) -> Bool { text.starts(with: word.utf8) }

    static func contains(_ text: ArraySlice<UInt8>, _ word: String) -> Bool {
        let letters = Array(word.utf8)
        guard text.count >= letters.count else { return false }
        return (text.startIndex...text.endIndex - letters.count).contains { text[$0...].starts(with: letters) }
    }
}
