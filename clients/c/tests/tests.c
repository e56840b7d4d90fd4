/*
 * Tests of leadline.h: the vectors, broken messages, and the encoder against searches that try everything. C11 and
 * C++17. Messages lie in memory of exactly their size, so that the address sanitizer sees a byte read beyond.
 */
#include "../leadline.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct vector {
    const char *name;
    int type, error;
    const uint8_t *bytes;
    size_t count;
    const char *said; /* as describe() has it; '?' stands for any word */
} vector;

#include "vectors.inc"

enum { VectorCount = sizeof vectors / sizeof vectors[0], ColumnsMax = 1024 };

static unsigned long checks;
#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        checks++;                                                                                                      \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint64_t state = UINT64_C(0x853c49e6748fea9b);
static uint32_t chance(void) { /* PCG */
    const uint64_t old = state;
    state = old * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const uint32_t x = (uint32_t)((old >> 18 ^ old) >> 27), r = (uint32_t)(old >> 59);
    return x >> r | x << (-r & 31u);
}
static uint32_t below(uint32_t n) { return chance() % n; }

static void *memory(size_t bytes) {
    void *p = malloc(bytes ? bytes : 1);
    if (!p) abort();
    return p;
}
/* A copy with nothing behind it that may be read. */
static uint8_t *copy_of(const uint8_t *bytes, size_t count) {
    uint8_t *p = (uint8_t *)memory(count);
    if (count) memcpy(p, bytes, count);
    return p;
}

/* ---- what a message says ---- */

typedef struct sink {
    char text[16384];
    size_t used;
} sink;
static void say(sink *to, const char *name, const char *value) {
    const int n = snprintf(to->text + to->used, sizeof to->text - to->used, "%s%s", name, value);
    CHECK(n >= 0 && (size_t)n < sizeof to->text - to->used, "the text is too long");
    to->used += (size_t)n;
}
static void say_number(sink *to, const char *name, uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    say(to, name, text);
}
static void say_hex(sink *to, const char *name, uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    say(to, name, text);
}
static void say_text(sink *to, const char *name, ldln_text value) {
    say(to, name, value.bytes ? "" : "-");
    for (size_t i = 0; i < value.bytes; i++) {
        char text[4];
        snprintf(text, sizeof text, "%02x", (unsigned)(uint8_t)value.text[i]);
        say(to, "", text);
    }
}
static uint64_t bits_of(double x) {
    uint64_t bits;
    if (x != x) return UINT64_C(0x7ff8000000000000);
    memcpy(&bits, &x, 8);
    return bits;
}
#define FNV UINT64_C(0xcbf29ce484222325)
static uint64_t mix(uint64_t hash, uint64_t x) { return (hash ^ x) * UINT64_C(0x100000001b3); }

static double *numbers_of(const ldln_column *column) {
    double *values = (double *)memory(sizeof(double) * column->rows);
    ldln_read_numbers(column, values);
    return values;
}
static ldln_text *strings_of(const ldln_column *column) {
    ldln_text *strings = (ldln_text *)memory(sizeof(ldln_text) * column->string_count);
    ldln_read_strings(column, strings);
    return strings;
}

static void describe_request(sink *to, const ldln_request_view *view, const ldln_column *columns) {
    const ldln_request *r = &view->request;
    say_number(to, "request id=", r->request_id);
    say_hex(to, " fingerprint=", r->fingerprint);
    say_hex(to, " asof=", bits_of(r->as_of_days));
    say_number(to, " rows=", r->rows);
    say_number(to, " outputs=", r->outputs);
    say_number(to, " deadline=", r->deadline_microseconds);
    say_number(to, " columns=", r->columns);
    say_number(to, " flags=", r->flags);
    say_text(to, " model=", r->model);
    say_text(to, " version=", r->version);
    say(to, "\n", "");
    for (uint32_t i = 0; i < r->columns; i++) {
        uint64_t hash = FNV, strings_hash = FNV;
        uint32_t string_count = 0;
        if (view->matrix) {
            for (uint32_t row = 0; row < r->rows; row++)
                hash = mix(hash, bits_of((double)ldln_matrix_value(view, row, i)));
            say(to, "column 33 validity=0 runs=0", "");
        } else {
            const ldln_column *c = columns + i;
            double *values = numbers_of(c);
            for (uint32_t row = 0; row < c->rows; row++) {
                hash = mix(hash, bits_of(values[row]));
                if (row % 97 == 0) {
                    const uint32_t entry = ldln_entry_of_row(c, row);
                    CHECK(bits_of(ldln_value(c, entry)) == bits_of(values[row]), "row %u", row);
                    CHECK(ldln_run_end(c, entry) > row, "row %u", row);
                    if (c->string_count && ldln_string_index(c, entry) != LDLN_NOT_KNOWN)
                        CHECK(ldln_string_index(c, entry) == (uint32_t)values[row], "row %u", row);
                }
            }
            free(values);
            string_count = c->string_count;
            ldln_text *strings = strings_of(c);
            for (uint32_t s = 0; s < string_count; s++) {
                strings_hash = mix(strings_hash, strings[s].bytes);
                for (size_t k = 0; k < strings[s].bytes; k++)
                    strings_hash = mix(strings_hash, (uint8_t)strings[s].text[k]);
            }
            free(strings);
            say_number(to, "column ", (uint64_t)c->encoding);
            say_number(to, " validity=", c->validity != NULL);
            say_number(to, " runs=", c->run_ends ? c->entries : 0);
        }
        say_hex(to, " values=", hash);
        say_hex(to, " bins=", view->matrix ? 0 : columns[i].bins);
        say_number(to, " strings=", string_count);
        say_hex(to, ":", strings_hash);
        say(to, "\n", "");
    }
}
static void say_digest(sink *to, const char *name, int there, uint64_t hash) {
    if (there) say_hex(to, name, hash);
    else say(to, name, "none");
}
static void describe_reply(sink *to, const ldln_reply *r) {
    uint64_t h[6] = {FNV, FNV, FNV, FNV, FNV, FNV};
    say_number(to, "reply id=", r->header.request_id);
    say_hex(to, " fingerprint=", r->fingerprint);
    say_number(to, " epoch=", r->epoch);
    say_number(to, " rows=", r->rows);
    say_number(to, " outputs=", r->outputs);
    say_number(to, " flags=", r->header.flags);
    say_text(to, " model=", r->model);
    say_text(to, " version=", r->version);
    for (uint32_t row = 0; row < r->rows; row++) {
        h[0] = mix(h[0], bits_of(ldln_margin(r, row)));
        h[1] = mix(h[1], bits_of((double)ldln_probability(r, row)));
        h[2] = mix(h[2], bits_of(ldln_score(r, row)));
        h[3] = mix(h[3], bits_of(ldln_tier(r, row)));
        h[4] = mix(h[4], bits_of(ldln_row_status(r, row)));
    }
    for (int i = 0; i < LDLN_TIMINGS; i++) h[5] = mix(h[5], bits_of(ldln_timing(r, i)));
    say_digest(to, "\nmargins=", r->margins != NULL, h[0]);
    say_digest(to, " probabilities=", r->probabilities != NULL, h[1]);
    say_digest(to, " scores=", r->scores != NULL, h[2]);
    say_digest(to, " tiers=", r->tiers != NULL, h[3]);
    say_digest(to, " statuses=", r->statuses != NULL, h[4]);
    say_digest(to, " timings=", r->timings != NULL, h[5]);
    say(to, "\n", "");
}
static void describe_error(sink *to, const ldln_error *e) {
    say_number(to, "error id=", e->header.request_id);
    say_number(to, " code=", e->code);
    say(to, " name=", ldln_result_name(e->code));
    say_number(to, " retryable=", e->retryable);
    say_number(to, " after=", e->retry_after_ms);
    say_number(to, " row=", e->row);
    say_number(to, " column=", e->column);
    say_number(to, " byte=", e->byte);
    say_hex(to, " fingerprint=", e->expected_fingerprint);
    say_text(to, " text=", e->text);
    say(to, "\n", "");
}
static ldln_column columns[ColumnsMax];

