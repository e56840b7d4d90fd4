/// A version's name: its number and the first digits of its manifest's digest, for example `000003-9f3ac2d1`.
package struct VersionName: Comparable, Hashable {
    /// One more than that of any version there was.
    package let number: Int
    /// Eight hexadecimal digits.
    package let digest: String

    /// A name of these parts.
    package init(number: Int, digest: String) {
        self.number = number
        self.digest = digest
    }

    /// Reads a name; nil if it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, (6...15).contains(parts[0].utf8.count), parts[1].utf8.count == 8,
            parts[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            parts[1].utf8.allSatisfy({ hexadecimalDigits.contains($0) }), let number = Int(parts[0])
        else { return nil }
        self.init(number: number, digest: String(parts[1]))
        guard self.text == text else { return nil }
    }

    /// The name.
    package var text: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + "-" + digest
    }

    package static func < (left: VersionName, right: VersionName) -> Bool {
        (left.number, left.digest) < (right.number, right.digest)
    }
}

private let hexadecimalDigits = Array("0123456789abcdef".utf8)
