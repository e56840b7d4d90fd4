// What CLanes.h writes in an instruction set's own intrinsics, over 64 bytes at a time whatever the registers: compiled
// once for each instruction set, and once with LEADLINE_WIDE_LANES, where it is plain C. LANES names this one's function.
#ifdef LANES_BY_SIMDE
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#ifndef __mmask64
#define __mmask64 simde__mmask64
#endif
#ifndef __mmask16
#define __mmask16 simde__mmask16
#endif
#ifndef __mmask8
#define __mmask8 simde__mmask8
#endif
// What SIMDe 0.7 does not have, from what it has.
#ifndef _mm512_maskz_loadu_epi8
#define _mm512_maskz_loadu_epi8(mask, from) _mm512_maskz_mov_epi8(mask, _mm512_loadu_si512(from))
#endif
static inline __m512i lanes_srai(__m512i a, int shift) {
    int32_t n[16];
    __builtin_memcpy(n, &a, 64);
    for (int i = 0; i < 16; i++) n[i] >>= shift;
    __builtin_memcpy(&a, n, 64);
    return a;
}
#define _mm512_srai_epi32(a, shift) lanes_srai(a, shift)
static inline __m512 lanes_toFloats(__m512i a) {
    int32_t n[16];
    float f[16];
    __m512 to;
    __builtin_memcpy(n, &a, 64);
    for (int i = 0; i < 16; i++) f[i] = (float)n[i];
    __builtin_memcpy(&to, f, 64);
    return to;
}
#define _mm512_cvtepi32_ps(a) lanes_toFloats(a)
static inline __m512i lanes_rounded(__m512 a) {
    int32_t n[16];
    float f[16];
    __m512i to;
    __builtin_memcpy(f, &a, 64);
    for (int i = 0; i < 16; i++) n[i] = (int32_t)__builtin_rintf(f[i]);
    __builtin_memcpy(&to, n, 64);
    return to;
}
#define _mm512_cvtps_epi32(a) lanes_rounded(a)
static inline __m512 lanes_loadSome(uint16_t mask, const float *from) {
    float f[16];
    __m512 to;
    for (int i = 0; i < 16; i++) f[i] = mask >> i & 1 ? from[i] : 0;
    __builtin_memcpy(&to, f, 64);
    return to;
}
#define _mm512_maskz_loadu_ps(mask, from) lanes_loadSome(mask, from)
#define _mm512_mask_cmp_ps_mask(mask, a, b, how) ((__mmask16)((mask) & _mm512_cmp_ps_mask(a, b, how)))
static inline __m512i lanes_widened(__m128i a) {
    uint8_t b[16];
    int32_t n[16];
    __m512i to;
    __builtin_memcpy(b, &a, 16);
    for (int i = 0; i < 16; i++) n[i] = b[i];
    __builtin_memcpy(&to, n, 64);
    return to;
}
#define _mm512_cvtepu8_epi32(a) lanes_widened(a)
static inline __m128i lanes_narrowed(__m512i a) {
    int32_t n[16];
    uint8_t b[16];
    __m128i to;
    __builtin_memcpy(n, &a, 64);
    for (int i = 0; i < 16; i++) b[i] = (uint8_t)n[i];
    __builtin_memcpy(&to, b, 16);
    return to;
}
#define _mm512_cvtepi32_epi8(a) lanes_narrowed(a)
#endif
#include <math.h>
#include <stddef.h>
#include "CLanes.h"

// in: a table of 64, three registers of a slot, 64 indices below 64, 64 bytes already cleared.
enum { Table = 0, Slot = 64, Index = 256, Cleared = 320, InputBytes = 384, OutputBytes = 192 };

// out: both lookups, and what is cleared.
void LANES(const uint8_t *in, uint8_t *out) {
    for (int at = 0; at < 64; at += CL_byteCount) {
        const CLBits index = CL_load(in + Index + at);
        CL_store(out + at, CL_lookupOf64(in + Table, index));
        CL_store(out + 64 + at, CL_lookupOf32(in + Table, index & CL_every8(0x1f1f1f1f1f1f1f1f)));
        CL_store(out + 128 + at, CL_clear(CL_load(in + Cleared + at), in + Table, in + Slot + at));
    }
}

// Values and tables for ranks and leaves; codes and sums that come of them. Tables come first, and are larger than any
// place in them.
enum { TableBytes = 4096 };
typedef struct {
    uint8_t tables[TableBytes], exits[8 * 64], order[128];
    float values[64], floats[8 * 64];
    double doubles[8 * 32];
    uint64_t offsets[8];
    CLRankLookups lookups;
    CLRankGroup group;
} Given;
typedef struct {
    uint8_t codes[64], others[64], row[2][32], table[128];
    uint64_t nan, zero;
    double doubles[64];
    float few[64], many[64];
} Taken;

#define LANES_CAT2(a, b) a##b
#define LANES_CAT(a, b) LANES_CAT2(a, b)
void LANES_CAT(LANES, Whole)(Given *in, Taken *out) {
    in->lookups.tables = in->tables;
    const CLSpecialRows special = CL_rank64(in->values, in->lookups, out->codes);
    out->nan = special.nan;
    out->zero = special.zero;
    CL_replace64(out->codes, special, 7, 9, out->others);
    CL_rank16(in->values, 1, &in->group, in->tables, in->lookups.zeroEdge, out->row[0]);
    CL_rank16(in->values, 2, &in->group, in->tables, in->lookups.zeroEdge, out->row[1]);
    CL_orderCodes(in->tables, in->order, 1, out->table);
    CLTrees trees = {(const uint8_t *)in->doubles, (const uint8_t *)in->offsets, 8, 8, 0, 64};
    CL_addOf32Doubles(out->doubles, trees, in->exits);
    trees.leaves = (const uint8_t *)in->floats;
    CL_addOfFloats(out->few, trees, in->exits, 32);
    CL_addOfFloats(out->many, trees, in->exits, 64);
}