/* Reads a message and says what it says; the result of the decoder. */
static int describe(sink *to, int type, const uint8_t *bytes, size_t count, ldln_fault *fault) {
    int result;
    to->used = 0;
    to->text[0] = 0;
    if (type == LDLN_REQUEST) {
        ldln_request_view view;
        const int checked = ldln_decode_request(bytes, count, NULL, &view, NULL, 0, fault);
        result = ldln_decode_request(bytes, count, NULL, &view, columns, ColumnsMax, fault);
        CHECK(checked == result, "with and without columns");
        if (result == LDLN_OK) describe_request(to, &view, columns);
    } else if (type == LDLN_REPLY) {
        ldln_reply reply;
        result = ldln_decode_reply(bytes, count, NULL, &reply, fault);
        if (result == LDLN_OK) describe_reply(to, &reply);
    } else {
        ldln_error error;
        result = ldln_decode_error(bytes, count, NULL, &error, fault);
        if (result == LDLN_OK) describe_error(to, &error);
    }
    return result;
}
static int matches(const char *expected, const char *text) {
    while (*expected) {
        if (*expected == '?') {
            while (*text && *text != ' ' && *text != '\n') text++;
            expected++;
        } else if (*expected++ != *text++) {
            return 0;
        }
    }
    return *text == 0;
}

/* ---- vectors ---- */

static void test_vectors(void) {
    sink said;
    for (int i = 0; i < VectorCount; i++) {
        const vector *v = vectors + i;
        for (size_t shift = 0; shift < 8; shift++) {
            ldln_fault fault;
            uint8_t *whole = (uint8_t *)memory(shift + v->count);
            if (v->count) memcpy(whole + shift, v->bytes, v->count);
            const int result = describe(&said, v->type, whole + shift, v->count, &fault);
            CHECK(result == v->error, "%s: %s, not %s", v->name, ldln_result_name(result), ldln_result_name(v->error));
            /* A fault of the body is told at a byte of the body: a reader may go on behind such a message. */
            if (v->error == LDLN_BODY_CHECKSUM) CHECK(fault.byte == 32, "%s: byte %u", v->name, fault.byte);
            if (v->error) CHECK(fault.byte <= v->count, "%s: byte %u", v->name, fault.byte);
            else CHECK(matches(v->said, said.text), "%s:\n%s\n%s", v->name, v->said, said.text);
            free(whole);
        }
    }
}

static void test_prefixes(void) {
    sink said;
    for (int i = 0; i < VectorCount; i++) {
        const vector *v = vectors + i;
        if (v->error) continue;
        for (size_t count = 0; count < v->count; count++) {
            uint8_t *part = copy_of(v->bytes, count);
            ldln_header header;
            ldln_fault fault;
            size_t needed;
            CHECK(describe(&said, v->type, part, count, &fault) == LDLN_TRUNCATED, "%s: %zu", v->name, count);
            CHECK(ldln_peek(part, count, 14, NULL, &header, &needed, NULL) == LDLN_MORE, "%s: %zu", v->name, count);
            CHECK(needed == (count < 32 ? 32 : v->count), "%s: %zu needs %zu", v->name, count, needed);
            free(part);
        }
    }
}

static void test_bit_flips(void) {
    sink said;
    unsigned long other = 0, same = 0, refused = 0;
    for (int i = 0; i < VectorCount; i++) {
        const vector *v = vectors + i;
        /* Such as spread few bytes over 65,536 rows take long to describe. */
        const int slow = strcmp(v->name, "request-65536-rows") == 0 || strcmp(v->name, "request-wide-runs") == 0;
        if (v->error) continue;
        uint8_t *flipped = copy_of(v->bytes, v->count);
        for (size_t bit = 0; bit < v->count * 8; bit++) {
            if (slow && bit >= 256 && bit % 7 != 0) continue;
            flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ 1u << (bit % 8));
            const int result = describe(&said, v->type, flipped, v->count, NULL);
            if (bit < 256) CHECK(result != LDLN_OK, "%s: bit %zu of the header", v->name, bit);
            if (result != LDLN_OK) refused++;
            else if (matches(v->said, said.text)) same++;
            else other++;
            flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ 1u << (bit % 8));
        }
        free(flipped);
    }
    /* The same is said where a value lies under a clear bit, a NaN is another NaN, or a vector has no values to
     * compare. */
    printf("  bit flips: %lu refused, %lu say something else, %lu the same\n", refused, other, same);
    CHECK(refused > 0 && other > same, "flips");
}

/* Broken messages behind a header that is right again. */
static void test_mutations(unsigned rounds) {
    sink said;
    unsigned long taken = 0;
    for (unsigned round = 0; round < rounds; round++) {
        const vector *v = vectors + below(VectorCount);
        if (v->count < 64 || (v->count == 88 && v->type == LDLN_REQUEST) || strcmp(v->name, "request-wide-runs") == 0)
            continue;
        size_t count = v->count;
        if (below(4) == 0) count = (64 + below((uint32_t)count - 63)) & ~(size_t)7;
        uint8_t *bytes = copy_of(v->bytes, count);
        for (uint32_t i = 0, n = 1 + below(3); i < n; i++) {
            const size_t at =
                below(3) ? 32 + below((uint32_t)count - 32) : 48 + below(count < 120 ? (uint32_t)count - 48 : 72);
            static const uint8_t odd[] = {0, 1, 2, 3, 7, 8, 16, 127, 128, 254, 255, 0x30, 0x31, 0x22};
            bytes[at] = below(2) ? odd[below(sizeof odd)] : (uint8_t)chance();
        }
        ldln_i_put32(bytes + 8, (uint32_t)count);
        bytes[12] = (uint8_t)(bytes[12] & (v->type == LDLN_REQUEST ? 3 : v->type == LDLN_REPLY ? 1 : 0));
        ldln_i_put32(bytes + 24, bytes[12] & 1 ? ldln_crc32c(0, bytes + 32, count - 32) : 0);
        ldln_i_put32(bytes + 28, ldln_crc32c(0, bytes, 28));
        ldln_fault fault;
        const int result = describe(&said, v->type, bytes, count, &fault);
        if (result == LDLN_OK) taken++;
        else CHECK(ldln_is_wire_error(result), "%d", result);
        free(bytes);
    }
    printf("  broken bodies: %lu of %u taken\n", taken, rounds);
}

