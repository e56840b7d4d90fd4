import ByteKit
import Foundation
import LeadWire
import Testing

@Suite("Wire vectors")
struct VectorTests {
    @Test("the files hold what encoder and decoder say today", arguments: VectorFile.allCases)
    func files(file: VectorFile) throws {
        let made = file.made
        #expect(Set(made.map(\.name)).count == made.count, "names are unique")
        let text = try file.text(of: made)
        if rewrites { try Data(text.utf8).write(to: file.url) }
        #expect(try String(contentsOf: file.url, encoding: .utf8) == text)
    }

    @Test("every vector of every file is decoded or refused as it says", arguments: VectorFile.allCases)
    func decoded(file: VectorFile) throws {
        let vectors = try file.read()
        #expect(vectors.count >= 9)
        for vector in vectors {
            switch interpret(vector.bytes, as: vector.type) {
            case .success(let decoded):
                let isRight = decoded == vector.decoded
                #expect(isRight, "\(vector.name)")
            case .failure(let error):
                #expect(error.code.rawValue == vector.error?.code, "\(vector.name): \(error)")
                #expect(error.code.name == vector.error?.name, "\(vector.name)")
            }
        }
    }

    @Test("every error code of a decoder has a vector")
    func codes() {
        let covered = Set(malformedVectors().compactMap { $0.error?.code })
        let decoders = WireErrorCode.allCases.filter { $0.rawValue < 30 }
        for code in decoders { #expect(covered.contains(code.rawValue), "\(code.name)") }
    }

    @Test("every prefix of every good message is refused as truncated", arguments: [VectorFile.valid, .boundary])
    func prefixes(file: VectorFile) throws {
        for vector in file.made {
            let bytes = vector.bytes
            for count in 0..<bytes.count {
                guard case .failure(let error) = interpret(Array(bytes[..<count]), as: vector.type) else {
                    Issue.record("\(vector.name) was taken with \(count) of \(bytes.count) bytes")
                    continue
                }
                if error.code != .truncated { Issue.record("\(vector.name) at \(count): \(error)") }
            }
        }
    }

    @Test("every flipped bit is refused or harmless, in the header always refused", arguments: VectorFile.allCases)
    func flips(file: VectorFile) {
        for vector in file.made {
            var bytes = vector.bytes
            for bit in 0..<bytes.count * 8 {
                bytes[bit >> 3] ^= 1 << UInt8(bit & 7)
                // `interpret` reads every value of what is accepted: a read outside the message would stop the process.
                let result = interpret(bytes, as: vector.type)
                let isGuarded = bit < 32 * 8 || vector.decoded?.flags?.contains("bodyChecksum") == true
                if case .success = result, vector.decoded != nil, isGuarded {
                    Issue.record("\(vector.name) was taken with bit \(bit) flipped")
                }
                bytes[bit >> 3] ^= 1 << UInt8(bit & 7)
            }
        }
    }

    @Test("random bytes behind a good header are refused or harmless", arguments: 0..<8)
    func noise(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for vector in validVectors() {
            for _ in 0..<200 {
                var bytes = vector.bytes
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let place = Int.random(in: 32..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                _ = interpret(bytes, as: vector.type)
            }
        }
    }
}
