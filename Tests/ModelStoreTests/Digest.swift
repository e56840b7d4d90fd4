import ByteKit
import Foundation

func hexadecimalDigest(_ data: Data) -> String { SHA256Digest.hexadecimal(of: [UInt8](data)) }