static void test_stream(void) {
    uint8_t stream[4096];
    size_t total = 0, starts[8], n = 0;
    for (int i = 0; i < VectorCount && n < 5; i++) {
        if (vectors[i].error || vectors[i].type == LDLN_REQUEST) continue;
        memcpy(stream + total, vectors[i].bytes, vectors[i].count);
        starts[n++] = total;
        total += vectors[i].count;
    }
    starts[n] = total;
    /* Bytes come one by one; a message is taken as soon as peek says that it is there. */
    size_t begin = 0, found = 0;
    for (size_t come = 0; come <= total; come++) {
        ldln_header header;
        size_t needed;
        while (begin < come) {
            const int result =
                ldln_peek(stream + begin, come - begin, LDLN_TAKES_ANSWERS, NULL, &header, &needed, NULL);
            if (result == LDLN_MORE) {
                CHECK(begin + needed > come, "nothing more is needed");
                break;
            }
            CHECK(result == LDLN_OK && begin == starts[found] && come == starts[found + 1], "message %zu", found);
            begin += header.bytes;
            found++;
        }
    }
    CHECK(found == n && begin == total, "%zu of %zu messages", found, n);
    ldln_header header;
    size_t needed;
    CHECK(ldln_peek(vectors[0].bytes, vectors[0].count, LDLN_TAKES_ANSWERS, NULL, &header, &needed, NULL) ==
              LDLN_UNEXPECTED_TYPE,
          "a request is no answer");
    ldln_limits small = ldln_default_limits();
    small.message_bytes = 96;
    CHECK(ldln_peek(vectors[0].bytes, 32, 2, &small, &header, &needed, NULL) == LDLN_MESSAGE_TOO_LARGE, "limit");
}

/* Every code with both of its retryable bytes, and every status of a row. */
static void test_answers(void) {
    static const int known[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 20,
                                21, 22, 30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 50, 51, 60};
    uint8_t message[152] = {0};
    for (int code = 0; code < 300; code++) {
        int is_known = 0;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) is_known |= known[i] == code;
        for (int retryable = 0; retryable < 3; retryable++) {
            memset(message, 0, 64);
            memcpy(message, "LDLN\1\0\3\0\100", 9);
            ldln_i_put16(message + 32, (uint16_t)code);
            message[34] = (uint8_t)retryable;
            ldln_i_put32(message + 28, ldln_crc32c(0, message, 28));
            ldln_error error;
            const int right = is_known && retryable == (code / 10 == 4); /* section 10: those from 40 to 49 */
            const int result = ldln_decode_error(message, 64, NULL, &error, NULL);
            CHECK(result == (right ? LDLN_OK : LDLN_BAD_VALUE), "code %d, retryable %d", code, retryable);
        }
        CHECK(is_known == (code > 0 && code < 256 && strcmp(ldln_result_name(code), "unknown") != 0), "name of %d",
              code);
    }
    for (int i = 0; i < VectorCount; i++) {
        if (strcmp(vectors[i].name, "reply-all") != 0) continue;
        memcpy(message, vectors[i].bytes, sizeof message);
        for (int status = 0; status < 256; status++) {
            ldln_reply reply;
            message[145] = (uint8_t)status;
            const int result = ldln_decode_reply(message, sizeof message, NULL, &reply, NULL);
            CHECK(result == (status < 3 ? LDLN_OK : LDLN_BAD_VALUE), "status %d", status);
        }
    }
}

/* ---- the encoder against vectors ---- */

/* The values of a column in the machine's own order, as ldln_add_block wants them. */
static void *native_of(const ldln_column *c) {
    const uint64_t width = ldln_i_value_bytes(c->encoding, 1), count = ldln_i_value_bytes(c->encoding, c->entries);
    uint8_t *to = (uint8_t *)memory((size_t)count);
    for (uint64_t i = 0; i < count; i++) {
        const int two = 1;
        const uint64_t in = i % width;
        to[i] = c->values[*(const uint8_t *)&two ? i : i - in + width - 1 - in];
    }
    return to;
}
static size_t encode_again(const ldln_request_view *view, const ldln_column *from, int smallest, uint8_t *to,
                           size_t capacity, int *result) {
    ldln_encoder encoder;
    size_t bytes;
    const uint32_t rows = view->request.rows;
    ldln_begin(&encoder, to, capacity, &view->request);
    if (view->matrix) {
        float *values = (float *)memory(sizeof(float) * rows * view->request.columns);
        for (uint32_t row = 0; row < rows; row++)
            for (uint32_t c = 0; c < view->request.columns; c++)
                values[row * view->request.columns + c] = ldln_matrix_value(view, row, c);
        ldln_add_matrix_rows(&encoder, values, rows / 2);
        ldln_add_matrix_rows(&encoder, values + (size_t)(rows / 2) * view->request.columns, rows - rows / 2);
        free(values);
    }
    for (uint32_t i = 0; !view->matrix && i < view->request.columns; i++) {
        const ldln_column *c = from + i;
        ldln_text *strings = strings_of(c);
        if (smallest && c->string_count) {
            ldln_text *values = (ldln_text *)memory(sizeof(ldln_text) * rows);
            const size_t size = ldln_strings_scratch(rows);
            uint8_t *scratch = (uint8_t *)memory(size + 1);
            for (uint32_t row = 0; row < rows; row++) {
                const uint32_t index = ldln_string_index(c, ldln_entry_of_row(c, row));
                memset(values + row, 0, sizeof values[row]);
                if (index != LDLN_NOT_KNOWN) values[row] = strings[index];
            }
            ldln_add_strings(&encoder, values, rows, scratch + 1, size, 7);
            free(scratch);
            free(values);
        } else if (smallest) {
            double *values = numbers_of(c);
            ldln_add_numbers(&encoder, values, rows);
            free(values);
        } else {
            ldln_block block;
            uint32_t *ends = (uint32_t *)memory(sizeof(uint32_t) * c->entries);
            void *values = native_of(c);
            for (uint32_t e = 0; e < c->entries; e++) ends[e] = ldln_run_end(c, e);
            memset(&block, 0, sizeof block);
            block.encoding = c->encoding;
            block.values = values;
            block.validity = c->validity;
            block.run_ends = c->run_ends ? ends : NULL;
            block.runs = c->entries;
            block.strings = strings;
            block.string_count = c->string_count;
            block.bins = c->bins;
            ldln_add_block(&encoder, &block);
            free(values);
            free(ends);
        }
        free(strings);
    }
    *result = ldln_finish(&encoder, &bytes);
    return bytes;
}

