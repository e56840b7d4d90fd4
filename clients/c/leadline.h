/*
 * leadline.h: the Leadline wire, version 1.0, for C11 and C++17. One header, nothing to link.
 *
 *   Write a request:  ldln_begin, one ldln_add_... for each column of the schema, ldln_finish.
 *   Read answers:     ldln_peek says how many bytes the next message takes; ldln_decode_reply and ldln_decode_error
 *                     read it.
 *
 * Nothing here does input or output, allocates, or keeps state outside what the caller hands in; functions may be
 * called from any thread on different data. Buffers may lie at any address. A view that a decoder fills points into the
 * message: it is of use as long as those bytes are. Machines of either byte order are served; float and double must be
 * those of IEEE 754. Not for -ffast-math: a missing number is a NaN.
 *
 * Functions that can fail return 0 (LDLN_OK), a code of section 10 of the wire's page (1 to 255: what the receiver of
 * such bytes would answer), or one of the codes from 256 on that exist only here. Names that begin with ldln_i_ are
 * this file's own.
 */
#ifndef LEADLINE_H
#define LEADLINE_H

#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if CHAR_BIT != 8 || FLT_RADIX != 2 || FLT_MANT_DIG != 24 || DBL_MANT_DIG != 53
#error "leadline.h needs bytes of 8 bits and the float and double of IEEE 754"
#endif
#if defined(__FAST_MATH__)
#error "leadline.h tells a missing number by NaN: compile without -ffast-math"
#endif

/* LDLN_PORTABLE=1 leaves out all that depends on the machine: byte order, and instructions for CRC-32C. */
#if !defined(LDLN_PORTABLE)
#define LDLN_PORTABLE 0
#endif
#if !LDLN_PORTABLE && ((defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) || defined(_WIN32))
#define LDLN_I_LITTLE_ENDIAN 1
#else
#define LDLN_I_LITTLE_ENDIAN 0
#endif
#if !LDLN_PORTABLE && defined(__SSE4_2__) && defined(__x86_64__)
#include <nmmintrin.h>
#define LDLN_I_CRC_SSE42 1
#elif !LDLN_PORTABLE && defined(__ARM_FEATURE_CRC32) && LDLN_I_LITTLE_ENDIAN
#include <arm_acle.h>
#define LDLN_I_CRC_ARM 1
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Numbers of the wire
 * --------------------------------------------------------------------------------------------------------------- */

/** Results: codes of section 10, and those that exist only here. */
enum {
    LDLN_OK = 0,
    LDLN_BAD_MAGIC = 1,
    LDLN_UNSUPPORTED_VERSION = 2,
    LDLN_HEADER_CHECKSUM = 3,
    LDLN_UNEXPECTED_TYPE = 4,
    LDLN_UNKNOWN_FLAG = 5,
    LDLN_RESERVED_NOT_ZERO = 6,
    LDLN_BAD_LENGTH = 7,
    LDLN_TRUNCATED = 8,
    LDLN_UNKNOWN_ENCODING = 9,
    LDLN_BAD_DICTIONARY = 10,
    LDLN_BAD_TEXT = 11,
    LDLN_BAD_OUTPUTS = 12,
    LDLN_BAD_VALUE = 13,
    LDLN_EMPTY_BATCH = 14,
    LDLN_BODY_CHECKSUM = 15,
    LDLN_MESSAGE_TOO_LARGE = 20,
    LDLN_TOO_MANY_ROWS = 21,
    LDLN_TOO_MANY_COLUMNS = 22,
    LDLN_UNKNOWN_MODEL = 30,
    LDLN_UNKNOWN_VERSION = 31,
    LDLN_SCHEMA_MISMATCH = 32,
    LDLN_COLUMN_COUNT = 33,
    LDLN_COLUMN_KIND = 34,
    LDLN_BINS_MISMATCH = 35,
    LDLN_DEADLINE_EXCEEDED = 40,
    LDLN_OVERLOADED = 41,
    LDLN_DRAINING = 42,
    LDLN_NOT_READY = 43,
    LDLN_QUOTA_EXCEEDED = 44,
    LDLN_UNSUPPORTED_MEDIA_TYPE = 50,
    LDLN_FORBIDDEN = 51,
    LDLN_INTERNAL_FAILURE = 60,

    LDLN_MORE = 256,     /**< not an error: more bytes are needed, see ldln_peek */
    LDLN_SPACE = 257,    /**< the caller's buffer, scratch or array is too small; what is needed has been told */
    LDLN_ARGUMENT = 258, /**< an argument that the function does not take */
    LDLN_ORDER = 259     /**< a call at the wrong time: too many columns, or too few at ldln_finish */
};

/** Types of messages. */
enum { LDLN_REQUEST = 1, LDLN_REPLY = 2, LDLN_ERROR = 3 };

/** Types that ldln_peek shall take, to be joined with |. */
enum { LDLN_TAKES_REQUESTS = 1 << 1, LDLN_TAKES_ANSWERS = 1 << 2 | 1 << 3 };

/** Flags of the header. */
enum { LDLN_FLAG_BODY_SUM = 1, LDLN_FLAG_MATRIX = 2 };

/** Flags of a column. */
enum { LDLN_COLUMN_VALIDITY = 1, LDLN_COLUMN_RUNS = 2 };

/** Results that a request asks for, to be joined with |. */
enum {
    LDLN_OUTPUT_MARGIN = 1,
    LDLN_OUTPUT_PROBABILITY = 2,
    LDLN_OUTPUT_SCORE = 4,
    LDLN_OUTPUT_TIER = 8,
    LDLN_OUTPUT_STATUS = 16,
    LDLN_OUTPUT_TIMINGS = 32,
    LDLN_OUTPUTS_ALL = 63
};

/** Statuses of a row. */
enum { LDLN_ROW_SCORED = 0, LDLN_ROW_INVALID_VALUE = 1, LDLN_ROW_DEADLINE_PASSED = 2 };

/** Places in the timings of a reply: microseconds. */
enum { LDLN_TOTAL = 0, LDLN_WAITING = 1, LDLN_DECODING = 2, LDLN_PREPARING = 3, LDLN_SCORING = 4, LDLN_TIMINGS = 5 };

/** Encodings of a column, and the type of a value in the arrays that the caller hands in. */
enum {
    LDLN_ABSENT = 0x00,       /**< nothing */
    LDLN_CONSTANT = 0x01,     /**< one double */
    LDLN_BITS = 0x10,         /**< eight values a uint8_t, the lowest bit first */
    LDLN_UINT8 = 0x11,        /**< uint8_t */
    LDLN_INT8 = 0x12,         /**< int8_t */
    LDLN_UINT16 = 0x13,       /**< uint16_t */
    LDLN_INT16 = 0x14,        /**< int16_t */
    LDLN_INT32 = 0x15,        /**< int32_t */
    LDLN_INT64 = 0x16,        /**< int64_t */
    LDLN_MICROSECONDS = 0x17, /**< int64_t: microseconds since 1970-01-01T00:00Z; for dates alone */
    LDLN_FLOAT16 = 0x20,      /**< uint16_t, the bits of a binary16 (ldln_f16_bits); NaN is missing */
    LDLN_FLOAT32 = 0x21,      /**< float; NaN is missing */
    LDLN_FLOAT64 = 0x22,      /**< double; NaN is missing */
    LDLN_DICTIONARY8 = 0x30,  /**< uint8_t, the index of a string */
    LDLN_DICTIONARY16 = 0x31, /**< uint16_t, the index of a string */
    LDLN_BINS8 = 0x38,        /**< uint8_t, the number of a bin */
    LDLN_BINS16 = 0x39        /**< uint16_t, the number of a bin */
};

/** Bytes of a header, and of the shortest message. */
enum { LDLN_HEADER_BYTES = 32, LDLN_MESSAGE_BYTES_MIN = 64 };

/** "Not known" in the row, column and byte of an error or a fault. */
#define LDLN_NOT_KNOWN UINT32_MAX

/** Text that belongs to somebody else: UTF-8 without an end mark. As a lead's value, text NULL is missing. */
typedef struct ldln_text {
    const char *text;
    size_t bytes;
} ldln_text;

/** What a decoder takes at most: section 11. */
typedef struct ldln_limits {
    uint32_t rows;
    uint32_t columns;
    uint32_t message_bytes;
} ldln_limits;

/** The limits of a server with default settings. */
static inline ldln_limits ldln_default_limits(void) {
    ldln_limits limits;
    limits.rows = 65536;
    limits.columns = 1024;
    limits.message_bytes = 33554432;
    return limits;
}

/** The name of a result, such as "schema-mismatch"; "unknown" for a number that is none. */
static inline const char *ldln_result_name(int result) {
    switch (result) {
    case LDLN_OK: return "ok";
    case LDLN_BAD_MAGIC: return "bad-magic";
    case LDLN_UNSUPPORTED_VERSION: return "unsupported-version";
    case LDLN_HEADER_CHECKSUM: return "header-checksum";
    case LDLN_UNEXPECTED_TYPE: return "unexpected-type";
    case LDLN_UNKNOWN_FLAG: return "unknown-flag";
    case LDLN_RESERVED_NOT_ZERO: return "reserved-not-zero";
    case LDLN_BAD_LENGTH: return "bad-length";
    case LDLN_TRUNCATED: return "truncated";
    case LDLN_UNKNOWN_ENCODING: return "unknown-encoding";
    case LDLN_BAD_DICTIONARY: return "bad-dictionary";
    case LDLN_BAD_TEXT: return "bad-text";
    case LDLN_BAD_OUTPUTS: return "bad-outputs";
    case LDLN_BAD_VALUE: return "bad-value";
    case LDLN_EMPTY_BATCH: return "empty-batch";
    case LDLN_BODY_CHECKSUM: return "body-checksum";
    case LDLN_MESSAGE_TOO_LARGE: return "message-too-large";
    case LDLN_TOO_MANY_ROWS: return "too-many-rows";
    case LDLN_TOO_MANY_COLUMNS: return "too-many-columns";
    case LDLN_UNKNOWN_MODEL: return "unknown-model";
    case LDLN_UNKNOWN_VERSION: return "unknown-version";
    case LDLN_SCHEMA_MISMATCH: return "schema-mismatch";
    case LDLN_COLUMN_COUNT: return "column-count";
    case LDLN_COLUMN_KIND: return "column-kind";
    case LDLN_BINS_MISMATCH: return "bins-mismatch";
    case LDLN_DEADLINE_EXCEEDED: return "deadline-exceeded";
    case LDLN_OVERLOADED: return "overloaded";
    case LDLN_DRAINING: return "draining";
    case LDLN_NOT_READY: return "not-ready";
    case LDLN_QUOTA_EXCEEDED: return "quota-exceeded";
    case LDLN_UNSUPPORTED_MEDIA_TYPE: return "unsupported-media-type";
    case LDLN_FORBIDDEN: return "forbidden";
    case LDLN_INTERNAL_FAILURE: return "internal-failure";
    case LDLN_MORE: return "more-bytes-needed";
    case LDLN_SPACE: return "too-little-space";
    case LDLN_ARGUMENT: return "bad-argument";
    case LDLN_ORDER: return "call-out-of-order";
    default: return "unknown";
    }
}

/** 1 if the number is an error of the wire (section 10), else 0. */
static inline int ldln_is_wire_error(int code) {
    return (code >= 1 && code <= 15) || (code >= 20 && code <= 22) || (code >= 30 && code <= 35) ||
           (code >= 40 && code <= 44) || code == 50 || code == 51 || code == 60;
}

/** 1 if the same message may succeed later, else 0. */
static inline int ldln_is_retryable(int code) { return code >= 40 && code <= 44; }

/* ------------------------------------------------------------------------------------------------------------------
 * Bytes
 * --------------------------------------------------------------------------------------------------------------- */

