/*
 * Scores a batch of made-up leads with libcurl, over TLS and HTTP/2:
 *
 *   example https://127.0.0.1:8443 certs/dev/ca.pem [MODEL]
 *
 * Asks for the model's schema once, puts each field where the schema has its column, sends the batch, and prints the
 * best of the leads. Fields are those of `leadline sample-leads`; a column that this program does not know is sent as
 * missing.
 */
#define _POSIX_C_SOURCE 199309L
#include "leadline.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { Leads = 1000, Shown = 5, ColumnsMax = 256, Attempts = 4 };

typedef struct body {
    uint8_t *bytes;
    size_t count;
} body;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "example: %s: %s\n", what, why);
    exit(1);
}
static void *memory(size_t bytes) {
    void *p = malloc(bytes);
    if (!p) fail("memory", "not enough");
    return p;
}
static size_t receive(char *from, size_t size, size_t count, void *context) {
    body *to = (body *)context;
    uint8_t *more = (uint8_t *)realloc(to->bytes, to->count + size * count + 1);
    if (!more) return 0;
    to->bytes = more;
    memcpy(more + to->count, from, size * count);
    to->count += size * count;
    more[to->count] = 0; /* for the schema, which is text */
    return size * count;
}

/* One exchange; a body of 0 bytes is a GET. The handle keeps its connection, and the next exchange uses it again. */
static CURLcode exchange(CURL *curl, const char *url, const void *bytes, size_t count, body *answer) {
    free(answer->bytes);
    memset(answer, 0, sizeof *answer);
    struct curl_slist *fields = curl_slist_append(NULL, "content-type: application/vnd.leadline.v1");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (count > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, bytes);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    }
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(fields);
    return code;
}

/* The schema: enough of JSON for names of columns, which are told in the order of a batch. Use a library for more. */
typedef struct schema {
    uint64_t fingerprint;
    uint16_t columns;
    char names[ColumnsMax][64];
} schema;
static schema read_schema(const char *json) {
    schema s;
    const char *mark = strstr(json, "\"fingerprint\":\""), *at = strstr(json, "\"columns\":[");
    memset(&s, 0, sizeof s);
    if (!mark || !at) fail("schema", json);
    s.fingerprint = strtoull(mark + 15, NULL, 16);
    int depth = 0;
    for (at += 10; *at; at++) {
        if (*at == '[' || *at == '{') {
            depth++;
        } else if (*at == ']' || *at == '}') {
            if (--depth == 0) return s;
        } else if (*at == '"') {
            const char *from = ++at;
            for (; *at && *at != '"'; at++)
                if (*at == '\\' && at[1]) at++;
            if (depth != 2 || at - from != 4 || memcmp(from, "name", 4) != 0) continue;
            const char *name = strchr(at + 1, '"'), *end = name ? strchr(name + 1, '"') : NULL;
            if (!end || end - name > 64 || s.columns == ColumnsMax) fail("schema", "more than this example holds");
            memcpy(s.names[s.columns++], name + 1, (size_t)(end - name - 1));
            at = end;
        }
    }
    fail("schema", "it ends too early");
    return s;
}

/* A lead as this program has it. */
typedef struct lead {
    const char *country, *industry, *source, *seniority;                                        /* NULL: not known */
    double employees, revenue, page_visits, pricing_visits, email_opens, downloads, form_fills; /* NaN: not known */
    double last_activity_day;                                                                   /* days since 1970 */
    int demo_requested;
} lead;
static lead make_up(uint32_t i, double today) {
    static const char *const countries[] = {"Germany", "France", "Poland", "Japan", NULL};
    static const char *const industries[] = {"Software", "Retail", "Healthcare", "Energy"};
    static const char *const sources[] = {"Webinar", "Referral", "Organic Search", "Podcast"};
    static const char *const seniorities[] = {"Specialist", "Manager", "Director", "VP", "C-level"};
    lead l;
    l.country = countries[i % 5];
    l.industry = industries[i / 3 % 4];
    l.source = sources[i / 7 % 4];
    l.seniority = seniorities[i / 2 % 5];
    l.employees = i % 11 == 0 ? ldln_missing() : 5 + i * 37 % 2000;
    l.revenue = l.employees * 120.5;
    l.page_visits = i * 13 % 30;
    l.pricing_visits = i * 5 % 7;
    l.email_opens = i * 3 % 12;
    l.downloads = i % 4;
    l.form_fills = i % 3;
    l.last_activity_day = today - i % 60;
    l.demo_requested = i % 9 == 0;
    return l;
}