/* Vectors written by the functions for one type each. */
static void is_vector(const char *name, ldln_encoder *encoder) {
    size_t bytes;
    CHECK(ldln_finish(encoder, &bytes) == LDLN_OK, "%s: %s", name, ldln_result_name(encoder->result));
    for (int i = 0; i < VectorCount; i++) {
        if (strcmp(vectors[i].name, name) != 0) continue;
        CHECK(bytes == vectors[i].count && memcmp(encoder->bytes, vectors[i].bytes, bytes) == 0, "%s", name);
        return;
    }
    CHECK(0, "no vector %s", name);
}
static void test_typed(void) {
    uint8_t message[512];
    ldln_encoder e;
    ldln_request r = ldln_make_request(UINT64_C(0x1122334455667788), 5, 6);
    const uint8_t all_but_last[1] = {15}, without_third[1] = {0x1b};
    r.request_id = 7;
    {
        const int8_t i8[5] = {-128, 0, 127, 5, 99};
        const uint16_t u16[5] = {0, 65535, 40000, 7, 8};
        const int64_t i64[5] = {INT64_MIN, -1, 99, 1, INT64_MAX};
        const int64_t day = INT64_C(86400000000), us[5] = {0, 20454 * day, 20454 * day + 1, -day, 20455 * day - 1};
        const uint16_t f16[5] = {0x3800, 0xc080, 0x7bff, 0x0001, 0x7e00},
                       more[5] = {0x7c00, 0xfc00, 0xb800, 0x0400, 0x3c00};
        ldln_begin(&e, message, sizeof message, &r);
        ldln_add_i8(&e, i8, all_but_last);
        ldln_add_u16(&e, u16, NULL);
        ldln_add_i64(&e, i64, without_third);
        ldln_add_microseconds(&e, us, NULL);
        ldln_add_f16(&e, f16);
        ldln_add_f16(&e, more);
        is_vector("request-more-columns", &e);
    }
    {
        const uint8_t bins8[5] = {0, 2, 99, 3, 4};
        const uint16_t bins16[5] = {0, 0, 1, 299, 300};
        r.columns = 2;
        ldln_begin(&e, message, sizeof message, &r);
        ldln_add_bins8(&e, UINT64_C(0x8b297fead8fa1134), bins8, without_third);
        ldln_add_bins16(&e, UINT64_C(0xb5d7bc96832e996e), bins16, NULL);
        is_vector("request-bins", &e);
    }
    {
        const uint8_t u8[3] = {0, 255, 1};
        const int16_t i16[3] = {INT16_MIN, INT16_MAX, -1};
        const int32_t i32[3] = {INT32_MIN, INT32_MAX, -1};
        const float f32[3] = {INFINITY, -INFINITY, FLT_MAX};
        const double f64[3] = {5e-324, -DBL_MAX, (double)INFINITY};
        r.columns = 5;
        r.rows = 3;
        r.request_id = UINT64_MAX;
        ldln_begin(&e, message, sizeof message, &r);
        ldln_add_u8(&e, u8, NULL);
        ldln_add_i16(&e, i16, NULL);
        ldln_add_i32(&e, i32, NULL);
        ldln_add_f32(&e, f32);
        ldln_add_f64(&e, f64);
        is_vector("request-extreme-numbers", &e);
    }
    {
        /* What lies under a clear bit, and past the last row, is not sent. */
        const uint8_t bits[2] = {0x4d, 0xff}, others[2] = {0x3b, 0xff}, valid[2] = {0xf6, 0xfe};
        r.columns = 2;
        r.rows = 9;
        r.request_id = 7;
        ldln_begin(&e, message, sizeof message, &r);
        ldln_add_bits(&e, bits, NULL);
        ldln_add_bits(&e, others, valid);
        is_vector("request-9-rows", &e);
        r.rows = 65536;
        ldln_begin(&e, message, sizeof message, &r);
        ldln_add_constant(&e, 2.5, NULL);
        ldln_add_absent(&e);
        is_vector("request-65536-rows", &e);
    }
}

static void test_encoding_again(void) {
    /* Those whose columns have the smallest form; the others show encodings. */
    static const char *const smallest[] = {"request-one-lead",
                                           "request-strings",
                                           "request-wide-codes",
                                           "request-matrix",
                                           "request-runs",
                                           "request-checksum",
                                           "request-no-columns",
                                           "request-65536-rows",
                                           "request-matrix-odd",
                                           "request-matrix-no-columns",
                                           "request-longest-names",
                                           "request-256-strings",
                                           "request-8-rows",
                                           "request-9-rows",
                                           "request-extreme-numbers",
                                           "request-wide-runs"};
    unsigned found = 0;
    for (int i = 0; i < VectorCount; i++) {
        const vector *v = vectors + i;
        if (v->error || v->type != LDLN_REQUEST) continue;
        for (int form = 0; form < 2; form++) {
            ldln_request_view view;
            CHECK(ldln_decode_request(v->bytes, v->count, NULL, &view, columns, ColumnsMax, NULL) == LDLN_OK, "%s",
                  v->name);
            int result;
            const size_t needed = encode_again(&view, columns, form, NULL, 0, &result);
            CHECK(result == LDLN_SPACE, "%s: measuring", v->name);
            uint8_t *again = (uint8_t *)memory(needed + 3);
            memset(again, 0xa5, needed + 3);
            const size_t bytes = encode_again(&view, columns, form, again + 3, needed, &result);
            CHECK(result == LDLN_OK && bytes == needed, "%s: %s", v->name, ldln_result_name(result));
            const int same = bytes == v->count && memcmp(again + 3, v->bytes, bytes) == 0;
            if (form == 0) {
                /* It has other values than 0 under clear bits. */
                const int differs = strcmp(v->name, "request-typed-columns") == 0;
                CHECK(bytes == v->count && same == !differs, "%s: other bytes", v->name);
            } else {
                int listed = 0;
                for (size_t k = 0; k < sizeof smallest / sizeof smallest[0]; k++)
                    listed |= strcmp(smallest[k], v->name) == 0;
                CHECK(same == listed, "%s: %s the smallest form", v->name, same ? "has" : "has not");
                CHECK(bytes <= v->count, "%s: larger", v->name);
                found += (unsigned)same;
            }
            for (size_t capacity = 0; capacity < needed; capacity += needed < 400 ? 1 : 37) {
                uint8_t *small = (uint8_t *)memory(capacity);
                CHECK(encode_again(&view, columns, form, small, capacity, &result) == needed && result == LDLN_SPACE,
                      "%s in %zu", v->name, capacity);
                free(small);
            }
            free(again);
        }
    }
    printf("  smallest forms: %u vectors come out the same\n", found);
}