static inline uint16_t ldln_i_get16(const uint8_t *p) { return (uint16_t)(p[0] | (unsigned)p[1] << 8); }
static inline uint32_t ldln_i_get32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t ldln_i_get64(const uint8_t *p) { return ldln_i_get32(p) | (uint64_t)ldln_i_get32(p + 4) << 32; }
static inline void ldln_i_put16(uint8_t *p, uint16_t x) {
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
}
static inline void ldln_i_put32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
    p[2] = (uint8_t)(x >> 16);
    p[3] = (uint8_t)(x >> 24);
}
static inline void ldln_i_put64(uint8_t *p, uint64_t x) {
    ldln_i_put32(p, (uint32_t)x);
    ldln_i_put32(p + 4, (uint32_t)(x >> 32));
}
static inline float ldln_i_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline double ldln_i_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline uint64_t ldln_i_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline uint32_t ldln_i_float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline uint64_t ldln_i_pad8(uint64_t n) { return (n + 7) & ~(uint64_t)7; }
static inline int ldln_i_bit(const uint8_t *bits, uint32_t i) { return bits[i >> 3] >> (i & 7) & 1; }
/* Two's complement without a conversion that C leaves to the compiler. */
static inline int64_t ldln_i_signed(uint64_t x) {
    int64_t y;
    memcpy(&y, &x, sizeof y);
    return y;
}

/** The quiet NaN that stands for a missing number. */
static inline double ldln_missing(void) { return ldln_i_double(UINT64_C(0x7ff8000000000000)); }

/**
 * CRC-32C (Castagnoli) of bytes; previous is that of the bytes before, or 0. By the processor's own instruction where
 * it is compiled for one (-msse4.2, -march=armv8-a+crc), else by a table.
 */
static inline uint32_t ldln_crc32c(uint32_t previous, const void *bytes, size_t count) {
    const uint8_t *p = (const uint8_t *)bytes;
#if defined(LDLN_I_CRC_SSE42)
    uint64_t wide = ~previous & UINT32_MAX;
    for (; count >= 8; count -= 8, p += 8) wide = _mm_crc32_u64(wide, ldln_i_get64(p));
    uint32_t crc = (uint32_t)wide;
    for (; count > 0; count--, p++) crc = _mm_crc32_u8(crc, *p);
    return ~crc;
#elif defined(LDLN_I_CRC_ARM)
    uint32_t crc = ~previous;
    for (; count >= 8; count -= 8, p += 8) crc = __crc32cd(crc, ldln_i_get64(p));
    for (; count > 0; count--, p++) crc = __crc32cb(crc, *p);
    return ~crc;
#else
    static const uint32_t table[256] = {
        0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4, 0xc79a971f, 0x35f1141c, 0x26a1e7e8, 0xd4ca64eb, 0x8ad958cf,
        0x78b2dbcc, 0x6be22838, 0x9989ab3b, 0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24, 0x105ec76f, 0xe235446c,
        0xf165b798, 0x030e349b, 0xd7c45070, 0x25afd373, 0x36ff2087, 0xc494a384, 0x9a879fa0, 0x68ec1ca3, 0x7bbcef57,
        0x89d76c54, 0x5d1d08bf, 0xaf768bbc, 0xbc267848, 0x4e4dfb4b, 0x20bd8ede, 0xd2d60ddd, 0xc186fe29, 0x33ed7d2a,
        0xe72719c1, 0x154c9ac2, 0x061c6936, 0xf477ea35, 0xaa64d611, 0x580f5512, 0x4b5fa6e6, 0xb93425e5, 0x6dfe410e,
        0x9f95c20d, 0x8cc531f9, 0x7eaeb2fa, 0x30e349b1, 0xc288cab2, 0xd1d83946, 0x23b3ba45, 0xf779deae, 0x05125dad,
        0x1642ae59, 0xe4292d5a, 0xba3a117e, 0x4851927d, 0x5b016189, 0xa96ae28a, 0x7da08661, 0x8fcb0562, 0x9c9bf696,
        0x6ef07595, 0x417b1dbc, 0xb3109ebf, 0xa0406d4b, 0x522bee48, 0x86e18aa3, 0x748a09a0, 0x67dafa54, 0x95b17957,
        0xcba24573, 0x39c9c670, 0x2a993584, 0xd8f2b687, 0x0c38d26c, 0xfe53516f, 0xed03a29b, 0x1f682198, 0x5125dad3,
        0xa34e59d0, 0xb01eaa24, 0x42752927, 0x96bf4dcc, 0x64d4cecf, 0x77843d3b, 0x85efbe38, 0xdbfc821c, 0x2997011f,
        0x3ac7f2eb, 0xc8ac71e8, 0x1c661503, 0xee0d9600, 0xfd5d65f4, 0x0f36e6f7, 0x61c69362, 0x93ad1061, 0x80fde395,
        0x72966096, 0xa65c047d, 0x5437877e, 0x4767748a, 0xb50cf789, 0xeb1fcbad, 0x197448ae, 0x0a24bb5a, 0xf84f3859,
        0x2c855cb2, 0xdeeedfb1, 0xcdbe2c45, 0x3fd5af46, 0x7198540d, 0x83f3d70e, 0x90a324fa, 0x62c8a7f9, 0xb602c312,
        0x44694011, 0x5739b3e5, 0xa55230e6, 0xfb410cc2, 0x092a8fc1, 0x1a7a7c35, 0xe811ff36, 0x3cdb9bdd, 0xceb018de,
        0xdde0eb2a, 0x2f8b6829, 0x82f63b78, 0x709db87b, 0x63cd4b8f, 0x91a6c88c, 0x456cac67, 0xb7072f64, 0xa457dc90,
        0x563c5f93, 0x082f63b7, 0xfa44e0b4, 0xe9141340, 0x1b7f9043, 0xcfb5f4a8, 0x3dde77ab, 0x2e8e845f, 0xdce5075c,
        0x92a8fc17, 0x60c37f14, 0x73938ce0, 0x81f80fe3, 0x55326b08, 0xa759e80b, 0xb4091bff, 0x466298fc, 0x1871a4d8,
        0xea1a27db, 0xf94ad42f, 0x0b21572c, 0xdfeb33c7, 0x2d80b0c4, 0x3ed04330, 0xccbbc033, 0xa24bb5a6, 0x502036a5,
        0x4370c551, 0xb11b4652, 0x65d122b9, 0x97baa1ba, 0x84ea524e, 0x7681d14d, 0x2892ed69, 0xdaf96e6a, 0xc9a99d9e,
        0x3bc21e9d, 0xef087a76, 0x1d63f975, 0x0e330a81, 0xfc588982, 0xb21572c9, 0x407ef1ca, 0x532e023e, 0xa145813d,
        0x758fe5d6, 0x87e466d5, 0x94b49521, 0x66df1622, 0x38cc2a06, 0xcaa7a905, 0xd9f75af1, 0x2b9cd9f2, 0xff56bd19,
        0x0d3d3e1a, 0x1e6dcdee, 0xec064eed, 0xc38d26c4, 0x31e6a5c7, 0x22b65633, 0xd0ddd530, 0x0417b1db, 0xf67c32d8,
        0xe52cc12c, 0x1747422f, 0x49547e0b, 0xbb3ffd08, 0xa86f0efc, 0x5a048dff, 0x8ecee914, 0x7ca56a17, 0x6ff599e3,
        0x9d9e1ae0, 0xd3d3e1ab, 0x21b862a8, 0x32e8915c, 0xc083125f, 0x144976b4, 0xe622f5b7, 0xf5720643, 0x07198540,
        0x590ab964, 0xab613a67, 0xb831c993, 0x4a5a4a90, 0x9e902e7b, 0x6cfbad78, 0x7fab5e8c, 0x8dc0dd8f, 0xe330a81a,
        0x115b2b19, 0x020bd8ed, 0xf0605bee, 0x24aa3f05, 0xd6c1bc06, 0xc5914ff2, 0x37faccf1, 0x69e9f0d5, 0x9b8273d6,
        0x88d28022, 0x7ab90321, 0xae7367ca, 0x5c18e4c9, 0x4f48173d, 0xbd23943e, 0xf36e6f75, 0x0105ec76, 0x12551f82,
        0xe03e9c81, 0x34f4f86a, 0xc69f7b69, 0xd5cf889d, 0x27a40b9e, 0x79b737ba, 0x8bdcb4b9, 0x988c474d, 0x6ae7c44e,
        0xbe2da0a5, 0x4c4623a6, 0x5f16d052, 0xad7d5351,
    };
    uint32_t crc = ~previous;
    for (; count > 0; count--, p++) crc = table[(crc ^ *p) & 255] ^ crc >> 8;
    return ~crc;
#endif
}

/** The value of a binary16's bits; exact. */
static inline float ldln_f16_value(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    const uint32_t exponent = bits >> 10 & 31u, fraction = bits & 0x3ffu;
    if (exponent == 31) return ldln_i_float(sign | 0x7f800000u | fraction << 13);
    if (exponent != 0) return ldln_i_float(sign | (exponent + 112) << 23 | fraction << 13);
    const float small = (float)fraction * (1.0f / 16777216.0f);
    return sign ? -small : small;
}

/** 1, and the bits, if x is exactly a binary16 (NaN becomes the quiet NaN), else 0. */
static inline int ldln_f16_bits(double x, uint16_t *bits) {
    const uint64_t wide = ldln_i_bits(x);
    const uint16_t sign = (uint16_t)(wide >> 48 & 0x8000u);
    const double magnitude = x < 0 ? -x : x;
    if (x != x) {
        *bits = 0x7e00;
    } else if (magnitude > DBL_MAX) {
        *bits = (uint16_t)(sign | 0x7c00u);
    } else if (magnitude > 65504 || (wide & ((UINT64_C(1) << 42) - 1)) != 0) {
        return 0;
    } else if (magnitude >= 1.0 / 16384) {
        *bits = (uint16_t)(sign | ((wide >> 52 & 0x7ffu) - 1008) << 10 | (wide >> 42 & 0x3ffu));
    } else { /* subnormal: a multiple of 2^-24 */
        const double parts = magnitude * 16777216.0;
        const uint16_t whole = (uint16_t)parts;
        if ((double)whole != parts) return 0;
        *bits = (uint16_t)(sign | whole);
    }
    return 1;
}

