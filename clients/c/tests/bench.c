/* Throughput of leadline.h on this machine: the best of several rounds. */
#define _POSIX_C_SOURCE 199309L
#include "../leadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROWS 5000
#define COLUMNS 32
enum { Rows = ROWS, Columns = COLUMNS, Rounds = 400 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
static void report(const char *what, double bytes, double best) {
    printf("  %-58s %8.2f GB/s  %7.3f ns a value\n", what, bytes / best * 1e-9, best * 1e9 / ROWS / COLUMNS);
}
#define BEST(name, bytes, ...)                                                                                         \
    do {                                                                                                               \
        double best = 1e9;                                                                                             \
        for (int round = 0; round < Rounds; round++) {                                                                 \
            const double from = seconds();                                                                             \
            __VA_ARGS__;                                                                                               \
            const double took = seconds() - from;                                                                      \
            if (took < best) best = took;                                                                              \
        }                                                                                                              \
        report(name, bytes, best);                                                                                     \
    } while (0)

static void must(int result) {
    if (result == LDLN_OK) return;
    fprintf(stderr, "bench: %s\n", ldln_result_name(result));
    exit(1);
}

int main(void) {
    const size_t capacity = 64 + Columns * (8 + (size_t)Rows * 8 + 1024);
    uint8_t *message = (uint8_t *)malloc(capacity);
    float *singles = (float *)malloc(sizeof(float) * Rows);
    double *doubles = (double *)malloc(sizeof(double) * Rows), *whole = (double *)malloc(sizeof(double) * Rows);
    double *read = (double *)malloc(sizeof(double) * Rows);
    ldln_text *strings = (ldln_text *)malloc(sizeof(ldln_text) * Rows);
    const size_t scratch_bytes = ldln_strings_scratch(Rows);
    void *scratch = malloc(scratch_bytes);
    double *volatile seen = read; /* so that reading is not left out */
    static char pool[200][16];
    if (!message || !singles || !doubles || !whole || !read || !strings || !scratch) return 1;
    uint32_t random = 1;
    for (int i = 0; i < 200; i++) snprintf(pool[i], sizeof pool[i], "level %d", i * 37);
    for (int i = 0; i < Rows; i++) {
        random = random * 1664525u + 1013904223u;
        singles[i] = (float)(random >> 8) / 1000.0f;
        doubles[i] = (double)singles[i];
        whole[i] = random >> 20;
        strings[i].text = pool[random >> 16 & 127];
        strings[i].bytes = strlen(strings[i].text);
    }
    const double single_bytes = 4.0 * ROWS * COLUMNS;
    ldln_request request = ldln_make_request(1, Rows, Columns);
    ldln_encoder encoder;
    size_t bytes = 0;
    printf("  %d columns of %d rows; GB/s of the message's own bytes\n", Columns, Rows);
#define ENCODE(call)                                                                                                   \
    must(ldln_begin(&encoder, message, capacity, &request));                                                           \
    for (int c = 0; c < Columns; c++) call;                                                                            \
    must(ldln_finish(&encoder, &bytes))
    ldln_request_view view;
    static ldln_column columns[Columns];
    BEST("encode floats (ldln_add_f32)", single_bytes, ENCODE(ldln_add_f32(&encoder, singles)));
    BEST("decode and validate them; values stay where they are", single_bytes,
         must(ldln_decode_request(message, bytes, NULL, &view, columns, Columns, NULL)));
    BEST("and read them as doubles (ldln_read_numbers)", single_bytes,
         must(ldln_decode_request(message, bytes, NULL, &view, columns, Columns, NULL));
         for (int c = 0; c < Columns; c++) ldln_read_numbers(columns + c, seen));
    request.flags = LDLN_FLAG_BODY_SUM;
    BEST("encode floats with a body sum", single_bytes, ENCODE(ldln_add_f32(&encoder, singles)));
    BEST("decode and validate them", single_bytes,
         must(ldln_decode_request(message, bytes, NULL, &view, columns, Columns, NULL)));
    request.flags = 0;
    BEST("smallest form of doubles that are floats", single_bytes, ENCODE(ldln_add_numbers(&encoder, doubles, Rows)));
    if (message[64] != LDLN_FLOAT32) return 1;
    BEST("smallest form of doubles that are whole, 0 to 4095", single_bytes / 2,
         ENCODE(ldln_add_numbers(&encoder, whole, Rows)));
    if (message[64] != LDLN_UINT16) return 1;
    BEST("strings, 128 of them", single_bytes / 4,
         ENCODE(ldln_add_strings(&encoder, strings, Rows, scratch, scratch_bytes, 0)));
    BEST("decode and validate them", single_bytes / 4,
         must(ldln_decode_request(message, bytes, NULL, &view, columns, Columns, NULL)));
    request.flags = LDLN_FLAG_MATRIX;
    float *matrix = (float *)calloc((size_t)Rows * Columns, sizeof(float));
    if (!matrix) return 1;
    BEST("encode a matrix", single_bytes, must(ldln_begin(&encoder, message, capacity, &request));
         must(ldln_add_matrix_rows(&encoder, matrix, Rows)); must(ldln_finish(&encoder, &bytes)));
    free(matrix);
    free(scratch);
    free(strings);
    free(read);
    free(whole);
    free(doubles);
    free(singles);
    free(message);
    return 0;
}