/* ---- the smallest form against a search that tries everything ---- */

static double halves[65536];
static int compare_doubles(const void *a, const void *b) {
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}
static void make_halves(void) {
    size_t n = 0;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
        double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                       : exponent     ? ldexp(1024 + fraction, (int)exponent - 25)
                                      : ldexp(fraction, -24);
        if (bits & 0x8000) value = -value;
        const double read = (double)ldln_f16_value((uint16_t)bits);
        CHECK(bits_of(read) == bits_of(value), "binary16 %04x", bits);
        uint16_t back;
        CHECK(ldln_f16_bits(value, &back), "binary16 %04x", bits);
        CHECK(back == (value != value ? 0x7e00 : bits), "binary16 %04x back as %04x", bits, back);
        if (value == value) {
            halves[n++] = value;
            if (isfinite(value)) CHECK(!ldln_f16_bits(nextafter(value, INFINITY), &back) || value == 0, "%g", value);
        }
    }
    for (; n < 65536; n++) halves[n] = 0;
    qsort(halves, 65536, sizeof halves[0], compare_doubles);
}
static int is_half(double x) { return bsearch(&x, halves, 65536, sizeof x, compare_doubles) != NULL; }

/* Encodes one column as told; its block's bytes with padding, or 0 if a value is not kept. Writes the whole message. */
static size_t try_form(const double *x, uint32_t rows, int encoding, int with_runs, uint8_t *to, size_t capacity) {
    uint8_t *validity = (uint8_t *)calloc(rows / 8 + 1, 1);
    uint32_t *ends = (uint32_t *)memory(sizeof(uint32_t) * rows);
    uint8_t *values = (uint8_t *)calloc(rows + 1, 8);
    uint32_t entries = 0, missing = 0;
    size_t bytes = 0;
    int kept = 1, some = 0;
    double constant = 0;
    if (!validity || !values) abort();
    for (uint32_t i = 0; i < rows && kept; i++) {
        const double v = x[i] + 0.0;
        const int same_next = i + 1 < rows && (v == x[i + 1] || (v != v && x[i + 1] != x[i + 1]));
        if (with_runs && same_next) continue;
        ends[entries] = i + 1;
        const int has = v == v;
        missing += !has;
        if (has) validity[entries / 8] = (uint8_t)(validity[entries / 8] | 1 << entries % 8);
        const int integer = has && v >= -2147483648.0 && v <= 2147483647.0 && v == floor(v);
        const int32_t whole = integer ? (int32_t)v : 0;
        uint8_t *at = values + (size_t)entries * (size_t)ldln_i_value_bytes(encoding, 1);
        if (has || encoding >= LDLN_FLOAT16) switch (encoding) {
            case LDLN_ABSENT: kept = 0; break;
            case LDLN_CONSTANT:
                kept = !some || v == constant;
                constant = v;
                some = 1;
                break;
            case LDLN_BITS:
                kept = integer && (whole == 0 || whole == 1);
                if (whole == 1) values[entries / 8] = (uint8_t)(values[entries / 8] | 1 << entries % 8);
                break;
            case LDLN_UINT8: {
                const uint8_t y = (uint8_t)whole;
                kept = integer && y == whole;
                memcpy(at, &y, 1);
                break;
            }
            case LDLN_INT8: {
                const int8_t y = (int8_t)whole;
                kept = integer && y == whole;
                memcpy(at, &y, 1);
                break;
            }
            case LDLN_UINT16: {
                const uint16_t y = (uint16_t)whole;
                kept = integer && y == whole;
                memcpy(at, &y, 2);
                break;
            }
            case LDLN_INT16: {
                const int16_t y = (int16_t)whole;
                kept = integer && y == whole;
                memcpy(at, &y, 2);
                break;
            }
            case LDLN_INT32:
                kept = integer;
                memcpy(at, &whole, 4);
                break;
            case LDLN_FLOAT16: {
                uint16_t y = 0x7e00;
                kept = !has || is_half(v);
                if (has && kept) (void)ldln_f16_bits(v, &y);
                memcpy(at, &y, 2);
                break;
            }
            case LDLN_FLOAT32: {
                const uint32_t quiet = 0x7fc00000;
                const float y = has ? (float)v : 0;
                kept = !has || (double)y == v;
                if (has) memcpy(at, &y, 4);
                else memcpy(at, &quiet, 4);
                break;
            }
            default: {
                const uint64_t y = bits_of(v);
                memcpy(at, &y, 8);
            }
            }
        entries++;
    }
    if (encoding == LDLN_ABSENT && missing < rows) kept = 0;
    if (encoding == LDLN_CONSTANT && !some) kept = 0;
    if (kept) {
        ldln_block block;
        ldln_encoder encoder;
        ldln_request request = ldln_make_request(1, rows, 1);
        memset(&block, 0, sizeof block);
        block.encoding = encoding;
        block.values = encoding == LDLN_CONSTANT ? (void *)&constant : values;
        block.validity = missing && encoding < LDLN_FLOAT16 && encoding != LDLN_ABSENT ? validity : NULL;
        block.run_ends = with_runs ? ends : NULL;
        block.runs = entries;
        ldln_begin(&encoder, to, capacity, &request);
        ldln_add_block(&encoder, &block);
        CHECK(ldln_finish(&encoder, &bytes) == LDLN_OK, "encoding %02x", (unsigned)encoding);
        ldln_request_view view;
        ldln_column column;
        CHECK(ldln_decode_request(to, bytes, NULL, &view, &column, 1, NULL) == LDLN_OK, "encoding %02x",
              (unsigned)encoding);
        double *read = numbers_of(&column);
        for (uint32_t i = 0; i < rows; i++)
            CHECK(bits_of(read[i]) == bits_of(x[i] + 0.0), "encoding %02x", (unsigned)encoding);
        free(read);
    }
    free(validity);
    free(ends);
    free(values);
    return bytes;
}