/* Well-formed UTF-8 as Unicode's table 3-7 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */
static inline int ldln_i_is_utf8(const uint8_t *p, size_t count) {
    size_t i = 0;
    while (i < count) {
        if (count - i >= 8 && (ldln_i_get64(p + i) & UINT64_C(0x8080808080808080)) == 0) {
            i += 8;
            continue;
        }
        const uint8_t lead = p[i];
        uint8_t low = 0x80, high = 0xbf;
        size_t rest;
        if (lead < 0x80) {
            i++;
            continue;
        } else if (lead >= 0xc2 && lead <= 0xdf) {
            rest = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            rest = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            rest = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else {
            return 0;
        }
        if (count - i <= rest || p[i + 1] < low || p[i + 1] > high) return 0;
        for (size_t k = 2; k <= rest; k++)
            if (p[i + k] < 0x80 || p[i + k] > 0xbf) return 0;
        i += rest + 1;
    }
    return 1;
}

/* Bytes of a number of values; 0 for absent and for what is no encoding. Constant is one value. */
static inline uint64_t ldln_i_value_bytes(int encoding, uint64_t entries) {
    switch (encoding) {
    case LDLN_CONSTANT: return 8;
    case LDLN_BITS: return (entries + 7) / 8;
    case LDLN_UINT8:
    case LDLN_INT8:
    case LDLN_DICTIONARY8:
    case LDLN_BINS8: return entries;
    case LDLN_UINT16:
    case LDLN_INT16:
    case LDLN_FLOAT16:
    case LDLN_DICTIONARY16:
    case LDLN_BINS16: return entries * 2;
    case LDLN_INT32:
    case LDLN_FLOAT32: return entries * 4;
    case LDLN_INT64:
    case LDLN_MICROSECONDS:
    case LDLN_FLOAT64: return entries * 8;
    default: return 0;
    }
}
static inline int ldln_i_is_encoding(int encoding) {
    return encoding == LDLN_ABSENT || ldln_i_value_bytes(encoding, 1) != 0;
}
static inline int ldln_i_is_dictionary(int encoding) {
    return encoding == LDLN_DICTIONARY8 || encoding == LDLN_DICTIONARY16;
}
static inline int ldln_i_is_bins(int encoding) { return encoding == LDLN_BINS8 || encoding == LDLN_BINS16; }
/* The column flags that an encoding may have. */
static inline unsigned ldln_i_flags_of(int encoding) {
    if (encoding == LDLN_ABSENT) return 0;
    if (encoding == LDLN_CONSTANT) return LDLN_COLUMN_VALIDITY;
    if (encoding >= LDLN_FLOAT16 && encoding <= LDLN_FLOAT64) return LDLN_COLUMN_RUNS;
    return LDLN_COLUMN_VALIDITY | LDLN_COLUMN_RUNS;
}
static inline unsigned ldln_i_flags(int validity, int runs) {
    return (validity ? 1u : 0u) * LDLN_COLUMN_VALIDITY + (runs ? 1u : 0u) * LDLN_COLUMN_RUNS;
}
static inline uint32_t ldln_i_end_bytes(uint32_t rows) { return rows <= 65535 ? 2 : 4; }

/* ------------------------------------------------------------------------------------------------------------------
 * Writing a request
 * --------------------------------------------------------------------------------------------------------------- */

/** What a score request says besides its columns. ldln_make_request fills in the usual. */
typedef struct ldln_request {
    uint64_t request_id;  /**< the caller's choice; the answer has it too */
    uint64_t fingerprint; /**< of the schema: its 16 hexadecimal digits as a number */
    double as_of_days;    /**< days since 1970-01-01T00:00Z at which leads are looked at; NaN: the server's clock */
    uint32_t rows;        /**< at least 1; a server takes 65,536 by default */
    uint32_t outputs;     /**< LDLN_OUTPUT_..., at least one */
    uint32_t deadline_microseconds; /**< how long the answer is of use; 0: for ever */
    uint16_t columns;               /**< as many as the schema has */
    uint16_t flags;                 /**< LDLN_FLAG_... */
    ldln_text model;                /**< NAME or NAME@ALIAS, 0 to 255 bytes; empty: the server's default model */
    ldln_text version;              /**< an exact version, 0 to 255 bytes; empty: the one in service */
} ldln_request;

/** A request for every result but timings, of the default model, by the server's clock, without a deadline. */
static inline ldln_request ldln_make_request(uint64_t fingerprint, uint32_t rows, uint16_t columns) {
    ldln_request request;
    memset(&request, 0, sizeof request);
    request.fingerprint = fingerprint;
    request.as_of_days = ldln_missing();
    request.rows = rows;
    request.columns = columns;
    request.outputs = LDLN_OUTPUTS_ALL & ~(uint32_t)LDLN_OUTPUT_TIMINGS;
    return request;
}

/** A request in the making. `needed` may be read; the rest is this file's own. */
typedef struct ldln_encoder {
    uint8_t *bytes;
    uint64_t capacity;
    uint64_t needed; /**< bytes of the message so far, also when they are more than the buffer holds */
    uint32_t rows;
    uint32_t matrix_rows;
    uint16_t columns;
    uint16_t column;
    uint16_t flags;
    int result;
} ldln_encoder;

static inline int ldln_i_fail(ldln_encoder *encoder, int result) {
    if (encoder->result == LDLN_OK) encoder->result = result;
    return encoder->result;
}
/* Takes up bytes at the end of the message. NULL where the buffer ends before: they are counted all the same. */
static inline uint8_t *ldln_i_take(ldln_encoder *encoder, uint64_t bytes) {
    const uint64_t at = encoder->needed;
    encoder->needed = at + bytes;
    if (encoder->needed > encoder->capacity) return NULL;
    return encoder->bytes + at;
}
/* Zeros behind count bytes up to a multiple of 8; the next part. */
static inline uint8_t *ldln_i_end_part(uint8_t *part, uint64_t count) {
    const uint64_t padded = ldln_i_pad8(count);
    memset(part + count, 0, (size_t)(padded - count));
    return part + padded;
}

/**
 * Begins a request in a buffer of the caller's.
 *
 * With capacity 0 (bytes may be NULL then) everything is measured and checked and nothing written: ldln_finish returns
 * LDLN_SPACE and tells the bytes needed. Errors stick: later calls return the first one, so that it is enough to look
 * at what ldln_finish returns.
 *
 * Errors: LDLN_EMPTY_BATCH, LDLN_BAD_OUTPUTS, LDLN_BAD_VALUE (an infinite as-of day), LDLN_UNKNOWN_FLAG, LDLN_BAD_TEXT,
 * LDLN_ARGUMENT (a name or version of more than 255 bytes).
 */
static inline int ldln_begin(ldln_encoder *encoder, void *bytes, size_t capacity, const ldln_request *request) {
    memset(encoder, 0, sizeof *encoder);
    encoder->bytes = (uint8_t *)bytes;
    encoder->capacity = capacity;
    encoder->rows = request->rows;
    encoder->columns = request->columns;
    encoder->flags = request->flags;
    const ldln_text model = request->model, version = request->version;
    if (request->rows == 0) return ldln_i_fail(encoder, LDLN_EMPTY_BATCH);
    if (request->outputs == 0 || request->outputs > LDLN_OUTPUTS_ALL) return ldln_i_fail(encoder, LDLN_BAD_OUTPUTS);
    if (request->flags > (LDLN_FLAG_BODY_SUM | LDLN_FLAG_MATRIX)) return ldln_i_fail(encoder, LDLN_UNKNOWN_FLAG);
    if (request->as_of_days > DBL_MAX || request->as_of_days < -DBL_MAX) return ldln_i_fail(encoder, LDLN_BAD_VALUE);
    if (model.bytes > 255 || version.bytes > 255) return ldln_i_fail(encoder, LDLN_ARGUMENT);
    if (!ldln_i_is_utf8((const uint8_t *)model.text, model.bytes)) return ldln_i_fail(encoder, LDLN_BAD_TEXT);
    if (!ldln_i_is_utf8((const uint8_t *)version.text, version.bytes)) return ldln_i_fail(encoder, LDLN_BAD_TEXT);

    uint8_t *p = ldln_i_take(encoder, LDLN_MESSAGE_BYTES_MIN);
    if (p) {
        memset(p, 0, LDLN_MESSAGE_BYTES_MIN);
        memcpy(p, "LDLN", 4);
        p[4] = 1;
        p[6] = LDLN_REQUEST;
        ldln_i_put16(p + 12, request->flags);
        ldln_i_put64(p + 16, request->request_id);
        ldln_i_put64(p + 32, request->fingerprint);
        const double day = request->as_of_days;
        ldln_i_put64(p + 40, ldln_i_bits(day != day ? ldln_missing() : day));
        ldln_i_put32(p + 48, request->rows);
        ldln_i_put32(p + 52, request->outputs);
        ldln_i_put32(p + 56, request->deadline_microseconds);
        ldln_i_put16(p + 60, request->columns);
        p[62] = (uint8_t)model.bytes;
        p[63] = (uint8_t)version.bytes;
    }
    if (!(request->flags & LDLN_FLAG_MATRIX)) ldln_i_take(encoder, (uint64_t)request->columns * 8);
    const size_t names = model.bytes + version.bytes;
    p = ldln_i_take(encoder, ldln_i_pad8(names));
    if (p && names > 0) {
        if (model.bytes > 0) memcpy(p, model.text, model.bytes);
        if (version.bytes > 0) memcpy(p + model.bytes, version.text, version.bytes);
        ldln_i_end_part(p, names);
    }
    return LDLN_OK;
}

/* Writes the table's entry and takes up the block. NULL, with the encoder's result still LDLN_OK, where there is no
 * space. */
static inline uint8_t *ldln_i_open(ldln_encoder *encoder, int encoding, unsigned flags, uint64_t bytes) {
    if (encoder->result != LDLN_OK) return NULL;
    if (encoder->column == encoder->columns || encoder->flags & LDLN_FLAG_MATRIX) {
        ldln_i_fail(encoder, LDLN_ORDER);
        return NULL;
    }
    if (bytes > UINT32_MAX) {
        ldln_i_fail(encoder, LDLN_MESSAGE_TOO_LARGE);
        return NULL;
    }
    const uint64_t entry = 64 + (uint64_t)encoder->column * 8;
    encoder->column++;
    if (entry + 8 <= encoder->capacity) {
        uint8_t *p = encoder->bytes + entry;
        p[0] = (uint8_t)encoding;
        p[1] = (uint8_t)flags;
        ldln_i_put16(p + 2, 0);
        ldln_i_put32(p + 4, (uint32_t)bytes);
    }
    return ldln_i_take(encoder, ldln_i_pad8(bytes));
}

/** A column as its sender wants it, with values in the machine's own order. What is not used is NULL and 0. */
typedef struct ldln_block {
    int encoding;            /**< LDLN_ABSENT to LDLN_BINS16 */
    const void *values;      /**< one a row, or one a run; their type stands beside the encoding */
    const uint8_t *validity; /**< one bit a row or a run, the lowest of a byte first, 1: has a value; NULL: all have */
    /** For each run the row behind its last; they rise, and the last is the number of rows. NULL: no runs. */
    const uint32_t *run_ends;
    uint32_t runs;
    const ldln_text *strings; /**< for dictionaries: at most 65,535, each of at most 65,535 bytes */
    uint32_t string_count;
    uint64_t bins; /**< for bins: their fingerprint, from GET /v1/models/NAME/bins */
} ldln_block;

static inline uint8_t *ldln_i_put_strings(uint8_t *p, const ldln_text *strings, uint32_t count, uint64_t text) {
    ldln_i_put16(p, (uint16_t)count);
    ldln_i_put16(p + 2, 0);
    ldln_i_put32(p + 4, (uint32_t)text);
    uint8_t *to = p + 8;
    for (uint32_t i = 0; i < count; i++, to += 2) ldln_i_put16(to, (uint16_t)strings[i].bytes);
    for (uint32_t i = 0; i < count; i++) {
        if (strings[i].bytes > 0) memcpy(to, strings[i].text, strings[i].bytes);
        to += strings[i].bytes;
    }
    return ldln_i_end_part(p, (uint64_t)(to - p));
}
static inline void ldln_i_put_value(uint8_t *p, const uint8_t *value, uint64_t width) {
#if LDLN_I_LITTLE_ENDIAN
    memcpy(p, value, (size_t)width);
#else
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    if (width == 1) {
        *p = *value;
    } else if (width == 2) {
        memcpy(&two, value, 2);
        ldln_i_put16(p, two);
    } else if (width == 4) {
        memcpy(&four, value, 4);
        ldln_i_put32(p, four);
    } else {
        memcpy(&eight, value, 8);
        ldln_i_put64(p, eight);
    }
#endif
}
static inline void ldln_i_put_bits(uint8_t *p, const uint8_t *bits, const uint8_t *mask, uint32_t entries) {
    const uint32_t bytes = (uint32_t)(((uint64_t)entries + 7) / 8);
    for (uint32_t i = 0; i < bytes; i++) p[i] = mask ? bits[i] & mask[i] : bits[i];
    if (entries & 7) p[bytes - 1] = (uint8_t)(p[bytes - 1] & ((1u << (entries & 7)) - 1));
}

/**
 * Adds a column in the encoding told, with every part of section 6. The functions below are shorter for the usual.
 *
 * Values under a clear bit of the validity are not looked at; 0 is written. Arrays may lie at any address.
 *
 * Errors: LDLN_UNKNOWN_ENCODING; LDLN_UNKNOWN_FLAG (validity or runs where the encoding has none); LDLN_BAD_VALUE (a
 * NaN constant, runs that do not rise or do not end at the last row); LDLN_BAD_DICTIONARY (no strings, more than
 * 65,535, a code that no string has); LDLN_BAD_TEXT; LDLN_ARGUMENT (a string of more than 65,535 bytes); LDLN_ORDER
 * (more columns than ldln_begin was told); LDLN_MESSAGE_TOO_LARGE (more than 32 bits count).
 */
static inline int ldln_add_block(ldln_encoder *encoder, const ldln_block *block) {
    if (encoder->result != LDLN_OK) return encoder->result;
    const int encoding = block->encoding;
    if (!ldln_i_is_encoding(encoding)) return ldln_i_fail(encoder, LDLN_UNKNOWN_ENCODING);
    const unsigned flags = ldln_i_flags(block->validity != NULL, block->run_ends != NULL);
    if (flags & ~ldln_i_flags_of(encoding)) return ldln_i_fail(encoder, LDLN_UNKNOWN_FLAG);
    const uint32_t rows = encoder->rows, entries = block->run_ends ? block->runs : rows;
    const uint8_t *values = (const uint8_t *)block->values;
    const uint64_t count = ldln_i_value_bytes(encoding, entries), width = ldln_i_value_bytes(encoding, 1);
    uint64_t bytes = count, text = 0;

    if (encoding == LDLN_CONSTANT) {
        double value;
        memcpy(&value, values, sizeof value);
        if (value != value) return ldln_i_fail(encoder, LDLN_BAD_VALUE);
    }
    if (ldln_i_is_dictionary(encoding)) {
        if (block->string_count == 0 || block->string_count > 65535) return ldln_i_fail(encoder, LDLN_BAD_DICTIONARY);
        for (uint32_t i = 0; i < block->string_count; i++) {
            const ldln_text string = block->strings[i];
            if (string.bytes > 65535) return ldln_i_fail(encoder, LDLN_ARGUMENT);
            if (!ldln_i_is_utf8((const uint8_t *)string.text, string.bytes)) return ldln_i_fail(encoder, LDLN_BAD_TEXT);
            text += string.bytes;
        }
        for (uint32_t i = 0; i < entries; i++) {
            uint16_t code = 0;
            if (block->validity && !ldln_i_bit(block->validity, i)) continue;
            if (width == 1) code = values[i];
            else memcpy(&code, values + (size_t)i * 2, 2);
            if (code >= block->string_count) return ldln_i_fail(encoder, LDLN_BAD_DICTIONARY);
        }
        bytes += ldln_i_pad8(8 + 2 * (uint64_t)block->string_count + text);
    }
    if (ldln_i_is_bins(encoding)) bytes += 8;
    if (block->run_ends) {
        uint32_t end = 0;
        if (entries == 0 || entries > rows) return ldln_i_fail(encoder, LDLN_BAD_VALUE);
        for (uint32_t i = 0; i < entries; i++) {
            if (block->run_ends[i] <= end) return ldln_i_fail(encoder, LDLN_BAD_VALUE);
            end = block->run_ends[i];
        }
        if (end != rows) return ldln_i_fail(encoder, LDLN_BAD_VALUE);
        bytes += 8 + ldln_i_pad8((uint64_t)entries * ldln_i_end_bytes(rows));
    }
    if (block->validity) bytes += ldln_i_pad8(((uint64_t)entries + 7) / 8);

    uint8_t *p = ldln_i_open(encoder, encoding, flags, bytes);
    if (!p) return encoder->result;
    if (ldln_i_is_dictionary(encoding)) p = ldln_i_put_strings(p, block->strings, block->string_count, text);
    if (ldln_i_is_bins(encoding)) {
        ldln_i_put64(p, block->bins);
        p += 8;
    }
    if (block->run_ends) {
        const uint32_t end_bytes = ldln_i_end_bytes(rows);
        ldln_i_put32(p, entries);
        ldln_i_put32(p + 4, 0);
        p += 8;
        for (uint32_t i = 0; i < entries; i++) {
            if (end_bytes == 2) ldln_i_put16(p + (size_t)i * 2, (uint16_t)block->run_ends[i]);
            else ldln_i_put32(p + (size_t)i * 4, block->run_ends[i]);
        }
        p = ldln_i_end_part(p, (uint64_t)entries * end_bytes);
    }
    if (block->validity) {
        ldln_i_put_bits(p, block->validity, NULL, entries);
        p = ldln_i_end_part(p, ((uint64_t)entries + 7) / 8);
    }
    if (encoding == LDLN_BITS) {
        ldln_i_put_bits(p, values, block->validity, entries);
    } else if (encoding == LDLN_CONSTANT) {
        ldln_i_put_value(p, values, 8);
    } else if (encoding != LDLN_ABSENT) {
        if (LDLN_I_LITTLE_ENDIAN && !block->validity) {
            memcpy(p, values, (size_t)count);
        } else {
            for (uint32_t i = 0; i < entries; i++) {
                uint8_t *to = p + (size_t)i * (size_t)width;
                if (block->validity && !ldln_i_bit(block->validity, i)) memset(to, 0, (size_t)width);
                else ldln_i_put_value(to, values + (size_t)i * (size_t)width, width);
            }
        }
    }
    ldln_i_end_part(p, count);
    return LDLN_OK;
}

/** Adds one value a row in the encoding told, whose type stands beside it; validity may be NULL. As ldln_add_block. */
static inline int ldln_add_values(ldln_encoder *encoder, int encoding, const void *values, const uint8_t *validity) {
    ldln_block block;
    memset(&block, 0, sizeof block);
    block.encoding = encoding;
    block.values = values;
    block.validity = validity;
    return ldln_add_block(encoder, &block);
}
/** A column in which every row is missing. */
static inline int ldln_add_absent(ldln_encoder *encoder) { return ldln_add_values(encoder, LDLN_ABSENT, NULL, NULL); }
/** One number for all rows, or for those that have a value. */
static inline int ldln_add_constant(ldln_encoder *encoder, double value, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_CONSTANT, &value, validity);
}
/** Booleans, eight a byte, the lowest bit first. */
static inline int ldln_add_bits(ldln_encoder *encoder, const uint8_t *bits, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_BITS, bits, validity);
}
static inline int ldln_add_u8(ldln_encoder *encoder, const uint8_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_UINT8, values, validity);
}
static inline int ldln_add_i8(ldln_encoder *encoder, const int8_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_INT8, values, validity);
}
static inline int ldln_add_u16(ldln_encoder *encoder, const uint16_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_UINT16, values, validity);
}
static inline int ldln_add_i16(ldln_encoder *encoder, const int16_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_INT16, values, validity);
}
static inline int ldln_add_i32(ldln_encoder *encoder, const int32_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_INT32, values, validity);
}
/** Beyond 2^53 the server rounds to a double. */
static inline int ldln_add_i64(ldln_encoder *encoder, const int64_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_INT64, values, validity);
}
/** Instants for a date column: microseconds since 1970-01-01T00:00Z. */
static inline int ldln_add_microseconds(ldln_encoder *encoder, const int64_t *values, const uint8_t *validity) {
    return ldln_add_values(encoder, LDLN_MICROSECONDS, values, validity);
}
/** Bits of binary16, see ldln_f16_bits; NaN is missing. */
static inline int ldln_add_f16(ldln_encoder *encoder, const uint16_t *values) {
    return ldln_add_values(encoder, LDLN_FLOAT16, values, NULL);
}
/** NaN is missing. The cheapest to write: one copy. */
static inline int ldln_add_f32(ldln_encoder *encoder, const float *values) {
    return ldln_add_values(encoder, LDLN_FLOAT32, values, NULL);
}
/** NaN is missing. */
static inline int ldln_add_f64(ldln_encoder *encoder, const double *values) {
    return ldln_add_values(encoder, LDLN_FLOAT64, values, NULL);
}
/** The numbers of bins, from 0, in a model's own edges, whose fingerprint that is. A bin that there is not makes the
 * row invalid. */
