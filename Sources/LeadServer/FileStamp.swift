internal import Foundation
internal import TLSTransport

/// What tells that a file is another one than before, without reading it.
struct FileStamp: Equatable, Sendable {
    private let size: Int?
    private let changed: Date?
    private let number: Int?

    /// Of the file itself behind any links, as rotated certificates are often linked; of nothing if there is none.
    init(_ path: String) {
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = (try? FileManager.default.attributesOfItem(atPath: file)) ?? [:]
        size = attributes[.size] as? Int
        changed = attributes[.modificationDate] as? Date
        number = attributes[.systemFileNumber] as? Int
    }

    /// Of each file of a server's TLS.
    static func of(_ configuration: TLSServerConfiguration) -> [FileStamp] {
        [configuration.certificateChainPath, configuration.privateKeyPath, configuration.clientAuthorityPath]
            .compactMap { $0.map(FileStamp.init) }
    }
}