static double odd_number(uint32_t kind) {
    static const double edges[] = {0,
                                   -0.0,
                                   1,
                                   2,
                                   127,
                                   128,
                                   255,
                                   256,
                                   -1,
                                   -128,
                                   -129,
                                   32767,
                                   32768,
                                   65535,
                                   65536,
                                   -32768,
                                   -32769,
                                   2147483647.0,
                                   2147483648.0,
                                   -2147483648.0,
                                   -2147483649.0,
                                   65504,
                                   65520,
                                   0.5,
                                   1.0 / 16384,
                                   1.0 / 16777216,
                                   1.0 / 33554432,
                                   3.4028234663852886e38,
                                   3.4028235677973366e38,
                                   1e39,
                                   1e-45,
                                   1.401298464324817e-45,
                                   7e-46,
                                   5e-324,
                                   0.1,
                                   1e300,
                                   2049,
                                   16777217};
    switch (kind) {
    case 0: return below(2);
    case 1: return below(256);
    case 2: return (double)below(256) - 128;
    case 3: return below(65536);
    case 4: return (double)below(65536) - 32768;
    case 5: return (double)chance() - 2147483648.0;
    case 6: return halves[below(65536)];
    case 7: return (double)ldln_i_float(chance() & 0xff7fffffu);
    case 8: return (double)chance() / 7;
    case 9: return edges[below(sizeof edges / sizeof edges[0])];
    case 10: return below(2) ? (double)INFINITY : -(double)INFINITY;
    default: return (double)below(4) / 2;
    }
}

static void test_smallest(unsigned rounds) {
    unsigned long by[64] = {0}, by_runs = 0;
    static const int order[] = {0x00, 0x01, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22};
    for (unsigned round = 0; round < rounds; round++) {
        static const uint32_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 100, 129, 300, 1000};
        const uint32_t rows =
            round % 500 == 499 ? (below(2) ? 65536 : 65535) : sizes[below(sizeof sizes / sizeof sizes[0])];
        const uint32_t kind = below(12), second = below(4) ? kind : below(12), gaps = below(3),
                       repeat = below(3) ? 1 : 1 + below(40);
        double *x = (double *)memory(sizeof(double) * rows);
        double last = odd_number(kind);
        const int one = below(6) == 0;
        for (uint32_t i = 0; i < rows; i++) {
            if (i % repeat == 0 && !one) last = odd_number(below(50) ? kind : second);
            if (i % repeat == 0 && gaps && below(gaps == 1 ? 20 : 2) == 0) x[i] = (double)NAN;
            else x[i] = i % repeat && x[i - 1] != x[i - 1] ? x[i - 1] : last;
        }
        if (below(60) == 0)
            for (uint32_t i = 0; i < rows; i++) x[i] = (double)NAN;

        const size_t capacity = 200 + (size_t)rows * 14;
        uint8_t *form = (uint8_t *)memory(capacity), *best = (uint8_t *)memory(capacity),
                *ours = (uint8_t *)memory(capacity);
        size_t best_bytes = 0, bytes = 0;
        int chosen = 0;
        for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
            const size_t n = try_form(x, rows, order[k], 0, form, capacity);
            if (n == 0 || (best_bytes != 0 && n >= best_bytes)) continue;
            best_bytes = n;
            chosen = order[k];
            memcpy(best, form, n);
        }
        by[chosen]++;
        if (chosen >= 0x10) {
            const size_t n = try_form(x, rows, chosen, 1, form, capacity);
            if (n < best_bytes) {
                best_bytes = n;
                memcpy(best, form, n);
                by_runs++;
            }
        }
        ldln_encoder encoder;
        ldln_request request = ldln_make_request(1, rows, 1);
        ldln_begin(&encoder, ours, capacity, &request);
        ldln_add_numbers(&encoder, x, rows);
        CHECK(ldln_finish(&encoder, &bytes) == LDLN_OK, "round %u", round);
        CHECK(bytes == best_bytes && memcmp(ours, best, bytes) == 0,
              "round %u: %u rows, encoding %02x of %zu, not %02x of %zu", round, rows, ours[64], bytes,
              (unsigned)chosen, best_bytes);
        free(form);
        free(best);
        free(ours);
        free(x);
    }
    printf("  smallest by search:");
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        printf(" %02x %lu", (unsigned)order[k], by[order[k]]);
        CHECK(by[order[k]] > 0, "encoding %02x never was the smallest", (unsigned)order[k]);
    }
    printf(", runs %lu\n", by_runs);
    CHECK(by_runs > 0, "no runs");
}

static void test_strings(unsigned rounds) {
    for (unsigned round = 0; round < rounds; round++) {
        const uint32_t rows = 1 + below(round % 50 == 49 ? 70000 : 600), kinds = 1 + below(below(2) ? 8 : 700),
                       gaps = below(3);
        const uint32_t repeat = below(2) ? 1 : 1 + below(30);
        char(*pool)[12] = (char(*)[12])memory(sizeof(char[12]) * kinds);
        ldln_text *x = (ldln_text *)memory(sizeof(ldln_text) * rows);
        for (uint32_t k = 0; k < kinds; k++) snprintf(pool[k], sizeof pool[k], "%s%x", k % 3 ? "\xc3\xab" : "", k * 7);
        for (uint32_t i = 0; i < rows; i++) {
            const uint32_t k = below(kinds);
            x[i].text = gaps && below(gaps == 1 ? 20 : 2) == 0 ? NULL : pool[k];
            x[i].bytes = k == 0 ? 0 : strlen(pool[k]);
            if (i % repeat) x[i] = x[i - 1];
        }
        if (below(40) == 0)
            for (uint32_t i = 0; i < rows; i++) x[i].text = NULL;
        ldln_limits limits = ldln_default_limits();
        limits.rows = 100000;
        const size_t size = ldln_strings_scratch(rows);
        uint8_t *scratch = (uint8_t *)memory(size + 8);
        ldln_encoder encoder;
        ldln_request request = ldln_make_request(1, rows, 1);
        size_t needed, bytes;
        ldln_begin(&encoder, NULL, 0, &request);
        ldln_add_strings(&encoder, x, rows, scratch + round % 8, size, round);
        CHECK(ldln_finish(&encoder, &needed) == LDLN_SPACE, "round %u", round);
        uint8_t *to = (uint8_t *)memory(needed);
        ldln_begin(&encoder, to, needed, &request);
        ldln_add_strings(&encoder, x, rows, scratch + round % 8, size, 0);
        CHECK(ldln_finish(&encoder, &bytes) == LDLN_OK && bytes == needed, "round %u", round);
        ldln_request_view view;
        ldln_column c;
        memset(&c, 0, sizeof c);
        CHECK(ldln_decode_request(to, bytes, &limits, &view, &c, 1, NULL) == LDLN_OK, "round %u", round);
        ldln_text *strings = strings_of(&c);
        uint32_t runs = 1, missing = 0, first = 0;
        for (uint32_t i = 0; i < rows; i++) {
            missing += !x[i].text;
            const uint32_t index =
                c.encoding == LDLN_ABSENT ? LDLN_NOT_KNOWN : ldln_string_index(&c, ldln_entry_of_row(&c, i));
            CHECK((index == LDLN_NOT_KNOWN) == !x[i].text, "round %u, row %u", round, i);
            if (index != LDLN_NOT_KNOWN) {
                CHECK(index <= first, "round %u: strings are in the order in which they occur", round);
                if (index == first) first++;
                CHECK(strings[index].bytes == x[i].bytes && memcmp(strings[index].text, x[i].text, x[i].bytes) == 0,
                      "row %u", i);
            }
            if (i > 0 &&
                (!x[i].text != !x[i - 1].text ||
                 (x[i].text && (x[i].bytes != x[i - 1].bytes || memcmp(x[i].text, x[i - 1].text, x[i].bytes) != 0))))
                runs++;
        }
        CHECK(first == c.string_count, "round %u: a string that no row has", round);
        if (first > 0) {
            /* What the other form would take. */
            const uint64_t width = first > 256 ? 2 : 1;
            const uint64_t plain = (missing ? (rows + 63) / 64 * 8 : 0) + (rows * width + 7) / 8 * 8;
            const uint64_t with = 8 + ((uint64_t)runs * (rows > 65535 ? 4 : 2) + 7) / 8 * 8 +
                                  (missing ? (runs + 63) / 64 * 8 : 0) + (runs * width + 7) / 8 * 8;
            CHECK((c.run_ends != NULL) == (with < plain), "round %u: runs", round);
            CHECK(c.entries == (with < plain ? runs : rows), "round %u: %u entries", round, c.entries);
        }
        free(strings);
        free(to);
        free(scratch);
        free(x);
        free(pool);
    }
    /* 65,535 strings fit, one more does not. */
    for (uint32_t rows = 65535; rows <= 65536; rows++) {
        char(*pool)[8] = (char(*)[8])memory(sizeof(char[8]) * rows);
        ldln_text *x = (ldln_text *)memory(sizeof(ldln_text) * rows);
        void *scratch = memory(ldln_strings_scratch(rows));
        for (uint32_t i = 0; i < rows; i++) {
            x[i].bytes = (size_t)snprintf(pool[i], sizeof pool[i], "%x", i);
            x[i].text = pool[i];
        }
        ldln_encoder encoder;
        ldln_request request = ldln_make_request(1, rows, 1);
        ldln_begin(&encoder, NULL, 0, &request);
        CHECK(ldln_add_strings(&encoder, x, rows, scratch, ldln_strings_scratch(rows), 1) ==
                  (rows == 65535 ? LDLN_OK : LDLN_BAD_DICTIONARY),
              "%u strings", rows);
        free(scratch);
        free(x);
        free(pool);
    }
}