static inline int ldln_add_bins8(ldln_encoder *encoder, uint64_t fingerprint, const uint8_t *bins,
                                 const uint8_t *validity) {
    ldln_block block;
    memset(&block, 0, sizeof block);
    block.encoding = LDLN_BINS8;
    block.values = bins;
    block.validity = validity;
    block.bins = fingerprint;
    return ldln_add_block(encoder, &block);
}
/** As ldln_add_bins8, for more than 256 bins. */
static inline int ldln_add_bins16(ldln_encoder *encoder, uint64_t fingerprint, const uint16_t *bins,
                                  const uint8_t *validity) {
    ldln_block block;
    memset(&block, 0, sizeof block);
    block.encoding = LDLN_BINS16;
    block.values = bins;
    block.validity = validity;
    block.bins = fingerprint;
    return ldln_add_block(encoder, &block);
}

/**
 * Adds rows to a matrix (LDLN_FLAG_MATRIX): for each row a float for every column, row after row; NaN is missing. May
 * be called several times; ldln_finish wants as many rows as ldln_begin was told.
 */
static inline int ldln_add_matrix_rows(ldln_encoder *encoder, const float *values, uint32_t rows) {
    if (encoder->result != LDLN_OK) return encoder->result;
    if (!(encoder->flags & LDLN_FLAG_MATRIX) || rows > encoder->rows - encoder->matrix_rows)
        return ldln_i_fail(encoder, LDLN_ORDER);
    const uint64_t count = (uint64_t)rows * encoder->columns;
    encoder->matrix_rows += rows;
    uint8_t *p = ldln_i_take(encoder, count * 4);
    if (!p || count == 0) return LDLN_OK;
    if (LDLN_I_LITTLE_ENDIAN) {
        memcpy(p, values, (size_t)count * 4);
    } else {
        for (uint64_t i = 0; i < count; i++) ldln_i_put_value(p + i * 4, (const uint8_t *)values + i * 4, 4);
    }
    return LDLN_OK;
}

