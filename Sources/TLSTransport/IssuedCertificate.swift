internal import COpenSSL

/// A certificate with its private key (ECDSA on P-256), made here.
@safe package final class IssuedCertificate {
    /// What a certificate is for.
    package enum Purpose {
        /// To sign the others.
        case authority
        case server
        case client
    }

    private let certificate: OpaquePointer
    private let key: OpaquePointer

    /// Makes a key and a certificate for it.
    ///
    /// - Parameters:
    ///   - commonName: The subject, for people.
    ///   - purpose: What it is for.
    ///   - alternativeNames: Checked names in OpenSSL's form, such as `DNS:localhost`.
    ///   - startsInSeconds: The beginning of its time, from now.
    ///   - endsInSeconds: The end of its time, from now.
    ///   - issuer: Who signs; `nil` signs itself.
    /// - Throws: `TLSError` with OpenSSL's reason.
    package init(
        commonName: String,
        purpose: Purpose,
        alternativeNames: [String] = [],
        startsInSeconds: Int,
        endsInSeconds: Int,
        issuer: IssuedCertificate? = nil
    ) throws(TLSError) {
        OpenSSLErrors.clear()
        // Safety: both go to this object, whose deinit frees them, also when a later line throws.
        guard let key = unsafe leadline_EVP_EC_gen_P256() else {
            throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "no key could be made")
        }
        guard let certificate = unsafe X509_new() else {
            unsafe EVP_PKEY_free(key)
            throw TLSError(.setup, "no memory for a certificate")
        }
        unsafe self.key = unsafe key
        unsafe self.certificate = unsafe certificate
        let issuerCertificate = unsafe issuer?.certificate ?? certificate
        let isFilled =
            unsafe X509_set_version(certificate, 2) == 1
            && Self.setSerialNumber(certificate)
            && X509_gmtime_adj(X509_getm_notBefore(certificate), startsInSeconds) != nil
            && X509_gmtime_adj(X509_getm_notAfter(certificate), endsInSeconds) != nil
            && X509_set_pubkey(certificate, key) == 1
            && Self.setSubject(certificate, commonName)
            && X509_set_issuer_name(certificate, X509_get_subject_name(issuerCertificate)) == 1
        guard isFilled else { throw Self.failure() }
        for (identifier, value) in Self.extensions(purpose, alternativeNames) {
            guard unsafe leadline_X509_add_extension(certificate, issuerCertificate, identifier, value) == 1 else {
                throw Self.failure()
            }
        }
        guard unsafe X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else { throw Self.failure() }
    }

    deinit {
        // Safety: this object is the only owner of both.
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// The certificate as PEM.
    package var certificatePEM: [UInt8] {
        // Safety: see `pem`.
        unsafe Self.pem { unsafe PEM_write_bio_X509($0, certificate) }
    }

    /// The private key as PEM, PKCS #8 without a passphrase.
    package var keyPEM: [UInt8] {
        unsafe Self.pem { unsafe PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    private static func failure() -> TLSError {
        TLSError(.setup, OpenSSLErrors.takeReason() ?? "the certificate could not be made")
    }

    /// RFC 5280 section 4.1.2.2: positive, at most 20 bytes; 16 random ones do not repeat.
    private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = Int32(bytes.count)
        // Safety: the array has the count given; the number is freed after it was copied.
        guard unsafe RAND_bytes(&bytes, count) == 1 else { return false }
        bytes[0] = bytes[0] & 0x7f | 0x40
        guard let number = unsafe BN_bin2bn(bytes, count, nil) else { return false }
        defer { unsafe BN_free(number) }
        return unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private static func setSubject(_ certificate: OpaquePointer, _ commonName: String) -> Bool {
        let name = unsafe X509_get_subject_name(certificate)
        // Safety: the library copies the text, whose end the count -1 leaves to its NUL.
        return unsafe X509_NAME_add_entry_by_NID(
            name,
            NID_commonName,
            Int32(0x1000),
            Array(commonName.utf8) + [0],
            -1,
            -1,
            0
        )
            == 1
    }

    private static func extensions(_ purpose: Purpose, _ names: [String]) -> [(Int32, String)] {
        var list: [(Int32, String)]
        switch purpose {
        case .authority:
            list = [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ]
        case .server, .client:
            list = [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, purpose == .server ? "serverAuth" : "clientAuth"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
            ]
        }
        if !names.isEmpty { list.append((NID_subject_alt_name, names.joined(separator: ","))) }
        return list
    }

    @unsafe private static func pem(_ write: (OpaquePointer) -> Int32) -> [UInt8] {
        // Safety: the bytes belong to the BIO and are copied before it is freed.
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return [] }
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) == 1 else { return [] }
        var data: UnsafeMutablePointer<CChar>?
        let count = unsafe leadline_BIO_get_mem_data(bio, &data)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }
}