/* ---- small parts ---- */

static uint32_t crc_by_bits(const uint8_t *p, size_t count) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}
static void test_crc(void) {
    uint8_t bytes[200];
    CHECK(ldln_crc32c(0, "123456789", 9) == 0xe3069283u, "the known value");
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)chance();
    for (size_t from = 0; from < 9; from++)
        for (size_t to = from; to <= sizeof bytes; to++) {
            const uint32_t whole = crc_by_bits(bytes + from, to - from);
            const size_t cut = from + below((uint32_t)(to - from + 1));
            CHECK(ldln_crc32c(0, bytes + from, to - from) == whole, "%zu to %zu", from, to);
            CHECK(ldln_crc32c(ldln_crc32c(0, bytes + from, cut - from), bytes + cut, to - cut) == whole,
                  "in two parts");
        }
}

/* UTF-8 by decoding and encoding again. */
static int is_utf8_slowly(const uint8_t *p, size_t count) {
    for (size_t i = 0; i < count;) {
        const size_t n = p[i] < 0x80 ? 1 : p[i] < 0xc0 ? 0 : p[i] < 0xe0 ? 2 : p[i] < 0xf0 ? 3 : p[i] < 0xf8 ? 4 : 0;
        if (n == 0 || n > count - i) return 0;
        uint32_t x = n == 1 ? p[i] : p[i] & (0x7fu >> n);
        for (size_t k = 1; k < n; k++) {
            if ((p[i + k] & 0xc0) != 0x80) return 0;
            x = x << 6 | (p[i + k] & 0x3fu);
        }
        const size_t least = x < 0x80 ? 1 : x < 0x800 ? 2 : x < 0x10000 ? 3 : 4;
        if (least != n || x > 0x10ffff || (x >= 0xd800 && x < 0xe000)) return 0;
        i += n;
    }
    return 1;
}
static void test_utf8(void) {
    for (uint32_t x = 0; x < 1u << 24; x += x < 1u << 16 ? 1 : 1 + below(16)) {
        uint8_t p[4] = {(uint8_t)x, (uint8_t)(x >> 8), (uint8_t)(x >> 16), 0};
        const size_t count = x < 1u << 16 ? 2 : 3;
        CHECK(ldln_i_is_utf8(p, count) == is_utf8_slowly(p, count), "%06x", x);
    }
    for (int i = 0; i < 300000; i++) {
        static const uint8_t often[] = {0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                        0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5};
        uint8_t p[12];
        const size_t count = 1 + below(12);
        for (size_t k = 0; k < count; k++) p[k] = below(8) ? often[below(sizeof often)] : (uint8_t)chance();
        CHECK(ldln_i_is_utf8(p, count) == is_utf8_slowly(p, count), "round %d", i);
    }
}