/** Ends the request: its length, its checksums. *bytes (may be NULL) is the message's length, also with LDLN_SPACE. */
static inline int ldln_finish(ldln_encoder *encoder, size_t *bytes) {
    if (bytes) *bytes = 0;
    if (encoder->result != LDLN_OK) return encoder->result;
    if (encoder->flags & LDLN_FLAG_MATRIX) {
        if (encoder->matrix_rows != encoder->rows) return ldln_i_fail(encoder, LDLN_ORDER);
        const uint64_t padding = ldln_i_pad8(encoder->needed) - encoder->needed;
        uint8_t *p = ldln_i_take(encoder, padding);
        if (p && padding > 0) memset(p, 0, (size_t)padding);
    } else if (encoder->column != encoder->columns) {
        return ldln_i_fail(encoder, LDLN_ORDER);
    }
    if (encoder->needed > UINT32_MAX) return ldln_i_fail(encoder, LDLN_MESSAGE_TOO_LARGE);
    if (bytes) *bytes = (size_t)encoder->needed;
    if (encoder->needed > encoder->capacity) return ldln_i_fail(encoder, LDLN_SPACE);
    uint8_t *p = encoder->bytes;
    ldln_i_put32(p + 8, (uint32_t)encoder->needed);
    if (encoder->flags & LDLN_FLAG_BODY_SUM) ldln_i_put32(p + 24, ldln_crc32c(0, p + 32, (size_t)encoder->needed - 32));
    ldln_i_put32(p + 28, ldln_crc32c(0, p, 28));
    return LDLN_OK;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The smallest form
 * --------------------------------------------------------------------------------------------------------------- */

/* What all the values of a column have in common. */
typedef struct ldln_i_scan {
    uint32_t missing, runs;
    int constant, whole, half, single;
    double first, low, high;
} ldln_i_scan;

static inline int ldln_i_differ(double a, double b) { return (a != b) & ((a == a) | (b == b)); }

static inline ldln_i_scan ldln_i_scan_numbers(const double *x, uint32_t rows) {
    ldln_i_scan scan;
    uint32_t missing = 0, changes = 0, i;
    memset(&scan, 0, sizeof scan);
    for (i = 0; i < rows; i++) missing += x[i] != x[i];
    for (i = 1; i < rows; i++) changes += (uint32_t)ldln_i_differ(x[i - 1], x[i]);
    scan.missing = missing;
    scan.runs = changes + 1;
    if (missing == rows) return scan;
    for (i = 0; x[i] != x[i];) i++;
    scan.first = scan.low = scan.high = x[i];
    scan.constant = scan.whole = scan.half = scan.single = 1;
    for (i = 0; i < rows && scan.constant; i++) scan.constant = !(x[i] < scan.first || x[i] > scan.first);
    /* Nothing is smaller than a constant without gaps, whole numbers of 16 bits than halves, or of 32 than floats. */
    if (scan.constant && missing == 0) return scan;
    for (i = 0; i < rows && scan.whole;) {
        /* Without branches, so that compilers can do many at once. What is missing counts as 0, which all forms hold.
         */
        const uint32_t end = rows - i > 64 ? i + 64 : rows;
        double low = scan.low, high = scan.high;
        int bad = 0;
        for (; i < end; i++) {
            const int fits = (x[i] >= -2147483648.0) & (x[i] <= 2147483647.0);
            const double y = fits ? x[i] : 0;
            bad |= (!fits | ((double)(int32_t)y != y)) & (x[i] == x[i]);
            low = y < low ? y : low;
            high = y > high ? y : high;
        }
        scan.low = low;
        scan.high = high;
        scan.whole = !bad;
    }
    const int without_gaps = scan.whole && missing == 0;
    scan.half = !(without_gaps && scan.low >= -32768 && scan.high <= 65535 && (scan.low >= 0 || scan.high <= 32767));
    for (i = 0; i < rows && scan.half; i++) {
        uint16_t bits;
        scan.half = ldln_f16_bits(x[i], &bits);
    }
    scan.single = !without_gaps;
    for (i = 0; i < rows && scan.single;) {
        /* As above. What a float cannot hold is not converted. */
        const uint32_t end = rows - i > 64 ? i + 64 : rows;
        int bad = 0;
        for (; i < end; i++) {
            const int finite = (x[i] <= (double)FLT_MAX) & (x[i] >= -(double)FLT_MAX);
            const double y = finite ? x[i] : 0;
            const int other = (x[i] != x[i]) | (x[i] > DBL_MAX) | (x[i] < -DBL_MAX);
            bad |= ((double)(float)y != y) | !(finite | other);
        }
        scan.single = !bad;
    }
    return scan;
}
static inline int ldln_i_fits(const ldln_i_scan *scan, int encoding) {
    switch (encoding) {
    case LDLN_CONSTANT: return scan->constant;
    case LDLN_BITS: return scan->whole && scan->low >= 0 && scan->high <= 1;
    case LDLN_UINT8: return scan->whole && scan->low >= 0 && scan->high <= 255;
    case LDLN_INT8: return scan->whole && scan->low >= -128 && scan->high <= 127;
    case LDLN_UINT16: return scan->whole && scan->low >= 0 && scan->high <= 65535;
    case LDLN_INT16: return scan->whole && scan->low >= -32768 && scan->high <= 32767;
    case LDLN_INT32: return scan->whole;
    case LDLN_FLOAT16: return scan->half;
    case LDLN_FLOAT32: return scan->single;
    default: return encoding == LDLN_FLOAT64;
    }
}
/* Bytes of a block of entries, without its dictionary and without its padding. */
static inline uint64_t ldln_i_block_bytes(int encoding, uint32_t entries, int missing, uint64_t run_end_bytes) {
    uint64_t bytes = ldln_i_value_bytes(encoding, entries);
    if (missing && ldln_i_flags_of(encoding) & LDLN_COLUMN_VALIDITY) bytes += ldln_i_pad8(((uint64_t)entries + 7) / 8);
    if (run_end_bytes) bytes += 8 + ldln_i_pad8(entries * run_end_bytes);
    return bytes;
}
static inline void ldln_i_put_number(uint8_t *p, int encoding, uint32_t entry, double x) {
    uint16_t half = 0;
    switch (encoding) {
    case LDLN_UINT8:
    case LDLN_INT8: p[entry] = (uint8_t)(x != x ? 0 : (int32_t)x); break;
    case LDLN_UINT16:
    case LDLN_INT16: ldln_i_put16(p + (size_t)entry * 2, (uint16_t)(x != x ? 0 : (int32_t)x)); break;
    case LDLN_INT32: ldln_i_put32(p + (size_t)entry * 4, (uint32_t)(x != x ? 0 : (int32_t)x)); break;
    case LDLN_FLOAT16:
        (void)ldln_f16_bits(x + 0.0, &half);
        ldln_i_put16(p + (size_t)entry * 2, half);
        break;
    case LDLN_FLOAT32:
        ldln_i_put32(p + (size_t)entry * 4, x != x ? 0x7fc00000u : ldln_i_float_bits((float)(x + 0.0)));
        break;
    default: ldln_i_put64(p + (size_t)entry * 8, ldln_i_bits(x != x ? ldln_missing() : x + 0.0));
    }
}
/* One loop for each encoding once this is inlined with a constant for it. */
static inline void ldln_i_put_numbers(uint8_t *p, int encoding, const double *x, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) ldln_i_put_number(p, encoding, i, x[i]);
}
static inline int ldln_i_choose(const ldln_i_scan *scan, uint32_t rows, int *runs) {
    static const uint8_t order[] = {LDLN_CONSTANT, LDLN_BITS,  LDLN_UINT8,   LDLN_INT8,    LDLN_UINT16,
                                    LDLN_INT16,    LDLN_INT32, LDLN_FLOAT16, LDLN_FLOAT32, LDLN_FLOAT64};
    uint64_t best = UINT64_MAX;
    int chosen = LDLN_ABSENT;
    *runs = 0;
    if (scan->missing == rows) return LDLN_ABSENT;
    for (size_t i = 0; i < sizeof order; i++) {
        if (!ldln_i_fits(scan, order[i])) continue;
        const uint64_t bytes = ldln_i_pad8(ldln_i_block_bytes(order[i], rows, scan->missing > 0, 0));
        if (bytes >= best) continue;
        best = bytes;
        chosen = order[i];
    }
    *runs = chosen != LDLN_CONSTANT &&
            ldln_i_pad8(ldln_i_block_bytes(chosen, scan->runs, scan->missing > 0, ldln_i_end_bytes(rows))) < best;
    return chosen;
}

/**
 * Adds numbers in the smallest form that keeps each of them (section 6), runs among them; NaN is missing, -0 is sent as
 * 0. Whole numbers, booleans (0 and 1), level codes and days need no other function. Reads the values some four times.
 *
 * values: one double a row. Errors: LDLN_ORDER, LDLN_MESSAGE_TOO_LARGE.
 */
static inline int ldln_add_numbers(ldln_encoder *encoder, const double *values, uint32_t rows) {
    if (encoder->result != LDLN_OK) return encoder->result;
    if (rows != encoder->rows) return ldln_i_fail(encoder, LDLN_ARGUMENT);
    const ldln_i_scan scan = ldln_i_scan_numbers(values, rows);
    int runs;
    const int encoding = ldln_i_choose(&scan, rows, &runs);
    if (encoding == LDLN_ABSENT) return ldln_add_absent(encoder);
    const int bitmap = scan.missing > 0 && ldln_i_flags_of(encoding) & LDLN_COLUMN_VALIDITY;
    const uint32_t entries = runs ? scan.runs : rows, end_bytes = ldln_i_end_bytes(rows);
    const unsigned flags = ldln_i_flags(bitmap, runs);
    uint8_t *p = ldln_i_open(encoder, encoding, flags,
                             ldln_i_block_bytes(encoding, entries, scan.missing > 0, runs ? end_bytes : 0));
    if (!p) return encoder->result;

    uint8_t *ends = p, *valid = p, *to;
    const uint64_t valid_bytes = ((uint64_t)entries + 7) / 8, value_bytes = ldln_i_value_bytes(encoding, entries);
    if (runs) {
        ldln_i_put32(p, entries);
        ldln_i_put32(p + 4, 0);
        ends = p + 8;
        p = valid = ldln_i_end_part(ends, (uint64_t)entries * end_bytes);
    }
    if (bitmap) {
        memset(valid, 0, (size_t)valid_bytes);
        p = ldln_i_end_part(valid, valid_bytes);
    }
    to = p;
    if (encoding == LDLN_BITS) memset(to, 0, (size_t)value_bytes);
    if (encoding == LDLN_CONSTANT) ldln_i_put64(to, ldln_i_bits(scan.first + 0.0));
    ldln_i_end_part(to, value_bytes);

    if (!runs && !bitmap && encoding >= LDLN_UINT8) {
        switch (encoding) {
        case LDLN_UINT8:
        case LDLN_INT8: ldln_i_put_numbers(to, LDLN_UINT8, values, rows); break;
        case LDLN_UINT16:
        case LDLN_INT16: ldln_i_put_numbers(to, LDLN_UINT16, values, rows); break;
        case LDLN_INT32: ldln_i_put_numbers(to, LDLN_INT32, values, rows); break;
        case LDLN_FLOAT16: ldln_i_put_numbers(to, LDLN_FLOAT16, values, rows); break;
        case LDLN_FLOAT32: ldln_i_put_numbers(to, LDLN_FLOAT32, values, rows); break;
        default: ldln_i_put_numbers(to, LDLN_FLOAT64, values, rows);
        }
        return LDLN_OK;
    }
    uint32_t entry = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const double x = values[i];
        if (runs) {
            if (i + 1 < rows && !ldln_i_differ(x, values[i + 1])) continue;
            if (end_bytes == 2) ldln_i_put16(ends + (size_t)entry * 2, (uint16_t)(i + 1));
            else ldln_i_put32(ends + (size_t)entry * 4, i + 1);
        }
        if (bitmap && x == x) valid[entry >> 3] = (uint8_t)(valid[entry >> 3] | 1u << (entry & 7));
        if (encoding == LDLN_BITS) {
            if (x > 0) to[entry >> 3] = (uint8_t)(to[entry >> 3] | 1u << (entry & 7));
        } else if (encoding != LDLN_CONSTANT) {
            ldln_i_put_number(to, encoding, entry, x);
        }
        entry++;
    }
    return LDLN_OK;
}

/* Scratch of ldln_add_strings: slots of a hash table (row of a string's first use, and 1), first rows by code, codes by
 * row. */
static inline uint64_t ldln_i_slots(uint32_t rows) {
    const uint32_t most = rows < 65536 ? rows : 65536;
    uint64_t slots = 8;
    while (slots < 2 * (uint64_t)most) slots *= 2;
    return slots;
}
/** Bytes of scratch that ldln_add_strings needs for a number of rows. */
static inline size_t ldln_strings_scratch(uint32_t rows) {
    const uint64_t most = rows < 65536 ? rows : 65536;
    return (size_t)(ldln_i_slots(rows) * 8 + most * 4 + (uint64_t)rows * 2);
}
static inline uint64_t ldln_i_mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}
static inline uint64_t ldln_i_hash(const uint8_t *p, size_t count, uint64_t seed) {
    uint64_t h = (seed ^ count) * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0xd6e8feb86659fd93);
    if (count >= 8) {
        const uint8_t *const last =
            p + count - 8; /* overlaps what is before it, unless the length is a multiple of 8 */
        for (; p < last; p += 8) h = ldln_i_mix(h, ldln_i_get64(p));
        h = ldln_i_mix(h, ldln_i_get64(last));
    } else if (count >= 4) {
        h = ldln_i_mix(h, ldln_i_get32(p) | (uint64_t)ldln_i_get32(p + count - 4) << 32);
    } else if (count > 0) {
        h = ldln_i_mix(h, p[0] | (uint64_t)p[count / 2] << 8 | (uint64_t)p[count - 1] << 16);
    }
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/**
 * Adds strings as a dictionary of those that occur, in the order in which they do; text NULL is missing. Runs are taken
 * where they are smaller.
 *
 * scratch: ldln_strings_scratch(rows) bytes at any address, of no use afterwards. seed: 0, or a random number of yours
 * where strangers choose the strings and might choose such as collide.
 *
 * Errors: LDLN_SPACE (scratch), LDLN_BAD_DICTIONARY (more than 65,535 strings), LDLN_BAD_TEXT, LDLN_ARGUMENT (a string
 * of more than 65,535 bytes), LDLN_ORDER, LDLN_MESSAGE_TOO_LARGE.
 */
