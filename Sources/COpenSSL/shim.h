#ifndef LEADLINE_COPENSSL_SHIM_H
#define LEADLINE_COPENSSL_SHIM_H
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// OpenSSL's macros as functions, for Swift. Each is named after the macro it stands for.

static inline long leadline_SSL_CTX_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline int leadline_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int leadline_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline long leadline_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline long leadline_SSL_set_tlsext_host_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}
static inline int leadline_SSL_want_read_code(void) { return SSL_ERROR_WANT_READ; }
static inline void leadline_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void leadline_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline long leadline_BIO_get_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

/// The modes of every context: partial writes and moving buffers. What a session keeps between records is let go of by
/// SSL_free_buffers, when it rests: SSL_MODE_RELEASE_BUFFERS would allocate and free 16 KiB for each record.
static inline long leadline_SSL_modes(void) {
    return SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
}
/// The options of every context: no renegotiation, no compression, the server's order of suites.
static inline uint64_t leadline_SSL_options(void) {
    return SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
}

/// A new key on the curve P-256 (EVP_EC_gen).
static inline EVP_PKEY *leadline_EVP_EC_gen_P256(void) { return EVP_EC_gen("P-256"); }

/// Adds an extension in OpenSSL's configuration words; 1 on success.
static inline int leadline_X509_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL)
        return 0;
    int result = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return result;
}

/// A place of our own in every context.
static inline int leadline_SSL_CTX_new_index(void) {
    return CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, NULL);
}
/// HMAC-SHA-256 with a key of 32 bytes, for tickets; 1 on success.
static inline int leadline_ticket_mac(EVP_MAC_CTX *mac, const uint8_t *key) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}
static inline long leadline_SSL_set_msg_callback_arg(SSL *session, void *argument) {
    return SSL_set_msg_callback_arg(session, argument);
}

/// How many names a certificate's subject alternative names hold.
static inline int leadline_GENERAL_NAMES_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
/// The characters of a URI or DNS name; the type is set for every name, the result NULL for other types.
static inline const unsigned char *leadline_GENERAL_NAMES_text(
    const GENERAL_NAMES *names, int index, int *type, int *length
) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *type = name->type;
    *length = 0;
    if (name->type != GEN_URI && name->type != GEN_DNS)
        return NULL;
    *length = ASN1_STRING_length(name->d.ia5);
    return ASN1_STRING_get0_data(name->d.ia5);
}
#endif