#ifdef LANES_MAIN
#include <stdio.h>
#include <stdlib.h>

void plainLanes(const uint8_t *in, uint8_t *out);
void plainLanesWhole(Given *in, Taken *out);

static uint64_t state = 0x5eed;
static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static float value(void) {
    const uint64_t random = next();
    const float odd[] = {0, -0.0f, NAN, -NAN, INFINITY, -INFINITY, 1e-36f, -1e-35f};
    return random % 4 == 0 ? odd[random >> 8 & 7] : (float)(int64_t)next() / 1e17f;
}

// Draws all that ranks and leaves are made of.
static void draw(Given *in) {
    for (int i = 0; i < TableBytes; i++) in->tables[i] = (uint8_t)next();
    // From each base on there are keys, inside the tables.
    for (int i = 0; i < 256; i++) in->tables[i] &= 127;
    for (int i = 0; i < 8 * 64; i++) in->exits[i] = next() & 31, in->floats[i] = value() / 3;
    for (int i = 0; i < 8 * 32; i++) in->doubles[i] = value() / 3.0;
    for (int i = 0; i < 128; i++) in->order[i] = next() & 127;
    for (int i = 0; i < 64; i++) in->values[i] = value();
    for (int i = 0; i < 8; i++) in->offsets[i] = 256 * (uint64_t)i;
    in->lookups = (CLRankLookups){0, value(), 0.5f, 1e-35f, next() % 4, next() & 1, next() & 1};
    CLRankGroup *g = &in->group;
    for (int i = 0; i < 16; i++) {
        g->features[i] = i < 13 ? 5 + i : 0;
        g->low[i] = (float)(next() % 100) - 50;
        g->scale[i] = (float)(next() % 100) / 10;
        g->top[i] = (float)(next() % 100 + 16);
        g->bases[i] = next() % 128;
        g->keys[i] = 256 + next() % 128;
        g->ofNaN[i] = (uint8_t)next(), g->ofZero[i] = (uint8_t)next();
    }
    for (int i = 0; i < 32; i++) g->arrangement[i] = next() & 31;
    g->lanes = 0x1fff, g->byKey = next() & 0x1fff, g->zeroSpecial = next() & 0x1fff, g->isSideBySide = 1;
    g->compareCount = 1 + next() % 3;
}

static int compareWhole(void) {
    static Given in;
    static Taken out, plain;
    for (int turn = 0; turn < 2000; turn++) {
        draw(&in);
        for (int i = 0; i < 64; i++) out.doubles[i] = out.few[i] = out.many[i] = value();
        plain = out;
        LANES_CAT(LANES, Whole)(&in, &out);
        plainLanesWhole(&in, &plain);
        // A sum that is not a number may be any of them.
        for (int i = 0; i < 64; i++) {
            if (out.doubles[i] != out.doubles[i] && plain.doubles[i] != plain.doubles[i]) out.doubles[i] = plain.doubles[i];
            if (out.few[i] != out.few[i] && plain.few[i] != plain.few[i]) out.few[i] = plain.few[i];
            if (out.many[i] != out.many[i] && plain.many[i] != plain.many[i]) out.many[i] = plain.many[i];
        }
        const uint8_t *a = (const uint8_t *)&out, *b = (const uint8_t *)&plain;
        // Lanes without a ranker have any code.
        for (size_t i = 0; i < sizeof out; i++) {
            const size_t row = i - offsetof(Taken, row);
            if (i >= offsetof(Taken, row) && row < 64 && (in.group.arrangement[row % 32] & 15) > 12) continue;
            if (a[i] == b[i]) continue;
            fprintf(stderr, "lanes: ranks and leaves, turn %d, byte %zu: %d instead of %d\n", turn, i, a[i], b[i]);
            return 1;
        }
    }
    plain.codes[0] ^= 1;
    LANES_CAT(LANES, Whole)(&in, &out);
    return out.codes[0] == plain.codes[0] ? 2 : 0;
}

int main(void) {
    uint8_t in[InputBytes], out[OutputBytes], plain[OutputBytes];
    for (int turn = 0; turn < 2000; turn++) {
        for (int i = 0; i < InputBytes; i++) {
            const uint64_t random = next();
            in[i] = (uint8_t)random;
            if (i >= Slot && i < Slot + 64) in[i] &= 127;
            // Keys equal to the code that they are compared with, and one above it, are as frequent as others.
            if (i >= Slot + 64 && i < Slot + 128 && random >> 61 < 4)
                in[i] = (uint8_t)(in[in[i - 64] & 63] + (random >> 61) % 2);
            if (i >= Index && i < Cleared) in[i] &= 63;
        }
        LANES(in, out);
        plainLanes(in, plain);
        for (int i = 0; i < OutputBytes; i++) {
            if (out[i] == plain[i]) continue;
            fprintf(stderr, "lanes: turn %d, byte %d: %d instead of %d\n", turn, i, out[i], plain[i]);
            return 1;
        }
    }
    // An alarm that cannot ring proves nothing.
    in[Index] ^= 1;
    in[Table + in[Index]] = (uint8_t)~plain[0];
    LANES(in, out);
    if (out[0] == plain[0]) return 2;
    return compareWhole();
}
#endif