/* Encodes the leads; called with no buffer first, to learn how many bytes the message takes. */
static size_t encode(const schema *s, const ldln_request *request, const lead *leads, void *to, size_t capacity) {
    static double numbers[Leads];
    static ldln_text texts[Leads];
    static uint8_t scratch[65536];
    ldln_encoder encoder;
    size_t bytes = 0;
    ldln_begin(&encoder, to, capacity, request);
    for (uint16_t c = 0; c < s->columns; c++) {
        const char *name = s->names[c];
#define NUMBERS(column, field)                                                                                         \
    if (strcmp(name, column) == 0) {                                                                                   \
        for (int i = 0; i < Leads; i++) numbers[i] = leads[i].field;                                                   \
        ldln_add_numbers(&encoder, numbers, Leads);                                                                    \
        continue;                                                                                                      \
    }
#define TEXTS(column, field)                                                                                           \
    if (strcmp(name, column) == 0) {                                                                                   \
        for (int i = 0; i < Leads; i++) {                                                                              \
            texts[i].text = leads[i].field;                                                                            \
            texts[i].bytes = leads[i].field ? strlen(leads[i].field) : 0;                                              \
        }                                                                                                              \
        ldln_add_strings(&encoder, texts, Leads, scratch, sizeof scratch, 0);                                          \
        continue;                                                                                                      \
    }
        TEXTS("country", country)
        TEXTS("industry", industry)
        TEXTS("source", source)
        TEXTS("seniority", seniority)
        NUMBERS("employees", employees)
        NUMBERS("annual_revenue_keur", revenue)
        NUMBERS("page_visits", page_visits)
        NUMBERS("pricing_visits", pricing_visits)
        NUMBERS("email_opens", email_opens)
        NUMBERS("downloads", downloads)
        NUMBERS("form_fills", form_fills)
        NUMBERS("last_activity_date", last_activity_day)
        NUMBERS("demo_requested", demo_requested)
        ldln_add_absent(&encoder);
    }
    const int result = ldln_finish(&encoder, &bytes);
    if (result != LDLN_OK && !(result == LDLN_SPACE && bytes > capacity)) fail("encoding", ldln_result_name(result));
    return bytes;
}

/* A pause that grows with each attempt and has a random part, not shorter than what the server asks for. */
static void pause_before(int attempt, uint32_t least_ms) {
    const uint32_t own = 50u << attempt, wait = (least_ms > own ? least_ms : own) + (uint32_t)rand() % own;
    const struct timespec time = {(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage", "example https://HOST:PORT ca.pem [MODEL]");
    const char *model = argc > 3 ? argv[3] : "leads";
    char url[512];
    body answer = {NULL, 0};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    if (!curl) fail("curl", "no handle");
    curl_easy_setopt(curl, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);

    snprintf(url, sizeof url, "%s/v1/models/%s/schema", argv[1], model);
    CURLcode code = exchange(curl, url, NULL, 0, &answer);
    if (code != CURLE_OK) fail(url, curl_easy_strerror(code));
    const schema schema = read_schema(answer.bytes ? (const char *)answer.bytes : "");

    static lead leads[Leads];
    const double today = (double)(time(NULL) / 86400);
    for (uint32_t i = 0; i < Leads; i++) leads[i] = make_up(i, today);
    ldln_request request = ldln_make_request(schema.fingerprint, Leads, schema.columns);
    request.request_id = 1;
    request.model.text = model;
    request.model.bytes = strlen(model);
    request.deadline_microseconds = 2000000;
    const size_t bytes = encode(&schema, &request, leads, NULL, 0);
    uint8_t *message = (uint8_t *)memory(bytes);
    encode(&schema, &request, leads, message, bytes);
    printf("%d leads in %zu bytes\n", Leads, bytes);

    snprintf(url, sizeof url, "%s/v1/score", argv[1]);
    ldln_reply reply;
    for (int attempt = 0;; attempt++) {
        ldln_header header;
        size_t needed;
        uint32_t after_ms = 0;
        code = exchange(curl, url, message, bytes, &answer);
        if (code == CURLE_OK) {
            /* The status does not matter where the body is a message. */
            int result = ldln_peek(answer.bytes ? answer.bytes : message, answer.count, LDLN_TAKES_ANSWERS, NULL,
                                   &header, &needed, NULL);
            if (result != LDLN_OK) fail("not a message", answer.bytes ? (const char *)answer.bytes : "no bytes");
            if (header.type == LDLN_REPLY) {
                result = ldln_decode_reply(answer.bytes, answer.count, NULL, &reply, NULL);
                if (result != LDLN_OK) fail("reply", ldln_result_name(result));
                break;
            }
            ldln_error error;
            result = ldln_decode_error(answer.bytes, answer.count, NULL, &error, NULL);
            if (result != LDLN_OK) fail("error message", ldln_result_name(result));
            fprintf(stderr, "example: %s: %.*s\n", ldln_result_name(error.code), (int)error.text.bytes,
                    error.text.text);
            if (!error.retryable || error.code == LDLN_DEADLINE_EXCEEDED) return 1;
            after_ms = error.retry_after_ms;
        } else {
            fprintf(stderr, "example: %s\n", curl_easy_strerror(code));
        }
        if (attempt + 1 == Attempts) return 1;
        pause_before(attempt, after_ms);
    }
    if (reply.header.request_id != request.request_id || reply.rows != Leads || reply.outputs != request.outputs)
        fail("reply", "to another request");

    printf("scored by %.*s, version %.*s\n", (int)reply.model.bytes, reply.model.text, (int)reply.version.bytes,
           reply.version.text);
    printf("%6s %6s %5s %12s  %-9s %s\n", "lead", "score", "tier", "probability", "country", "source");
    float before = 2;
    uint32_t before_row = 0;
    for (int n = 0; n < Shown; n++) { /* the best first; of equals the first */
        uint32_t best = Leads;
        for (uint32_t row = 0; row < Leads; row++) {
            const float p = ldln_probability(&reply, row);
            if (!(p < before || (p == before && row > before_row))) continue;
            if (best == Leads || p > ldln_probability(&reply, best)) best = row;
        }
        if (best == Leads) break;
        before = ldln_probability(&reply, best);
        before_row = best;
        printf("%6" PRIu32 " %6u %5u %12.6f  %-9s %s\n", best, (unsigned)ldln_score(&reply, best),
               (unsigned)ldln_tier(&reply, best), (double)before, leads[best].country ? leads[best].country : "-",
               leads[best].source);
    }
    free(message);
    free(answer.bytes);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return 0;
}
