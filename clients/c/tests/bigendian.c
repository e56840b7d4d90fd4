/*
 * The vectors on a big-endian machine, without a C library: .ci/c-client runs it emulated (aarch64_be). Decodes each
 * one, and encodes requests anew from their columns: as they were, and in the smallest form. Exits with 0, or the
 * number of the vector at fault and 1 more.
 */
#include "../leadline.h"

#include <stdbool.h>

typedef struct vector {
    const char *name;
    int type, error;
    const uint8_t *bytes;
    size_t count;
    const char *said;
} vector;

#include "vectors.inc"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_BIG_ENDIAN__
#error "this test is for big-endian machines"
#endif

void *memcpy(void *to, const void *from, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}
void *memset(void *to, int value, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = (uint8_t)value;
    return to;
}
int memcmp(const void *a, const void *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const int difference = ((const volatile uint8_t *)a)[i] - ((const uint8_t *)b)[i];
        if (difference) return difference;
    }
    return 0;
}
size_t strlen(const char *text) {
    size_t n = 0;
    while (((const volatile char *)text)[n]) n++;
    return n;
}

enum { RowsMax = 65536, ColumnsMax = 64 };
static ldln_column columns[ColumnsMax];
static double numbers[RowsMax];
static float singles[RowsMax];
static uint8_t message[1 << 16];

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names; names++)
        if (strlen(*names) == strlen(name) && memcmp(*names, name, strlen(name)) == 0) return true;
    return false;
}
/* Encodes a request of numbers anew; whether its bytes are the same. */
static bool comes_out_the_same(const vector *v, const ldln_request_view *view) {
    ldln_encoder encoder;
    size_t bytes;
    const uint32_t rows = view->request.rows;
    ldln_begin(&encoder, message, sizeof message, &view->request);
    if (view->matrix) {
        for (uint32_t i = 0; i < rows * view->request.columns; i++)
            singles[i] = ldln_matrix_value(view, i / view->request.columns, i % view->request.columns);
        ldln_add_matrix_rows(&encoder, singles, rows);
    } else {
        for (uint32_t i = 0; i < view->request.columns; i++) {
            ldln_read_numbers(columns + i, numbers);
            ldln_add_numbers(&encoder, numbers, rows);
        }
    }
    return ldln_finish(&encoder, &bytes) == LDLN_OK && bytes == v->count && memcmp(message, v->bytes, bytes) == 0;
}
/* Typed arrays in this machine's order, in the encodings that request-more-columns and request-typed-columns have. */
static bool typed_arrays(void) {
    static const int16_t i16[3] = {-300, 0, 300};
    static const uint16_t u16[3] = {65535, 0, 40000};
    static const int32_t i32[3] = {-70000, 0, 70000};
    static const int64_t i64[3] = {-1, 0, 20454 * INT64_C(86400000000)};
    static const float f32[3] = {0.5f, -2.25f, 3};
    static const double f64[3] = {0.1, 1e300, -5};
    static const double said[8][3] = {{-300, 0, 300},
                                      {65535, 0, 40000},
                                      {-70000, 0, 70000},
                                      {-1, 0, 20454 * 86400000000.0},
                                      {-1 / 86400000000.0, 0, 20454},
                                      {0.5, -2.25, 3},
                                      {0.1, 1e300, -5},
                                      {65535, 0, 0}};
    static const uint8_t first[1] = {1};
    ldln_encoder encoder;
    ldln_request_view view;
    size_t bytes;
    const ldln_request request = ldln_make_request(1, 3, 8);
    ldln_begin(&encoder, message, sizeof message, &request);
    ldln_add_i16(&encoder, i16, NULL);
    ldln_add_u16(&encoder, u16, NULL);
    ldln_add_i32(&encoder, i32, NULL);
    ldln_add_i64(&encoder, i64, NULL);
    ldln_add_microseconds(&encoder, i64, NULL);
    ldln_add_f32(&encoder, f32);
    ldln_add_f64(&encoder, f64);
    ldln_add_u16(&encoder, u16, first);
    if (ldln_finish(&encoder, &bytes) != LDLN_OK) return false;
    if (ldln_decode_request(message, bytes, NULL, &view, columns, ColumnsMax, NULL) != LDLN_OK) return false;
    for (uint32_t c = 0; c < 8; c++) {
        ldln_read_numbers(columns + c, numbers);
        for (uint32_t row = 0; row < 3; row++)
            if (c == 7 && row > 0 ? numbers[row] == numbers[row] : numbers[row] != said[c][row]) return false;
    }
    return true;
}

static int run(void) {
    static const char *const numbers_alone[] = {"request-matrix",
                                                "request-matrix-odd",
                                                "request-matrix-no-columns",
                                                "request-no-columns",
                                                "request-65536-rows",
                                                "request-8-rows",
                                                "request-9-rows",
                                                "request-extreme-numbers",
                                                "request-wide-runs",
                                                "request-longest-names",
                                                NULL};
    int same = 0;
    for (int i = 0; i < (int)(sizeof vectors / sizeof vectors[0]); i++) {
        const vector *v = vectors + i;
        ldln_request_view view;
        ldln_reply reply;
        ldln_error error;
        const int result = v->type == LDLN_REQUEST
                               ? ldln_decode_request(v->bytes, v->count, NULL, &view, columns, ColumnsMax, NULL)
                           : v->type == LDLN_REPLY ? ldln_decode_reply(v->bytes, v->count, NULL, &reply, NULL)
                                                   : ldln_decode_error(v->bytes, v->count, NULL, &error, NULL);
        if (result != v->error) return i + 1;
        if (!v->error && v->type == LDLN_REQUEST && is_one_of(v->name, numbers_alone)) {
            if (!comes_out_the_same(v, &view)) return i + 1;
            same++;
        }
    }
    if (same != 10) return 254;
    return typed_arrays() ? 0 : 255;
}

void _start(void) {
    register long status __asm__("x0") = run();
    register long call __asm__("x8") = 93; /* exit */
    __asm__ volatile("svc 0" : : "r"(status), "r"(call));
    __builtin_unreachable();
}