static inline int ldln_add_strings(ldln_encoder *encoder, const ldln_text *values, uint32_t rows, void *scratch,
                                   size_t scratch_bytes, uint64_t seed) {
    if (encoder->result != LDLN_OK) return encoder->result;
    if (rows != encoder->rows) return ldln_i_fail(encoder, LDLN_ARGUMENT);
    if (scratch_bytes < ldln_strings_scratch(rows)) return ldln_i_fail(encoder, LDLN_SPACE);
    const uint64_t slots = ldln_i_slots(rows);
    /* A slot: u32 code and 1 (0: free), u32 of the hash. All by shifts, since scratch may lie anywhere. */
    uint8_t *const table = (uint8_t *)scratch;
    uint8_t *const firsts = table + slots * 8;
    uint8_t *const codes = firsts + (rows < 65536 ? (size_t)rows : 65536) * 4;
    uint32_t count = 0, missing = 0, runs = 1;
    uint64_t text = 0;
    memset(table, 0, (size_t)slots * 8);
    for (uint32_t i = 0; i < rows; i++) {
        const ldln_text value = values[i];
        uint32_t code = 0;
        if (!value.text) {
            missing++;
        } else {
            if (value.bytes > 65535) return ldln_i_fail(encoder, LDLN_ARGUMENT);
            const uint64_t hash = ldln_i_hash((const uint8_t *)value.text, value.bytes, seed);
            const uint32_t tag = (uint32_t)(hash >> 32);
            for (uint64_t at = hash & (slots - 1);; at = (at + 1) & (slots - 1)) {
                uint8_t *slot = table + at * 8;
                const uint32_t used = ldln_i_get32(slot);
                if (used == 0) {
                    if (count == 65535) return ldln_i_fail(encoder, LDLN_BAD_DICTIONARY);
                    if (!ldln_i_is_utf8((const uint8_t *)value.text, value.bytes))
                        return ldln_i_fail(encoder, LDLN_BAD_TEXT);
                    code = count++;
                    text += value.bytes;
                    ldln_i_put32(slot, code + 1);
                    ldln_i_put32(slot + 4, tag);
                    ldln_i_put32(firsts + (size_t)code * 4, i);
                    break;
                }
                if (ldln_i_get32(slot + 4) != tag) continue;
                const ldln_text known = values[ldln_i_get32(firsts + (size_t)(used - 1) * 4)];
                if (known.bytes == value.bytes && memcmp(known.text, value.text, value.bytes) == 0) {
                    code = used - 1;
                    break;
                }
            }
        }
        ldln_i_put16(codes + (size_t)i * 2, (uint16_t)code);
        if (i > 0 && (!values[i - 1].text != !value.text || ldln_i_get16(codes + (size_t)(i - 1) * 2) != code)) runs++;
    }
    if (count == 0) return ldln_add_absent(encoder);

    const int encoding = count <= 256 ? LDLN_DICTIONARY8 : LDLN_DICTIONARY16;
    const uint32_t end_bytes = ldln_i_end_bytes(rows);
    const uint64_t plain = ldln_i_block_bytes(encoding, rows, missing > 0, 0);
    const uint64_t by_runs = ldln_i_block_bytes(encoding, runs, missing > 0, end_bytes);
    const int take_runs = ldln_i_pad8(by_runs) < ldln_i_pad8(plain);
    const uint32_t entries = take_runs ? runs : rows;
    const unsigned flags = ldln_i_flags(missing > 0, take_runs);
    const uint64_t dictionary = ldln_i_pad8(8 + 2 * (uint64_t)count + text);
    uint8_t *p = ldln_i_open(encoder, encoding, flags, dictionary + (take_runs ? by_runs : plain));
    if (!p) return encoder->result;

    ldln_i_put16(p, (uint16_t)count);
    ldln_i_put16(p + 2, 0);
    ldln_i_put32(p + 4, (uint32_t)text);
    uint8_t *to = p + 8 + (size_t)count * 2;
    for (uint32_t i = 0; i < count; i++) {
        const ldln_text string = values[ldln_i_get32(firsts + (size_t)i * 4)];
        ldln_i_put16(p + 8 + (size_t)i * 2, (uint16_t)string.bytes);
        if (string.bytes > 0) memcpy(to, string.text, string.bytes);
        to += string.bytes;
    }
    p = ldln_i_end_part(p, (uint64_t)(to - p));
    uint8_t *ends = p, *valid = p;
    if (take_runs) {
        ldln_i_put32(p, entries);
        ldln_i_put32(p + 4, 0);
        ends = p + 8;
        p = valid = ldln_i_end_part(ends, (uint64_t)entries * end_bytes);
    }
    if (missing) {
        const uint64_t valid_bytes = ((uint64_t)entries + 7) / 8;
        memset(valid, 0, (size_t)valid_bytes);
        p = ldln_i_end_part(valid, valid_bytes);
    }
    uint32_t entry = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const uint16_t code = ldln_i_get16(codes + (size_t)i * 2);
        if (take_runs) {
            if (i + 1 < rows && !values[i].text == !values[i + 1].text &&
                ldln_i_get16(codes + (size_t)(i + 1) * 2) == code)
                continue;
            if (end_bytes == 2) ldln_i_put16(ends + (size_t)entry * 2, (uint16_t)(i + 1));
            else ldln_i_put32(ends + (size_t)entry * 4, i + 1);
        }
        if (missing && values[i].text) valid[entry >> 3] = (uint8_t)(valid[entry >> 3] | 1u << (entry & 7));
        if (encoding == LDLN_DICTIONARY8) p[entry] = (uint8_t)code;
        else ldln_i_put16(p + (size_t)entry * 2, code);
        entry++;
    }
    ldln_i_end_part(p, ldln_i_value_bytes(encoding, entries));
    return LDLN_OK;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading messages
 * --------------------------------------------------------------------------------------------------------------- */

/** Where a message is at fault: offsets from its first byte, columns from 0; LDLN_NOT_KNOWN where that does not apply.
 */
typedef struct ldln_fault {
    uint32_t byte;
    uint32_t column;
} ldln_fault;

/** What a header says. */
typedef struct ldln_header {
    uint64_t request_id;
    uint32_t bytes; /**< of the whole message */
    uint32_t body_sum;
    uint16_t flags;
    uint8_t type; /**< LDLN_REQUEST, LDLN_REPLY or LDLN_ERROR */
    uint8_t minor;
} ldln_header;

static inline int ldln_i_fault(ldln_fault *fault, int result, uint64_t byte) {
    if (fault) fault->byte = (uint32_t)byte;
    return result;
}
static inline void ldln_i_no_fault(ldln_fault *fault) {
    if (fault) fault->byte = fault->column = LDLN_NOT_KNOWN;
}
/* The offset of the first byte that is not 0, or the end. */
static inline uint64_t ldln_i_zeros(const uint8_t *p, uint64_t from, uint64_t to) {
    while (from < to && p[from] == 0) from++;
    return from;
}

/**
 * Looks at the next message of a stream, of which count bytes have come so far.
 *
 * takes: LDLN_TAKES_ANSWERS for a client, LDLN_TAKES_REQUESTS for a server. limits: NULL for the default ones.
 *
 * LDLN_OK: the message is there as a whole, header->bytes long. LDLN_MORE: *needed bytes, counted from the message's
 * first, must be there to go on: 32 while the header is not whole (the other fields are 0 then), else the message's
 * length. At the end of the stream LDLN_MORE means LDLN_TRUNCATED, unless count is 0. Anything else is an error after
 * which no further message can be found. fault may be NULL.
 */
static inline int ldln_peek(const void *bytes, size_t count, unsigned takes, const ldln_limits *limits,
                            ldln_header *header, size_t *needed, ldln_fault *fault) {
    static const uint8_t magic[4] = {0x4c, 0x44, 0x4c, 0x4e};
    const uint8_t *p = (const uint8_t *)bytes;
    memset(header, 0, sizeof *header);
    ldln_i_no_fault(fault);
    *needed = LDLN_HEADER_BYTES;
    for (size_t i = 0; i < 4 && i < count; i++)
        if (p[i] != magic[i]) return ldln_i_fault(fault, LDLN_BAD_MAGIC, 0);
    if (count < LDLN_HEADER_BYTES) return LDLN_MORE;
    if (p[4] != 1) return ldln_i_fault(fault, LDLN_UNSUPPORTED_VERSION, 4);
    if (ldln_i_get32(p + 28) != ldln_crc32c(0, p, 28)) return ldln_i_fault(fault, LDLN_HEADER_CHECKSUM, 28);
    if (p[5] != 0) return ldln_i_fault(fault, LDLN_UNSUPPORTED_VERSION, 5);
    const uint8_t type = p[6];
    if (type < LDLN_REQUEST || type > LDLN_ERROR || !(takes >> type & 1u))
        return ldln_i_fault(fault, LDLN_UNEXPECTED_TYPE, 6);
    const uint16_t flags = ldln_i_get16(p + 12);
    const unsigned known = type == LDLN_REQUEST ? LDLN_FLAG_BODY_SUM | LDLN_FLAG_MATRIX
                           : type == LDLN_REPLY ? LDLN_FLAG_BODY_SUM
                                                : 0;
    if (flags & ~known) return ldln_i_fault(fault, LDLN_UNKNOWN_FLAG, 12);
    if (p[7] != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, 7);
    if (ldln_i_get16(p + 14) != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, 14);
    if (!(flags & LDLN_FLAG_BODY_SUM) && ldln_i_get32(p + 24) != 0)
        return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, 24);
    const uint32_t length = ldln_i_get32(p + 8);
    if (length < LDLN_MESSAGE_BYTES_MIN || length % 8 != 0) return ldln_i_fault(fault, LDLN_BAD_LENGTH, 8);
    if (length > (limits ? limits->message_bytes : ldln_default_limits().message_bytes))
        return ldln_i_fault(fault, LDLN_MESSAGE_TOO_LARGE, 8);
    header->request_id = ldln_i_get64(p + 16);
    header->bytes = length;
    header->body_sum = ldln_i_get32(p + 24);
    header->flags = flags;
    header->type = type;
    header->minor = p[5];
    *needed = length;
    return count < length ? LDLN_MORE : LDLN_OK;
}

static inline int ldln_i_open_message(const void *bytes, size_t count, int type, const ldln_limits *limits,
                                      ldln_header *header, ldln_fault *fault) {
    const uint8_t *p = (const uint8_t *)bytes;
    size_t needed;
    const int result = ldln_peek(bytes, count, 1u << type, limits, header, &needed, fault);
    if (result == LDLN_MORE) return ldln_i_fault(fault, LDLN_TRUNCATED, count);
    if (result != LDLN_OK) return result;
    if (header->flags & LDLN_FLAG_BODY_SUM && ldln_crc32c(0, p + 32, header->bytes - 32) != header->body_sum)
        return ldln_i_fault(fault, LDLN_BODY_CHECKSUM, LDLN_HEADER_BYTES);
    return LDLN_OK;
}
/* Name and version behind the fixed part; *at is the byte behind their padding. */
static inline int ldln_i_read_names(const uint8_t *p, uint32_t length, size_t name, size_t version, uint64_t *at,
                                    ldln_text *name_text, ldln_text *version_text, ldln_fault *fault) {
    const uint64_t from = *at, end = from + name + version, padded = from + ldln_i_pad8(name + version);
    if (padded > length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, from);
    if (!ldln_i_is_utf8(p + from, name)) return ldln_i_fault(fault, LDLN_BAD_TEXT, from);
    if (!ldln_i_is_utf8(p + from + name, version)) return ldln_i_fault(fault, LDLN_BAD_TEXT, from + name);
    const uint64_t odd = ldln_i_zeros(p, end, padded);
    if (odd != padded) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
    name_text->text = (const char *)(p + from);
    name_text->bytes = name;
    version_text->text = (const char *)(p + from + name);
    version_text->bytes = version;
    *at = padded;
    return LDLN_OK;
}

