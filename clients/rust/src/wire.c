/* leadline.h as functions that another language can link, with plain arguments. */
#include "leadline.h"

/* One column: kind 0 is absent, 1 numbers (rows doubles, NaN is missing), 2 strings (rows texts, NULL is missing). */
typedef struct wire_column {
    int kind;
    const double *numbers;
    const ldln_text *strings;
} wire_column;

size_t wire_scratch_bytes(uint32_t rows) { return ldln_strings_scratch(rows); }

/* The whole request; with capacity 0 it is measured. scratch: wire_scratch_bytes, if there are strings. */
int wire_encode(uint64_t fingerprint, uint64_t request_id, uint32_t rows, uint32_t outputs, uint32_t deadline_us,
                ldln_text model, const wire_column *columns, uint16_t count, void *scratch, size_t scratch_bytes,
                void *to, size_t capacity, size_t *bytes) {
    ldln_encoder encoder;
    ldln_request request = ldln_make_request(fingerprint, rows, count);
    request.request_id = request_id;
    request.outputs = outputs;
    request.deadline_microseconds = deadline_us;
    request.model = model;
    ldln_begin(&encoder, to, capacity, &request);
    for (uint16_t i = 0; i < count; i++) {
        if (columns[i].kind == 1) ldln_add_numbers(&encoder, columns[i].numbers, rows);
        else if (columns[i].kind == 2) ldln_add_strings(&encoder, columns[i].strings, rows, scratch, scratch_bytes, 0);
        else ldln_add_absent(&encoder);
    }
    return ldln_finish(&encoder, bytes);
}

/* What the message at the front of a stream is; LDLN_MORE (256) tells the bytes needed. */
int wire_peek(const void *bytes, size_t count, int *type, size_t *needed) {
    ldln_header header;
    const int result = ldln_peek(bytes, count, LDLN_TAKES_ANSWERS, NULL, &header, needed, NULL);
    *type = header.type;
    return result;
}

typedef struct wire_reply {
    uint64_t request_id, epoch;
    uint32_t rows, outputs;
    ldln_text model, version;
} wire_reply;

/* Reads a reply whole; texts point into the message. Columns are copied where there is room (NULL: not wanted). */
int wire_reply_read(const void *bytes, size_t count, wire_reply *to, float *probabilities, uint8_t *scores,
                    uint8_t *tiers, uint8_t *statuses, uint32_t room) {
    ldln_reply reply;
    const int result = ldln_decode_reply(bytes, count, NULL, &reply, NULL);
    if (result != LDLN_OK) return result;
    to->request_id = reply.header.request_id;
    to->epoch = reply.epoch;
    to->rows = reply.rows;
    to->outputs = reply.outputs;
    to->model = reply.model;
    to->version = reply.version;
    for (uint32_t row = 0; row < reply.rows && row < room; row++) {
        if (probabilities) probabilities[row] = ldln_probability(&reply, row);
        if (scores) scores[row] = ldln_score(&reply, row);
        if (tiers) tiers[row] = ldln_tier(&reply, row);
        if (statuses) statuses[row] = ldln_row_status(&reply, row);
    }
    return LDLN_OK;
}

int wire_error_read(const void *bytes, size_t count, int *code, int *retryable, uint32_t *after_ms, ldln_text *text) {
    ldln_error error;
    const int result = ldln_decode_error(bytes, count, NULL, &error, NULL);
    if (result != LDLN_OK) return result;
    *code = error.code;
    *retryable = error.retryable;
    *after_ms = error.retry_after_ms;
    *text = error.text;
    return LDLN_OK;
}

const char *wire_result_name(int result) { return ldln_result_name(result); }
