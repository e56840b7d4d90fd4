internal import COpenSSL
internal import Glibc

/// An authority, a server's and a client's certificate for trying things out on one's own machines.
public enum DevelopmentCertificates {
    /// The hosts of the server's certificate when none are named.
    public static let defaultHosts = ["localhost", "127.0.0.1", "::1"]

    /// The names of the files, certificates before keys.
    public static let fileNames = ["ca.pem", "server.pem", "client.pem", "ca.key", "server.key", "client.key"]

    /// Writes `ca`, `server` and `client`, each as `.pem` (certificate) and `.key` (private key, readable by its owner
    /// alone).
    ///
    /// - Parameters:
    ///   - directory: Where; it is created when it is missing.
    ///   - hosts: Host names and IP addresses of the server.
    ///   - days: How long the certificates are valid, 1 to 3650.
    ///   - replacesExisting: Whether files that are there already are replaced; else they are an error.
    /// - Returns: The paths of the files.
    /// - Throws: `TLSError` that names the host or file at fault.
    public static func create(
        in directory: String,
        hosts: [String] = defaultHosts,
        days: Int = 365,
        replacesExisting: Bool = false
    ) throws(TLSError) -> [String] {
        guard (1...3650).contains(days) else { throw TLSError(.setup, "\(days) days: give 1 to 3650") }
        var names: [String] = []
        for host in hosts { names.append(try alternativeName(of: host)) }
        guard !names.isEmpty else { throw TLSError(.setup, "the server's certificate needs at least one host") }
        let paths = fileNames.map { directory + "/" + $0 }
        if !replacesExisting, let path = paths.first(where: PEMFile.exists) {
            throw TLSError(.file, "\(path) exists; nothing was changed (give --force to replace all six files)")
        }
        // An hour back, for machines whose clocks differ a little.
        let (start, end) = (-3600, days * 86_400)
        let authority = try IssuedCertificate(
            commonName: "Leadline development authority",
            purpose: .authority,
            startsInSeconds: start,
            endsInSeconds: end
        )
        let server = try IssuedCertificate(
            commonName: "Leadline development server",
            purpose: .server,
            alternativeNames: names,
            startsInSeconds: start,
            endsInSeconds: end,
            issuer: authority
        )
        let client = try IssuedCertificate(
            commonName: "Leadline development client",
            purpose: .client,
            alternativeNames: ["URI:spiffe://leadline.development/client"],
            startsInSeconds: start,
            endsInSeconds: end,
            issuer: authority
        )
        do {
            try PEMFile.makeDirectory(directory)
        } catch {
            throw TLSError(.file, "\(directory): \(error.reason)")
        }
        let all = [authority, server, client]
        for (path, certificate) in zip(paths, all) {
            try put(certificate.certificatePEM, at: path, isSecret: false)
        }
        for (path, certificate) in zip(paths.dropFirst(all.count), all) {
            try put(certificate.keyPEM, at: path, isSecret: true)
        }
        return paths
    }

    /// Writes beside the place and moves there, so that a reader never sees half a file.
    private static func put(_ bytes: [UInt8], at path: String, isSecret: Bool) throws(TLSError) {
        let draft = path + ".new"
        do {
            try PEMFile.remove(draft)
            try PEMFile.create(bytes, at: draft, isSecret: isSecret)
            try PEMFile.move(draft, to: path)
        } catch {
            throw TLSError(.file, "\(path): \(error.reason)")
        }
    }

    /// A host in the words of OpenSSL's configuration, where a comma would begin another name.
    private static func alternativeName(of host: String) throws(TLSError) -> String {
        var address = in6_addr()
        // Safety: 16 bytes are room for either family.
        if unsafe inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1 {
            return "IP:" + host
        }
        let isName = host.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == 0x2d || byte == 0x2e
                || byte == 0x2a
        }
        guard isName, !host.isEmpty, host.utf8.count <= 253, !host.hasPrefix("-") else {
            throw TLSError(.setup, "'\(host)' is neither a host name nor an IP address")
        }
        return "DNS:" + host
    }
}