/** A reply that was read. A column that was not asked for is NULL; the functions below read them. */
typedef struct ldln_reply {
    ldln_header header;
    uint64_t fingerprint; /**< of the model's schema */
    uint64_t epoch;       /**< of the snapshot that scored all rows */
    uint32_t rows;
    uint32_t outputs;
    ldln_text model;   /**< without the alias */
    ldln_text version; /**< the exact one */
    const uint8_t *margins;
    const uint8_t *probabilities;
    const uint8_t *scores;   /**< a byte a row: 0 to 100; 255: not scored */
    const uint8_t *tiers;    /**< a byte a row: 0 is the best; 255: not scored */
    const uint8_t *statuses; /**< a byte a row: LDLN_ROW_... */
    const uint8_t *timings;
} ldln_reply;

/**
 * Reads a score reply and checks every byte of it; count may be more than the message takes.
 *
 * limits and fault may be NULL. Errors: those of sections 4, 7 and 11; LDLN_TRUNCATED if the message is not whole.
 */
static inline int ldln_decode_reply(const void *bytes, size_t count, const ldln_limits *limits, ldln_reply *reply,
                                    ldln_fault *fault) {
    const uint8_t *p = (const uint8_t *)bytes;
    const ldln_limits most = limits ? *limits : ldln_default_limits();
    memset(reply, 0, sizeof *reply);
    int result = ldln_i_open_message(bytes, count, LDLN_REPLY, &most, &reply->header, fault);
    if (result != LDLN_OK) return result;
    const uint32_t length = reply->header.bytes;
    reply->fingerprint = ldln_i_get64(p + 32);
    reply->epoch = ldln_i_get64(p + 40);
    reply->rows = ldln_i_get32(p + 48);
    reply->outputs = ldln_i_get32(p + 52);
    const uint32_t rows = reply->rows;
    if (rows == 0) return ldln_i_fault(fault, LDLN_EMPTY_BATCH, 48);
    if (rows > most.rows) return ldln_i_fault(fault, LDLN_TOO_MANY_ROWS, 48);
    if (reply->outputs == 0 || reply->outputs > LDLN_OUTPUTS_ALL) return ldln_i_fault(fault, LDLN_BAD_OUTPUTS, 52);
    uint64_t at = ldln_i_zeros(p, 58, 64);
    if (at != 64) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, at);
    result = ldln_i_read_names(p, length, p[56], p[57], &at, &reply->model, &reply->version, fault);
    if (result != LDLN_OK) return result;

    const uint8_t **columns[5];
    static const uint8_t widths[5] = {8, 4, 1, 1, 1};
    columns[0] = &reply->margins;
    columns[1] = &reply->probabilities;
    columns[2] = &reply->scores;
    columns[3] = &reply->tiers;
    columns[4] = &reply->statuses;
    for (int i = 0; i < 5; i++) {
        if (!(reply->outputs >> i & 1)) continue;
        const uint64_t end = at + (uint64_t)rows * widths[i], padded = ldln_i_pad8(end);
        if (padded > length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
        const uint64_t odd = ldln_i_zeros(p, end, padded);
        if (odd != padded) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
        *columns[i] = p + at;
        at = padded;
    }
    if (reply->statuses) {
        uint8_t highest = 0;
        for (uint32_t i = 0; i < rows; i++) highest = reply->statuses[i] > highest ? reply->statuses[i] : highest;
        if (highest > LDLN_ROW_DEADLINE_PASSED)
            return ldln_i_fault(fault, LDLN_BAD_VALUE, (uint64_t)(reply->statuses - p));
    }
    if (reply->outputs & LDLN_OUTPUT_TIMINGS) {
        if (length - at < 32) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
        const uint64_t odd = ldln_i_zeros(p, at + 20, at + 32);
        if (odd != at + 32) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
        reply->timings = p + at;
        at += 32;
    }
    if (at != length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
    return LDLN_OK;
}

/** The margin of a row (below reply->rows), before calibration; NaN: not scored, or not asked for. */
static inline double ldln_margin(const ldln_reply *reply, uint32_t row) {
    return reply->margins ? ldln_i_double(ldln_i_get64(reply->margins + (size_t)row * 8)) : ldln_missing();
}
/** The probability of a row, 0 to 1; NaN: not scored, or not asked for. */
static inline float ldln_probability(const ldln_reply *reply, uint32_t row) {
    return ldln_i_float(reply->probabilities ? ldln_i_get32(reply->probabilities + (size_t)row * 4) : 0x7fc00000u);
}
/** The score of a row, 0 to 100; 255: not scored, or not asked for. */
static inline uint8_t ldln_score(const ldln_reply *reply, uint32_t row) {
    return reply->scores ? reply->scores[row] : (uint8_t)255;
}
/** The tier of a row, 0 the best; 255: not scored, or not asked for. Names are in the schema's JSON. */
static inline uint8_t ldln_tier(const ldln_reply *reply, uint32_t row) {
    return reply->tiers ? reply->tiers[row] : (uint8_t)255;
}
/** The status of a row, LDLN_ROW_...; 255: not asked for. */
static inline uint8_t ldln_row_status(const ldln_reply *reply, uint32_t row) {
    return reply->statuses ? reply->statuses[row] : (uint8_t)255;
}
/** LDLN_TOTAL to LDLN_SCORING in microseconds; 0: not asked for, or no such place. */
static inline uint32_t ldln_timing(const ldln_reply *reply, int place) {
    return reply->timings && place >= 0 && place < LDLN_TIMINGS ? ldln_i_get32(reply->timings + (size_t)place * 4) : 0;
}

/** An error message that was read. */
typedef struct ldln_error {
    ldln_header header;
    uint64_t expected_fingerprint; /**< of the model's schema where the code is about it, else 0 */
    uint32_t retry_after_ms;       /**< 0: nothing is known */
    uint32_t row;                  /**< from 0, or LDLN_NOT_KNOWN */
    uint32_t column;               /**< from 0, or LDLN_NOT_KNOWN */
    uint32_t byte;                 /**< of the request, or LDLN_NOT_KNOWN */
    uint16_t code;                 /**< LDLN_BAD_MAGIC to LDLN_INTERNAL_FAILURE */
    uint8_t retryable;             /**< 1: the same message may succeed later */
    ldln_text text;                /**< for people */
} ldln_error;

/** Reads an error message and checks every byte of it. As ldln_decode_reply. */
static inline int ldln_decode_error(const void *bytes, size_t count, const ldln_limits *limits, ldln_error *error,
                                    ldln_fault *fault) {
    const uint8_t *p = (const uint8_t *)bytes;
    memset(error, 0, sizeof *error);
    const int result = ldln_i_open_message(bytes, count, LDLN_ERROR, limits, &error->header, fault);
    if (result != LDLN_OK) return result;
    error->code = ldln_i_get16(p + 32);
    error->retryable = p[34];
    error->retry_after_ms = ldln_i_get32(p + 36);
    error->row = ldln_i_get32(p + 40);
    error->column = ldln_i_get32(p + 44);
    error->expected_fingerprint = ldln_i_get64(p + 48);
    error->byte = ldln_i_get32(p + 56);
    error->text.text = (const char *)(p + 64);
    error->text.bytes = ldln_i_get16(p + 60);
    if (!ldln_is_wire_error(error->code)) return ldln_i_fault(fault, LDLN_BAD_VALUE, 32);
    if (error->retryable != ldln_is_retryable(error->code)) return ldln_i_fault(fault, LDLN_BAD_VALUE, 34);
    if (p[35] != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, 35);
    if (ldln_i_get16(p + 62) != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, 62);
    const uint64_t end = 64 + (uint64_t)error->text.bytes;
    if (ldln_i_pad8(end) != error->header.bytes) return ldln_i_fault(fault, LDLN_BAD_LENGTH, 60);
    if (!ldln_i_is_utf8(p + 64, error->text.bytes)) return ldln_i_fault(fault, LDLN_BAD_TEXT, 64);
    const uint64_t odd = ldln_i_zeros(p, end, ldln_i_pad8(end));
    if (odd != ldln_i_pad8(end)) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
    return LDLN_OK;
}

/** A column of a request that was read. `entries` are rows, or runs where it is written so. */
typedef struct ldln_column {
    int encoding;
    unsigned flags; /**< LDLN_COLUMN_... */
    uint32_t rows;
    uint32_t entries;
    uint32_t string_count;     /**< of its dictionary, else 0 */
    uint32_t block_bytes;      /**< without padding */
    uint64_t bins;             /**< of bins: their fingerprint, else 0 */
    const uint8_t *values;     /**< as they lie in the message: little-endian, at any address */
    const uint8_t *validity;   /**< NULL: no bitmap */
    const uint8_t *run_ends;   /**< NULL: no runs; ldln_run_end reads them */
    const uint8_t *lengths;    /**< of the strings, u16 each */
    const uint8_t *characters; /**< of the strings, one after the other */
} ldln_column;

/* Zero bits past the last entry, and zero bytes up to the next multiple of 8. */
static inline int ldln_i_check_bits(const uint8_t *p, uint64_t at, uint32_t entries, ldln_fault *fault) {
    const uint64_t end = at + ((uint64_t)entries + 7) / 8;
    if (entries & 7 && p[end - 1] >> (entries & 7)) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, end - 1);
    return LDLN_OK;
}
static inline int ldln_i_check_padding(const uint8_t *p, uint64_t end, ldln_fault *fault) {
    const uint64_t padded = ldln_i_pad8(end), odd = ldln_i_zeros(p, end, padded);
    return odd == padded ? LDLN_OK : ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
}

/* Reads and checks a block that begins at `at`, a multiple of 8; the block with its padding lies within the message. */
static inline int ldln_i_read_block(const uint8_t *p, uint64_t at, ldln_column *column, ldln_fault *fault) {
    const uint64_t begin = at, end = at + column->block_bytes, room = ldln_i_pad8(end);
    const int encoding = column->encoding;
    const uint32_t rows = column->rows;
    int result;
    column->entries = rows;
    if (ldln_i_is_dictionary(encoding)) {
        if (end < at + 8) return ldln_i_fault(fault, LDLN_BAD_LENGTH, begin);
        const uint32_t count = ldln_i_get16(p + at), characters = ldln_i_get32(p + at + 4);
        if (count == 0) return ldln_i_fault(fault, LDLN_BAD_DICTIONARY, at);
        if (ldln_i_get16(p + at + 2) != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, at + 2);
        const uint64_t text = at + 8 + 2 * (uint64_t)count, text_end = text + characters;
        if (ldln_i_pad8(text_end) > end) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
        uint64_t sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t bytes = ldln_i_get16(p + at + 8 + (uint64_t)i * 2);
            if (bytes > characters - sum) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at + 8 + (uint64_t)i * 2);
            if (!ldln_i_is_utf8(p + text + sum, bytes)) return ldln_i_fault(fault, LDLN_BAD_TEXT, text + sum);
            sum += bytes;
        }
        if (sum != characters) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at + 4);
        result = ldln_i_check_padding(p, text_end, fault);
        if (result != LDLN_OK) return result;
        column->string_count = count;
        column->lengths = p + at + 8;
        column->characters = p + text;
        at = ldln_i_pad8(text_end);
    }
    if (ldln_i_is_bins(encoding)) {
        if (end < at + 8) return ldln_i_fault(fault, LDLN_BAD_LENGTH, begin);
        column->bins = ldln_i_get64(p + at);
        at += 8;
    }
    if (column->flags & LDLN_COLUMN_RUNS) {
        if (end < at + 8) return ldln_i_fault(fault, LDLN_BAD_LENGTH, begin);
        const uint32_t runs = ldln_i_get32(p + at), width = ldln_i_end_bytes(rows);
        if (runs == 0 || runs > rows) return ldln_i_fault(fault, LDLN_BAD_VALUE, at);
        if (ldln_i_get32(p + at + 4) != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, at + 4);
        const uint64_t ends = at + 8, ends_end = ends + (uint64_t)runs * width;
        if (ldln_i_pad8(ends_end) > end) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
        uint32_t before = 0;
        for (uint32_t i = 0; i < runs; i++) {
            const uint8_t *q = p + ends + (uint64_t)i * width;
            const uint32_t run_end = width == 2 ? ldln_i_get16(q) : ldln_i_get32(q);
            if (run_end <= before || run_end > rows)
                return ldln_i_fault(fault, LDLN_BAD_VALUE, ends + (uint64_t)i * width);
            before = run_end;
        }
        if (before != rows) return ldln_i_fault(fault, LDLN_BAD_VALUE, ends_end - width);
        result = ldln_i_check_padding(p, ends_end, fault);
        if (result != LDLN_OK) return result;
        column->run_ends = p + ends;
        column->entries = runs;
        at = ldln_i_pad8(ends_end);
    }
    const uint32_t entries = column->entries;
    const uint64_t valid_bytes = column->flags & LDLN_COLUMN_VALIDITY ? ((uint64_t)entries + 7) / 8 : 0;
    const uint64_t values = at + ldln_i_pad8(valid_bytes);
    if (values + ldln_i_value_bytes(encoding, entries) != end) return ldln_i_fault(fault, LDLN_BAD_LENGTH, begin);
    if (valid_bytes > 0) {
        result = ldln_i_check_bits(p, at, entries, fault);
        if (result == LDLN_OK) result = ldln_i_check_padding(p, at + valid_bytes, fault);
        if (result != LDLN_OK) return result;
        column->validity = p + at;
    }
    column->values = p + values;
    if (encoding == LDLN_BITS) {
        result = ldln_i_check_bits(p, values, entries, fault);
        if (result != LDLN_OK) return result;
    } else if (encoding == LDLN_CONSTANT) {
        const double value = ldln_i_double(ldln_i_get64(p + values));
        if (value != value) return ldln_i_fault(fault, LDLN_BAD_VALUE, values);
    } else if (encoding == LDLN_DICTIONARY8) {
        for (uint32_t i = 0; i < entries; i++)
            if (p[values + i] >= column->string_count) return ldln_i_fault(fault, LDLN_BAD_DICTIONARY, values + i);
    } else if (encoding == LDLN_DICTIONARY16) {
        for (uint32_t i = 0; i < entries; i++)
            if (ldln_i_get16(p + values + (uint64_t)i * 2) >= column->string_count)
                return ldln_i_fault(fault, LDLN_BAD_DICTIONARY, values + (uint64_t)i * 2);
    }
    const uint64_t odd = ldln_i_zeros(p, end, room);
    return odd == room ? LDLN_OK : ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, odd);
}