static int add_one(uint32_t rows, uint16_t flags, const ldln_block *block) {
    ldln_encoder encoder;
    ldln_request request = ldln_make_request(1, rows, 1);
    request.flags = flags;
    ldln_begin(&encoder, NULL, 0, &request);
    return ldln_add_block(&encoder, block);
}
static void test_refusals(void) {
    ldln_encoder encoder;
    ldln_block block;
    const double nan = (double)NAN, numbers[2] = {1, 2};
    const uint8_t codes[2] = {0, 1}, validity[1] = {1};
    const uint32_t rising[2] = {1, 2}, flat[2] = {1, 1}, zero[2] = {0, 2}, beyond[2] = {1, 3};
    ldln_text string = {"web", 3}, broken = {"\xff", 1}, many[256];
    size_t bytes = 1;

    memset(&block, 0, sizeof block);
#define REFUSED(code) CHECK(add_one(2, 0, &block) == (code), "%s", ldln_result_name(add_one(2, 0, &block)))
    block.encoding = 2;
    REFUSED(LDLN_UNKNOWN_ENCODING);
    block.encoding = 0x3a;
    REFUSED(LDLN_UNKNOWN_ENCODING);
    block.encoding = -1;
    REFUSED(LDLN_UNKNOWN_ENCODING);
    block.encoding = LDLN_CONSTANT;
    block.values = &nan;
    REFUSED(LDLN_BAD_VALUE);
    block.encoding = LDLN_FLOAT64;
    block.values = numbers;
    REFUSED(LDLN_OK);
    block.validity = validity;
    REFUSED(LDLN_UNKNOWN_FLAG);
    block.validity = NULL;
    block.run_ends = rising;
    block.runs = 2;
    REFUSED(LDLN_OK);
    block.run_ends = flat;
    REFUSED(LDLN_BAD_VALUE);
    block.run_ends = zero;
    REFUSED(LDLN_BAD_VALUE);
    block.run_ends = beyond;
    REFUSED(LDLN_BAD_VALUE);
    block.run_ends = rising;
    block.runs = 1;
    REFUSED(LDLN_BAD_VALUE);
    block.runs = 0;
    REFUSED(LDLN_BAD_VALUE);
    block.runs = 3;
    REFUSED(LDLN_BAD_VALUE);
    block.encoding = LDLN_CONSTANT;
    REFUSED(LDLN_UNKNOWN_FLAG);
    block.run_ends = NULL;
    block.encoding = LDLN_DICTIONARY8;
    block.values = codes;
    REFUSED(LDLN_BAD_DICTIONARY);
    block.strings = &string;
    block.string_count = 1;
    REFUSED(LDLN_BAD_DICTIONARY);
    block.validity = validity;
    REFUSED(LDLN_OK); /* the code that no string has lies under a clear bit */
    block.strings = &broken;
    REFUSED(LDLN_BAD_TEXT);
    for (size_t i = 0; i < 256; i++) many[i] = string;
    many[255].bytes = 65536;
    block.strings = many;
    block.string_count = 256;
    REFUSED(LDLN_ARGUMENT);
    block.string_count = 65536;
    REFUSED(LDLN_BAD_DICTIONARY);

    ldln_request request = ldln_make_request(1, 2, 1);
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_finish(&encoder, &bytes) == LDLN_ORDER && bytes == 0, "a column is not there");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_f64(&encoder, numbers) == LDLN_OK && ldln_add_absent(&encoder) == LDLN_ORDER, "a column too many");
    CHECK(ldln_add_numbers(&encoder, numbers, 2) == LDLN_ORDER && ldln_finish(&encoder, NULL) == LDLN_ORDER,
          "errors stick");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_numbers(&encoder, numbers, 1) == LDLN_ARGUMENT, "another number of rows");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_strings(&encoder, many, 2, many, ldln_strings_scratch(2) - 1, 0) == LDLN_SPACE, "scratch");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_matrix_rows(&encoder, NULL, 1) == LDLN_ORDER, "no matrix");
    request.flags = LDLN_FLAG_MATRIX;
    const float three[3] = {1, 2, 3};
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_absent(&encoder) == LDLN_ORDER, "a column in a matrix");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_matrix_rows(&encoder, three, 3) == LDLN_ORDER, "a row too many");
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_matrix_rows(&encoder, three, 1) == LDLN_OK && ldln_finish(&encoder, NULL) == LDLN_ORDER,
          "a row too few");
    request.flags = 4;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_UNKNOWN_FLAG, "flags");
    request = ldln_make_request(1, 0, 1);
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_EMPTY_BATCH, "rows");
    request = ldln_make_request(1, 1, 1);
    request.outputs = 0;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_BAD_OUTPUTS, "outputs");
    request.outputs = 64;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_BAD_OUTPUTS, "outputs");
    request = ldln_make_request(1, 1, 1);
    request.as_of_days = -(double)INFINITY;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_BAD_VALUE, "as of");
    request = ldln_make_request(1, 1, 1);
    request.model = broken;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_BAD_TEXT, "model");
    request.model.text = string.text;
    request.model.bytes = 256;
    CHECK(ldln_begin(&encoder, NULL, 0, &request) == LDLN_ARGUMENT, "model");

    ldln_request_view view;
    CHECK(ldln_decode_request(vectors[0].bytes, vectors[0].count, NULL, &view, columns, 2, NULL) == LDLN_SPACE,
          "columns");
    CHECK(view.request.columns == 3, "how many columns are needed");
    /* A message of more than 32 bits count: measured, not written. */
    request = ldln_make_request(1, UINT32_MAX, 2);
    ldln_begin(&encoder, NULL, 0, &request);
    CHECK(ldln_add_f64(&encoder, numbers) == LDLN_MESSAGE_TOO_LARGE, "a block of 32 GiB");
    ldln_begin(&encoder, NULL, 0, &request);
    ldln_add_u8(&encoder, codes, NULL);
    ldln_add_u8(&encoder, codes, NULL);
    CHECK(ldln_finish(&encoder, &bytes) == LDLN_MESSAGE_TOO_LARGE, "two blocks of 4 GiB");
}

/* Requests of another encoder, one after the other in a file: each must come out the same here, in the smallest form.
 */
static int test_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t count = 0, at = 0, n = 0;
    if (!file) {
        perror(path);
        return 1;
    }
    for (int c = 0; c != EOF;) {
        bytes = (uint8_t *)realloc(bytes, count + 65536);
        if (!bytes) abort();
        const size_t more = fread(bytes + count, 1, 65536, file);
        count += more;
        c = more == 0 ? EOF : 0;
    }
    fclose(file);
    for (; at < count; n++) {
        ldln_request_view view;
        ldln_fault fault;
        int result = ldln_decode_request(bytes + at, count - at, NULL, &view, columns, ColumnsMax, &fault);
        CHECK(result == LDLN_OK, "%s, message %zu: %s at byte %u", path, n, ldln_result_name(result), fault.byte);
        uint8_t *again = (uint8_t *)memory(view.header.bytes);
        const size_t needed = encode_again(&view, columns, 1, again, view.header.bytes, &result);
        for (size_t i = 0; i < view.header.bytes && result == LDLN_OK; i++)
            CHECK(again[i] == bytes[at + i], "%s, message %zu: byte %zu is %02x here, not %02x", path, n, i, again[i],
                  bytes[at + i]);
        CHECK(result == LDLN_OK && needed == view.header.bytes, "%s, message %zu: %zu bytes, not %u", path, n, needed,
              view.header.bytes);
        free(again);
        at += view.header.bytes;
    }
    printf("  %s: %zu requests come out the same\n", path, n);
    free(bytes);
    return 0;
}

/* tests [TIMES [SEED]], or tests FILE... */
int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (argc > 1 && atoi(argv[1]) == 0) {
        int failed = 0;
        for (int i = 1; i < argc; i++) failed |= test_file(argv[i]);
        return failed;
    }
    const unsigned times = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    if (argc > 2) state = strtoull(argv[2], NULL, 10);
    make_halves();
    test_crc();
    test_utf8();
    test_vectors();
    test_prefixes();
    test_stream();
    test_answers();
    test_refusals();
    test_typed();
    test_encoding_again();
    test_bit_flips();
    test_mutations(100000 * times);
    test_smallest(4000 * times);
    test_strings(200 * times);
    printf("  %d vectors, %lu checks\n", VectorCount, checks);
    return 0;
}
