internal import COpenSSL

/// Who a peer is by its certificate, for policy to judge.
public struct PeerIdentity: Equatable, Sendable {
    /// The URIs of the subject's alternative names, such as `spiffe://example.org/scorer`.
    public var uris: [String] = []

    /// The DNS names of the subject's alternative names.
    public var dnsNames: [String] = []

    /// The subject's common name; a name for people, never one to authorise by when there are alternative names.
    public var commonName: String?

    /// Nobody.
    package static var none: PeerIdentity { PeerIdentity() }

    private init() {}

    /// The name that policy knows the peer by: its first URI, or else its first DNS name, or else `CN=` and its common name.
    ///
    /// Authorities look less closely at common names, which so can never be taken for one of the others.
    public var name: String? { uris.first ?? dnsNames.first ?? commonName.map { "CN=" + $0 } }

    /// Reads a certificate; names with a NUL inside, an old trick on C readers, are left out.
    @unsafe init(_ certificate: OpaquePointer) {
        // Safety: the caller's certificate lives through the call; the names are ours to free; every text is copied with
        // the length that ASN.1 gives it.
        if let raw = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) {
            let names = OpaquePointer(raw)
            defer { unsafe GENERAL_NAMES_free(names) }
            let count = unsafe leadline_GENERAL_NAMES_count(names)
            for index in 0..<count {
                var type: Int32 = 0
                var length: Int32 = 0
                guard let bytes = unsafe leadline_GENERAL_NAMES_text(names, index, &type, &length) else { continue }
                let buffer = unsafe UnsafeBufferPointer(start: bytes, count: Int(length))
                guard unsafe !buffer.contains(0) else { continue }
                let text = unsafe String(decoding: buffer, as: UTF8.self)
                if type == GEN_URI { uris.append(text) } else { dnsNames.append(text) }
            }
        }
        let subject = unsafe X509_get_subject_name(certificate)
        let position = unsafe X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard position >= 0, let entry = unsafe X509_NAME_get_entry(subject, position) else { return }
        let value = unsafe X509_NAME_ENTRY_get_data(entry)
        let buffer = unsafe UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(value),
            count: Int(ASN1_STRING_length(value))
        )
        if unsafe !buffer.contains(0) { commonName = unsafe String(decoding: buffer, as: UTF8.self) }
    }
}