/** A request that was read. */
typedef struct ldln_request_view {
    ldln_header header;
    ldln_request request; /**< what it says; texts point into the message */
    const uint8_t
        *matrix; /**< with LDLN_FLAG_MATRIX the first float of the matrix, else NULL; ldln_matrix_value reads it */
} ldln_request_view;

/**
 * Reads a score request and checks every byte of it; count may be more than the message takes.
 *
 * columns: where columns_max of them may be put; with NULL they are checked and not told. With a matrix there are none.
 * limits and fault may be NULL. Errors: those of sections 4, 5, 6 and 11; LDLN_TRUNCATED if the message is not whole;
 * LDLN_SPACE if it has more columns than columns_max: view->request.columns tells how many.
 */
static inline int ldln_decode_request(const void *bytes, size_t count, const ldln_limits *limits,
                                      ldln_request_view *view, ldln_column *columns, size_t columns_max,
                                      ldln_fault *fault) {
    const uint8_t *p = (const uint8_t *)bytes;
    const ldln_limits most = limits ? *limits : ldln_default_limits();
    memset(view, 0, sizeof *view);
    int result = ldln_i_open_message(bytes, count, LDLN_REQUEST, &most, &view->header, fault);
    if (result != LDLN_OK) return result;
    const uint32_t length = view->header.bytes;
    ldln_request *request = &view->request;
    request->request_id = view->header.request_id;
    request->flags = view->header.flags;
    request->fingerprint = ldln_i_get64(p + 32);
    request->as_of_days = ldln_i_double(ldln_i_get64(p + 40));
    request->rows = ldln_i_get32(p + 48);
    request->outputs = ldln_i_get32(p + 52);
    request->deadline_microseconds = ldln_i_get32(p + 56);
    request->columns = ldln_i_get16(p + 60);
    if (request->as_of_days > DBL_MAX || request->as_of_days < -DBL_MAX) return ldln_i_fault(fault, LDLN_BAD_VALUE, 40);
    if (request->rows == 0) return ldln_i_fault(fault, LDLN_EMPTY_BATCH, 48);
    if (request->rows > most.rows) return ldln_i_fault(fault, LDLN_TOO_MANY_ROWS, 48);
    if (request->outputs == 0 || request->outputs > LDLN_OUTPUTS_ALL) return ldln_i_fault(fault, LDLN_BAD_OUTPUTS, 52);
    if (request->columns > most.columns) return ldln_i_fault(fault, LDLN_TOO_MANY_COLUMNS, 60);
    const int is_matrix = (request->flags & LDLN_FLAG_MATRIX) != 0;
    uint64_t at = 64 + (is_matrix ? 0 : (uint64_t)request->columns * 8);
    if (at > length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, 60);
    result = ldln_i_read_names(p, length, p[62], p[63], &at, &request->model, &request->version, fault);
    if (result != LDLN_OK) return result;

    if (is_matrix) {
        /* No overflow: 32 bits by 16 by 4. */
        const uint64_t end = at + (uint64_t)request->rows * request->columns * 4;
        if (ldln_i_pad8(end) != length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
        view->matrix = p + at;
        return ldln_i_check_padding(p, end, fault);
    }
    if (columns && request->columns > columns_max) return LDLN_SPACE;
    for (uint32_t i = 0; i < request->columns; i++) {
        const uint64_t entry = 64 + (uint64_t)i * 8;
        ldln_column column;
        memset(&column, 0, sizeof column);
        if (fault) fault->column = i;
        column.encoding = p[entry];
        column.flags = p[entry + 1];
        column.rows = request->rows;
        column.block_bytes = ldln_i_get32(p + entry + 4);
        if (!ldln_i_is_encoding(column.encoding)) return ldln_i_fault(fault, LDLN_UNKNOWN_ENCODING, entry);
        if (column.flags & ~ldln_i_flags_of(column.encoding)) return ldln_i_fault(fault, LDLN_UNKNOWN_FLAG, entry + 1);
        if (ldln_i_get16(p + entry + 2) != 0) return ldln_i_fault(fault, LDLN_RESERVED_NOT_ZERO, entry + 2);
        const uint64_t padded = ldln_i_pad8(column.block_bytes);
        if (padded > length - at) return ldln_i_fault(fault, LDLN_BAD_LENGTH, entry + 4);
        result = ldln_i_read_block(p, at, &column, fault);
        if (result != LDLN_OK) return result;
        if (columns) columns[i] = column;
        at += padded;
    }
    if (fault) fault->column = LDLN_NOT_KNOWN;
    if (at != length) return ldln_i_fault(fault, LDLN_BAD_LENGTH, at);
    return LDLN_OK;
}

/** A value of a matrix (row below request.rows, column below request.columns); NaN is missing. */
static inline float ldln_matrix_value(const ldln_request_view *view, uint32_t row, uint32_t column) {
    return ldln_i_float(ldln_i_get32(view->matrix + ((size_t)row * view->request.columns + column) * 4));
}
/** The row behind the last of a run (below column->entries); without runs an entry is a row. */
static inline uint32_t ldln_run_end(const ldln_column *column, uint32_t run) {
    if (!column->run_ends) return run + 1;
    return ldln_i_end_bytes(column->rows) == 2 ? ldln_i_get16(column->run_ends + (size_t)run * 2)
                                               : ldln_i_get32(column->run_ends + (size_t)run * 4);
}
/** The entry that has a row's value (row below column->rows); a binary search where there are runs. */
static inline uint32_t ldln_entry_of_row(const ldln_column *column, uint32_t row) {
    if (!column->run_ends) return row;
    uint32_t low = 0, high = column->entries - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ldln_run_end(column, middle) > row) high = middle;
        else low = middle + 1;
    }
    return low;
}
/** The index of an entry's string (dictionaries alone); LDLN_NOT_KNOWN: missing. */
static inline uint32_t ldln_string_index(const ldln_column *column, uint32_t entry) {
    if (column->validity && !ldln_i_bit(column->validity, entry)) return LDLN_NOT_KNOWN;
    return column->encoding == LDLN_DICTIONARY8 ? column->values[entry]
                                                : ldln_i_get16(column->values + (size_t)entry * 2);
}
/** The value of an entry (below column->entries) as a number: a date's days, a dictionary's index, a bin's. NaN:
 * missing. */
static inline double ldln_value(const ldln_column *column, uint32_t entry) {
    const uint8_t *p = column->values;
    if (column->encoding == LDLN_ABSENT || (column->validity && !ldln_i_bit(column->validity, entry)))
        return ldln_missing();
    switch (column->encoding) {
    case LDLN_CONSTANT: return ldln_i_double(ldln_i_get64(p));
    case LDLN_BITS: return ldln_i_bit(p, entry);
    case LDLN_UINT8:
    case LDLN_DICTIONARY8:
    case LDLN_BINS8: return p[entry];
    case LDLN_INT8: return p[entry] - (p[entry] & 0x80) * 2;
    case LDLN_UINT16:
    case LDLN_DICTIONARY16:
    case LDLN_BINS16: return ldln_i_get16(p + (size_t)entry * 2);
    case LDLN_INT16: {
        const int32_t x = ldln_i_get16(p + (size_t)entry * 2);
        return x - (x & 0x8000) * 2;
    }
    case LDLN_INT32: {
        const int64_t x = ldln_i_get32(p + (size_t)entry * 4);
        return (double)(x - (x & INT64_C(0x80000000)) * 2);
    }
    case LDLN_INT64: return (double)ldln_i_signed(ldln_i_get64(p + (size_t)entry * 8));
    case LDLN_MICROSECONDS: return (double)ldln_i_signed(ldln_i_get64(p + (size_t)entry * 8)) / 86400000000.0;
    case LDLN_FLOAT16: return (double)ldln_f16_value(ldln_i_get16(p + (size_t)entry * 2));
    case LDLN_FLOAT32: return (double)ldln_i_float(ldln_i_get32(p + (size_t)entry * 4));
    default: return ldln_i_double(ldln_i_get64(p + (size_t)entry * 8));
    }
}
/** Writes column->rows numbers, runs spread out, as ldln_value has them. */
static inline void ldln_read_numbers(const ldln_column *column, double *to) {
    const uint8_t *p = column->values;
    const uint32_t rows = column->rows;
    if (!column->run_ends && !column->validity) {
        /* One loop an encoding, for those that are met most. */
        uint32_t i;
        switch (column->encoding) {
        case LDLN_UINT8:
            for (i = 0; i < rows; i++) to[i] = p[i];
            return;
        case LDLN_UINT16:
            for (i = 0; i < rows; i++) to[i] = ldln_i_get16(p + (size_t)i * 2);
            return;
        case LDLN_FLOAT32:
            for (i = 0; i < rows; i++) to[i] = (double)ldln_i_float(ldln_i_get32(p + (size_t)i * 4));
            return;
        case LDLN_FLOAT64:
            for (i = 0; i < rows; i++) to[i] = ldln_i_double(ldln_i_get64(p + (size_t)i * 8));
            return;
        default: break;
        }
    }
    for (uint32_t entry = 0, row = 0; entry < column->entries; entry++) {
        const double value = ldln_value(column, entry);
        for (const uint32_t end = ldln_run_end(column, entry); row < end; row++) to[row] = value;
    }
}
/** Writes column->string_count strings of a dictionary; they point into the message. */
static inline void ldln_read_strings(const ldln_column *column, ldln_text *to) {
    const uint8_t *characters = column->characters;
    for (uint32_t i = 0; i < column->string_count; i++) {
        to[i].text = (const char *)characters;
        to[i].bytes = ldln_i_get16(column->lengths + (size_t)i * 2);
        characters += to[i].bytes;
    }
}

#ifdef __cplusplus
}
#endif

#endif
