/// The names of categories that XGBoost keeps from a data frame (`cats`, from 3.1 on): by feature, in the order of codes.
///
/// Rows of numbers hold codes and need no names, so a form that is not known here is passed over.
enum XGBoostCategories {
    /// Reads the object; empty if it holds no names, or is in another form.
    /// - Throws: what passing over it throws.
    static func read<Document: DocumentReader>(from document: inout Document) throws(ModelFileError) -> [[String]] {
        let start = document
        do {
            return try names(from: &document)
        } catch {
            document = start
            try document.skip()
            return []
        }
    }

    private static func names(from document: inout some DocumentReader) throws(ModelFileError) -> [[String]] {
        var names: [[String]] = []
        try document.openObject()
        while let key = try document.nextKey() {
            guard key == "enc" else {
                try document.skip()
                continue
            }
            try document.openArray()
            while try document.nextElement() { names.append(try feature(from: &document)) }
        }
        return names.allSatisfy(\.isEmpty) ? [] : names
    }

    /// One feature: whole numbers, or texts as their bytes one after the other, with where each starts and the last ends.
    private static func feature(from document: inout some DocumentReader) throws(ModelFileError) -> [String] {
        var values: [Int32] = []
        var offsets: [Int32]?
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "values": try document.readIntegers(into: &values)
            case "offsets":
                var read: [Int32] = []
                try document.readIntegers(into: &read)
                offsets = read
            default: try document.skip()
            }
        }
        guard let offsets else { return values.map { String($0) } }
        var names: [String] = []
        for (start, end) in zip(offsets, offsets.dropFirst()) {
            // Each starts where the one before ends, so that all of them are no larger than the file.
            guard start >= 0, end >= start, Int(end) <= values.count else {
                throw document.damage("a category's name is at \(start)..<\(end) of \(values.count) bytes")
            }
            let bytes = values[Int(start)..<Int(end)].map { UInt8(truncatingIfNeeded: $0) }
            names.append(String(decoding: bytes, as: UTF8.self))
        }
        return names
    }
}
