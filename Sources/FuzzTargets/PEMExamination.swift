internal import Foundation
internal import TLSTransport

/// Any bytes as the files of certificates, keys and authorities that contexts are made of.
enum PEMExamination {
    /// Makes contexts with the bytes in the place of each file, and of all.
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        let files = DevelopmentFiles.shared
        let path = DevelopmentFiles.temporaryPath()
        let names = ["input", "certificate", "key"].map { path + "-" + $0 }
        defer { for name in names { try? FileManager.default.removeItem(atPath: name) } }
        do {
            for (name, content) in zip(names, [bytes, files.certificate, files.key]) {
                try Data(content).write(to: URL(fileURLWithPath: name))
            }
        } catch {
            throw FuzzTarget.Finding("no file could be written: \(error)")
        }
        let (input, certificate, key) = (names[0], names[1], names[2])
        // Contexts take milliseconds: one in which all files are the input's, and one in which some are, by its length.
        let all = try outcome { () throws(TLSError) in try server(input, input, input) }
        let some =
            switch bytes.count % 4 {
            case 0: try outcome { () throws(TLSError) in try server(input, key, nil) }
            case 1: try outcome { () throws(TLSError) in try server(certificate, input, nil) }
            case 2: try outcome { () throws(TLSError) in try server(certificate, key, input) }
            default: try outcome { () throws(TLSError) in try client(input) }
            }
        return all == .read ? all : some
    }

    private static func client(_ file: String) throws(TLSError) -> TLSContext {
        try TLSContext(
            client: TLSClientConfiguration(authorityPath: file, certificateChainPath: file, privateKeyPath: file)
        )
    }

    private static func server(
        _ certificate: String,
        _ key: String,
        _ authority: String?
    ) throws(TLSError) -> TLSContext {
        try TLSContext(
            server: TLSServerConfiguration(
                certificateChainPath: certificate,
                privateKeyPath: key,
                clientCertificates: authority == nil ? .off : .required,
                clientAuthorityPath: authority
            )
        )
    }

    /// What becomes of a context: one that can be made serves a client's first words.
    private static func outcome(
        _ make: () throws(TLSError) -> TLSContext
    ) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        do throws(TLSError) {
            let context = try make()
            if context.isServer { _ = try TLSSession(accepting: context) }
            return .read
        } catch {
            guard !error.reason.isEmpty,
                [.file, .keyMismatch, .certificateExpired, .certificateNotYetValid].contains(error.kind)
            else { throw FuzzTarget.Finding("\(error.kind): '\(error.reason)'") }
            return .refused(error.reason.split(separator: ": ").last.map(String.init) ?? error.reason)
        }
    }
}
