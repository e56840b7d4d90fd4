internal import CShims

/// CRC-32C (Castagnoli): the checksum of iSCSI, and of a message's header.
///
/// Reflected polynomial 0x82F63B78, initial value and final XOR all ones; of the ASCII digits `123456789` it is
/// 0xE3069283.
public enum CRC32C {
    /// The checksum of these bytes, by the processor's instruction where it has one.
    public static func of(_ bytes: RawSpan) -> UInt32 {
        continuing(0, with: bytes)
    }

    /// The checksum of some bytes and these after them, given the checksum of the first.
    public static func continuing(_ checksum: UInt32, with bytes: RawSpan) -> UInt32 {
        // Safety: the span keeps its bytes alive through the closure, and the C function reads exactly `count` of them.
        unsafe bytes.withUnsafeBytes { unsafe leadline_crc32c(checksum, $0.baseAddress, $0.count) }
    }

    /// The same by table, as it is done where there is no instruction.
    package static func byTable(_ bytes: RawSpan) -> UInt32 {
        // Safety: as in `continuing`.
        unsafe bytes.withUnsafeBytes { unsafe leadline_crc32c_table(0, $0.baseAddress, $0.count) }
    }
}
