internal import ByteKit

/// An array of float32 or float64 numbers as NumPy keeps it in a `.npy` file (format versions 1 to 3).
///
/// ```
/// 93 'N' 'U' 'M' 'P' 'Y'  major minor  header length (u16, from version 2 u32)  header, ends with \n  numbers
/// ```
/// The header is a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (100, 50), }`.
public struct NumpyArray: Sendable, Equatable {
    /// The numbers, the last index running fastest (C order), whichever order the file has.
    public enum Values: Sendable, Equatable {
        /// Numbers of 32 bits.
        case float32([Float])
        /// Numbers of 64 bits.
        case float64([Double])

        /// How many there are.
        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .float64(let values): values.count
            }
        }
    }

    /// The length of each dimension; empty for a single number.
    public let shape: [Int]
    /// The numbers.
    public let values: Values

    /// An array of this shape.
    /// - Precondition: the shape holds exactly these numbers.
    public init(shape: [Int], values: Values) {
        precondition(shape.reduce(1, *) == values.count, "a shape of \(shape) for \(values.count) numbers")
        self.shape = shape
        self.values = values
    }
}

/// Why a `.npy` file cannot be used.
public struct NumpyArrayError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public let description: String
}

// MARK: - Reading

extension NumpyArray {
    /// Reads the bytes of a `.npy` file.
    ///
    /// float32 and float64 of either byte order are taken; Fortran order is turned into C order for tables.
    /// - Throws: ``NumpyArrayError`` for anything else, and for a file that is shorter or longer than its shape says.
    public init(reading bytes: [UInt8]) throws(NumpyArrayError) {
        let header = try NumpyHeader(bytes)
        guard header.shape.count <= 2 || !header.isFortranOrder else {
            throw NumpyArrayError(
                description: "an array of \(header.shape.count) dimensions in Fortran order; "
                    + "save numpy.ascontiguousarray(rows)"
            )
        }
        var count = 1
        for length in header.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow else { throw NumpyArrayError(description: "the shape \(header.shape) is too large") }
            count = product
        }
        let available = bytes.count - header.byteCount
        guard available % header.width == 0, available / header.width == count else {
            throw NumpyArrayError(
                description: "the shape \(header.shape) needs \(count) numbers of \(header.width) bytes, "
                    + "\(available) bytes follow the header (byte \(header.byteCount)); the file is damaged or cut off"
            )
        }
        let raw = bytes.rawBytes
        let columns = header.shape.count == 2 && header.isFortranOrder ? header.shape[1] : 1
        let values: Values
        if header.width == 4 {
            var numbers = [Float](repeating: 0, count: count)
            for index in 0..<count {
                let bits: UInt32 = raw.integer(at: header.byteCount + index * 4)
                let number = Float(bitPattern: header.isBigEndian ? bits.byteSwapped : bits)
                numbers[Self.place(index, of: count, columns: columns)] = number
            }
            values = .float32(numbers)
        } else {
            var numbers = [Double](repeating: 0, count: count)
            for index in 0..<count {
                let bits: UInt64 = raw.integer(at: header.byteCount + index * 8)
                let number = Double(bitPattern: header.isBigEndian ? bits.byteSwapped : bits)
                numbers[Self.place(index, of: count, columns: columns)] = number
            }
            values = .float64(numbers)
        }
        self.init(shape: header.shape, values: values)
    }

    /// Where the number at an index of the file goes in C order; a table of one column is the same in both orders.
    private static func place(_ index: Int, of count: Int, columns: Int) -> Int {
        guard columns > 1 else { return index }
        let rows = count / columns
        return index % rows * columns + index / rows
    }
}

// MARK: - Writing

extension NumpyArray {
    /// The bytes of a `.npy` file of format version 1, little-endian, C order.
    public func fileBytes() -> [UInt8] {
        let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let type =
            switch values {
            case .float32: "<f4"
            case .float64: "<f8"
            }
        var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(lengths)), }".utf8)
        // Numbers start at a multiple of 64 bytes; the line feed is the header's last byte.
        let padding = 63 - (10 + header.count) % 64
        header += [UInt8](repeating: 0x20, count: padding) + [0x0A]
        var writer = ByteWriter(capacity: 10 + header.count + values.count * 8)
        writer.put(contentsOf: (NumpyHeader.magic + [1, 0]).rawBytes)
        writer.put(UInt16(header.count))
        writer.put(contentsOf: header.rawBytes)
        switch values {
        case .float32(let numbers): writer.put(column: numbers.span)
        case .float64(let numbers): writer.put(column: numbers.span)
        }
        return writer.take()
    }
}
