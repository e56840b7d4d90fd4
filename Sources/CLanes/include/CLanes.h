#ifndef LEADLINE_CLANES_H
#define LEADLINE_CLANES_H
// The widest register of the instruction set that a module is compiled for, and what the sliced kernel does with it. One
// Swift source over this header is the kernel of every instruction set: 64 bytes with AVX-512, 32 with AVX2, 16 with
// NEON and on any other processor. Boolean work is written in the compiler's own vector operators; only table lookups
// differ.
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// LEADLINE_WIDE_LANES makes 64-byte registers of whatever the processor has: the form of AVX-512, to be tested anywhere.
// LEADLINE_LANE_BYTES takes narrower registers for rows as bits: few rows fill no more. Leaves keep the widest.
#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
#define CL_WIDEST 64
#elif defined(__AVX2__)
#define CL_WIDEST 32
#else
#define CL_WIDEST 16
#endif
#if defined(LEADLINE_LANE_BYTES)
#define CL_BYTES LEADLINE_LANE_BYTES
#else
#define CL_BYTES CL_WIDEST
#endif
enum { CL_byteCount = CL_BYTES, CL_leafByteCount = CL_WIDEST };

#define CL static inline __attribute__((always_inline))

typedef uint64_t CLBits __attribute__((vector_size(CL_BYTES)));
typedef CLBits CLUnalignedBits __attribute__((aligned(1)));
// A byte a row: exit codes, and bytes of leaves.
typedef uint64_t CLCodes __attribute__((vector_size(CL_WIDEST)));
typedef CLCodes CLUnalignedCodes __attribute__((aligned(1)));

CL CLBits CL_load(const void *from) { return *(const CLUnalignedBits *)from; }
CL void CL_store(void *to, CLBits bits) { *(CLUnalignedBits *)to = bits; }
CL CLCodes CL_loadCodes(const void *from) { return *(const CLUnalignedCodes *)from; }
CL CLBits CL_zero(void) { return (CLBits){0}; }
CL CLBits CL_ones(void) { return ~(CLBits){0}; }
CL CLBits CL_and(CLBits a, CLBits b) { return a & b; }
CL CLBits CL_or(CLBits a, CLBits b) { return a | b; }
CL CLBits CL_xor(CLBits a, CLBits b) { return a ^ b; }
CL CLBits CL_every8(uint64_t eight) { return (CLBits){0} + eight; }

CL void CL_prefetch(const void *from) { __builtin_prefetch(from); }

// A number kept between 0 and `top`; 0 for NaN. Told as instructions, or it becomes a branch that is guessed.
CL float CL_kept(float number, float top) {
#if defined(__SSE__)
    return _mm_cvtss_f32(_mm_min_ss(_mm_max_ss(_mm_set_ss(number), _mm_setzero_ps()), _mm_set_ss(top)));
#else
    float notNegative = number > 0 ? number : 0;
    return notNegative < top ? notNegative : top;
#endif
}

// Rows into columns ------------------------------------------------------------------------------------------------

typedef float CLEightFloats __attribute__((vector_size(32)));
typedef CLEightFloats CLUnalignedEightFloats __attribute__((aligned(4)));

// Turns eight rows of eight floats into eight columns; strides count floats.
CL void CL_turn(const float *rows, long rowStride, float *columns, long columnStride) {
    CLEightFloats r[8], t[8];
    for (int i = 0; i < 8; i++) r[i] = *(const CLUnalignedEightFloats *)(rows + i * rowStride);
    for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int h = 0; h < 8; h += 4) {
        r[h] = __builtin_shufflevector(t[h], t[h + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[h + 1] = __builtin_shufflevector(t[h], t[h + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        r[h + 2] = __builtin_shufflevector(t[h + 1], t[h + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        r[h + 3] = __builtin_shufflevector(t[h + 1], t[h + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (int c = 0; c < 4; c++) {
        *(CLUnalignedEightFloats *)(columns + c * columnStride) = __builtin_shufflevector(r[c], r[c + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(CLUnalignedEightFloats *)(columns + (c + 4) * columnStride) = __builtin_shufflevector(r[c], r[c + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// Codes of another column: those of the first, but one code where the key is the least. Eight rows at a time.
typedef int32_t CLEightKeys __attribute__((vector_size(32)));
typedef CLEightKeys CLUnalignedEightKeys __attribute__((aligned(4)));
typedef int8_t CLEightCodes __attribute__((vector_size(8)));
typedef CLEightCodes CLUnalignedEightCodes __attribute__((aligned(1)));
CL void CL_replaceSpecial(const uint8_t *codes, const int32_t *keys, uint8_t special, uint8_t *other) {
    const CLEightKeys least = *(const CLUnalignedEightKeys *)keys == INT32_MIN;
    const CLEightCodes is = __builtin_convertvector(least, CLEightCodes);
    const CLEightCodes code = *(const CLUnalignedEightCodes *)codes;
    *(CLUnalignedEightCodes *)other = (code & ~is) | (is & (int8_t)special);
}

// Bits across registers --------------------------------------------------------------------------------------------
//
// Eight registers are, for each byte position b, an 8 x 8 bit matrix: bit i of byte b of register j. Transposing it turns
// the codes of rows j * CL_byteCount + b into bit planes, in which register i holds bit i of all codes, and back.

#define CL_SWAP(a, b, shift, mask)            \
    {                                         \
        const CLBits t = ((a >> shift) ^ b) & mask; \
        b ^= t;                               \
        a ^= t << shift;                      \
    }

CL void CL_transpose(CLBits *r) {
    const CLBits m4 = CL_every8(0x0f0f0f0f0f0f0f0f), m2 = CL_every8(0x3333333333333333), m1 = CL_every8(0x5555555555555555);
    CL_SWAP(r[0], r[4], 4, m4) CL_SWAP(r[1], r[5], 4, m4) CL_SWAP(r[2], r[6], 4, m4) CL_SWAP(r[3], r[7], 4, m4)
    CL_SWAP(r[0], r[2], 2, m2) CL_SWAP(r[1], r[3], 2, m2) CL_SWAP(r[4], r[6], 2, m2) CL_SWAP(r[5], r[7], 2, m2)
    CL_SWAP(r[0], r[1], 1, m1) CL_SWAP(r[2], r[3], 1, m1) CL_SWAP(r[4], r[5], 1, m1) CL_SWAP(r[6], r[7], 1, m1)
}

// Eight registers of codes, one after the other, as eight bit planes, `planeStride` bytes apart.
CL void CL_slice(const uint8_t *codes, uint8_t *planes, long planeStride) {
    CLBits r[8];
    for (int i = 0; i < 8; i++) r[i] = CL_load(codes + i * CL_byteCount);
    CL_transpose(r);
    for (int i = 0; i < 8; i++) CL_store(planes + i * planeStride, r[i]);
}

// The bytes whose bits are the planes: eight registers of them.
CL void CL_unslice5(uint8_t *to, CLBits p0, CLBits p1, CLBits p2, CLBits p3, CLBits p4) {
    CLBits r[8] = {p0, p1, p2, p3, p4, CL_zero(), CL_zero(), CL_zero()};
    CL_transpose(r);
    for (int i = 0; i < 8; i++) CL_store(to + i * CL_byteCount, r[i]);
}
CL void CL_unslice8(uint8_t *to, CLBits p0, CLBits p1, CLBits p2, CLBits p3, CLBits p4, CLBits p5, CLBits p6, CLBits p7) {
    CLBits r[8] = {p0, p1, p2, p3, p4, p5, p6, p7};
    CL_transpose(r);
    for (int i = 0; i < 8; i++) CL_store(to + i * CL_byteCount, r[i]);
}

// Leaves -----------------------------------------------------------------------------------------------------------
//
// A tree of up to 64 leaves keeps each byte of its values in a table of its own, which is looked up by bytes; the bytes
// are then interleaved. Table k starts 16, 32 or 64 * k bytes after the first.

#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES) || defined(__AVX2__) || defined(__aarch64__)
enum { CL_hasLookups = 1 };
#else
enum { CL_hasLookups = 0 };
#endif

// Adds the leaves of four rows, one by one as their exit codes say, to their sums: these are loaded and stored together.
typedef float CLFourFloats __attribute__((vector_size(16)));
typedef CLFourFloats CLUnalignedFourFloats __attribute__((aligned(4)));
CL void CL_addFourFloats(float *sums, const float *leaves, const uint8_t *exits) {
    *(CLUnalignedFourFloats *)sums += (CLFourFloats){leaves[exits[0]], leaves[exits[1]], leaves[exits[2]], leaves[exits[3]]};
}
typedef double CLFourDoubles __attribute__((vector_size(32)));
typedef CLFourDoubles CLUnalignedFourDoubles __attribute__((aligned(8)));
CL void CL_addFourDoubles(double *sums, const double *leaves, const uint8_t *exits) {
    *(CLUnalignedFourDoubles *)sums += (CLFourDoubles){leaves[exits[0]], leaves[exits[1]], leaves[exits[2]], leaves[exits[3]]};
}

typedef uint8_t CLByteLanes __attribute__((vector_size(CL_leafByteCount)));

#if defined(__AVX512VBMI__)
CL CLCodes CL_lookupOf64(const uint8_t *table, CLCodes index) {
    return (CLCodes)_mm512_permutexvar_epi8((__m512i)index, _mm512_loadu_si512(table));
}
CL CLCodes CL_lookupOf32(const uint8_t *table, CLCodes index) {
    return (CLCodes)_mm512_permutexvar_epi8((__m512i)index, _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)table)));
}
#elif defined(LEADLINE_WIDE_LANES)
CL CLCodes CL_lookupOf64(const uint8_t *table, CLCodes index) {
    uint8_t bytes[CL_leafByteCount];
    *(CLUnalignedCodes *)bytes = index;
    for (int i = 0; i < CL_leafByteCount; i++) bytes[i] = table[bytes[i] & 63];
    return CL_loadCodes(bytes);
}
CL CLCodes CL_lookupOf32(const uint8_t *table, CLCodes index) { return CL_lookupOf64(table, index & 0x1f1f1f1f1f1f1f1f); }
#elif defined(__AVX2__)
CL __m256i CL_table16(const uint8_t *table) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table)); }
// An index with its highest bit set looks up 0: 0x70 more sets it from 16 on.
CL __m256i CL_only(CLCodes index, int from) {
    return _mm256_add_epi8(_mm256_xor_si256((__m256i)index, _mm256_set1_epi8((char)from)), _mm256_set1_epi8(0x70));
}
CL CLCodes CL_lookupOf32(const uint8_t *table, CLCodes index) {
    const __m256i low = _mm256_shuffle_epi8(CL_table16(table), CL_only(index, 0));
    return (CLCodes)_mm256_or_si256(low, _mm256_shuffle_epi8(CL_table16(table + 16), CL_only(index, 16)));
}
CL CLCodes CL_lookupOf64(const uint8_t *table, CLCodes index) {
    const __m256i a = _mm256_shuffle_epi8(CL_table16(table), CL_only(index, 0));
    const __m256i b = _mm256_shuffle_epi8(CL_table16(table + 16), CL_only(index, 16));
    const __m256i c = _mm256_shuffle_epi8(CL_table16(table + 32), CL_only(index, 32));
    const __m256i d = _mm256_shuffle_epi8(CL_table16(table + 48), CL_only(index, 48));
    return (CLCodes)_mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
}
#elif defined(__aarch64__)
CL CLCodes CL_lookupOf32(const uint8_t *table, CLCodes index) {
    const uint8x16x2_t tables = {{vld1q_u8(table), vld1q_u8(table + 16)}};
    return (CLCodes)vqtbl2q_u8(tables, (uint8x16_t)index);
}
CL CLCodes CL_lookupOf64(const uint8_t *table, CLCodes index) {
    const uint8x16x4_t tables = {{vld1q_u8(table), vld1q_u8(table + 16), vld1q_u8(table + 32), vld1q_u8(table + 48)}};
    return (CLCodes)vqtbl4q_u8(tables, (uint8x16_t)index);
}
#else
CL CLCodes CL_lookupOf64(const uint8_t *table, CLCodes index) { return index; }
CL CLCodes CL_lookupOf32(const uint8_t *table, CLCodes index) { return index; }
#endif

#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
#define CL_LANES4(f) f(0), f(16), f(32), f(48)
#elif defined(__AVX2__)
#define CL_LANES4(f) f(0), f(16)
#else
#define CL_LANES4(f) f(0)
#endif
#define CL_LOW8(o) o, CL_leafByteCount + o, o + 1, CL_leafByteCount + o + 1, o + 2, CL_leafByteCount + o + 2, o + 3, CL_leafByteCount + o + 3, \
    o + 4, CL_leafByteCount + o + 4, o + 5, CL_leafByteCount + o + 5, o + 6, CL_leafByteCount + o + 6, o + 7, CL_leafByteCount + o + 7
#define CL_HIGH8(o) CL_LOW8(o + 8)
#define CL_PAIR2(o, n) o + n, o + n + 1, CL_leafByteCount + o + n, CL_leafByteCount + o + n + 1
#define CL_LOW16(o) CL_PAIR2(o, 0), CL_PAIR2(o, 2), CL_PAIR2(o, 4), CL_PAIR2(o, 6)
#define CL_HIGH16(o) CL_PAIR2(o, 8), CL_PAIR2(o, 10), CL_PAIR2(o, 12), CL_PAIR2(o, 14)
#define CL_PAIR4(o, n) o + n, o + n + 1, o + n + 2, o + n + 3, CL_leafByteCount + o + n, CL_leafByteCount + o + n + 1, \
    CL_leafByteCount + o + n + 2, CL_leafByteCount + o + n + 3
#define CL_LOW32(o) CL_PAIR4(o, 0), CL_PAIR4(o, 4)
#define CL_HIGH32(o) CL_PAIR4(o, 8), CL_PAIR4(o, 12)

// Interleaving in each 16 bytes of two registers, by elements of 1, 2 and 4 bytes: their low halves, or their high ones.
#define CL_UNPACK(name, order) \
    CL CLByteLanes name(CLByteLanes a, CLByteLanes b) { return __builtin_shufflevector(a, b, CL_LANES4(order)); }
CL_UNPACK(CL_low1, CL_LOW8)
CL_UNPACK(CL_high1, CL_HIGH8)
CL_UNPACK(CL_low2, CL_LOW16)
CL_UNPACK(CL_high2, CL_HIGH16)
CL_UNPACK(CL_low4, CL_LOW32)
CL_UNPACK(CL_high4, CL_HIGH32)

// The order of indices in which interleaved values come out row by row. Interleaving works in lanes of 16 bytes, and
// register k gets elements k * n ... of every lane; so lane l must start with rows l * n ..., then those of register 1.
#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
#define CL_F4(l, k) 16 * k + 4 * l, 16 * k + 4 * l + 1, 16 * k + 4 * l + 2, 16 * k + 4 * l + 3
#define CL_FLANE(l) CL_F4(l, 0), CL_F4(l, 1), CL_F4(l, 2), CL_F4(l, 3)
#define CL_D2(l, k) 8 * k + 2 * l, 8 * k + 2 * l + 1
#define CL_DLANE(l) CL_D2(l, 0), CL_D2(l, 1), CL_D2(l, 2), CL_D2(l, 3), CL_D2(l, 4), CL_D2(l, 5), CL_D2(l, 6), CL_D2(l, 7)
#define CL_ORDER(lane) lane(0), lane(1), lane(2), lane(3)
#elif defined(__AVX2__)
#define CL_F4(l, k) 8 * k + 4 * l, 8 * k + 4 * l + 1, 8 * k + 4 * l + 2, 8 * k + 4 * l + 3
#define CL_FLANE(l) CL_F4(l, 0), CL_F4(l, 1), CL_F4(l, 2), CL_F4(l, 3)
#define CL_D2(l, k) 4 * k + 2 * l, 4 * k + 2 * l + 1
#define CL_DLANE(l) CL_D2(l, 0), CL_D2(l, 1), CL_D2(l, 2), CL_D2(l, 3), CL_D2(l, 4), CL_D2(l, 5), CL_D2(l, 6), CL_D2(l, 7)
#define CL_ORDER(lane) lane(0), lane(1)
#else
#define CL_FLANE(l) 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define CL_DLANE(l) CL_FLANE(l)
#define CL_ORDER(lane) lane(0)
#endif
CL CLCodes CL_orderForFloats(CLCodes index) {
    const CLByteLanes bytes = (CLByteLanes)index;
    return (CLCodes)__builtin_shufflevector(bytes, bytes, CL_ORDER(CL_FLANE));
}
CL CLCodes CL_orderForDoubles(CLCodes index) {
    const CLByteLanes bytes = (CLByteLanes)index;
    return (CLCodes)__builtin_shufflevector(bytes, bytes, CL_ORDER(CL_DLANE));
}

typedef float CLFloats __attribute__((vector_size(CL_leafByteCount)));
typedef double CLDoubles __attribute__((vector_size(CL_leafByteCount)));
typedef CLFloats CLUnalignedFloats __attribute__((aligned(4)));
typedef CLDoubles CLUnalignedDoubles __attribute__((aligned(8)));

// Adds the floats whose four bytes are given to a register's worth of rows times four.
CL void CL_addFloats(float *sums, CLCodes b0, CLCodes b1, CLCodes b2, CLCodes b3) {
    const CLByteLanes low01 = CL_low1((CLByteLanes)b0, (CLByteLanes)b1), high01 = CL_high1((CLByteLanes)b0, (CLByteLanes)b1);
    const CLByteLanes low23 = CL_low1((CLByteLanes)b2, (CLByteLanes)b3), high23 = CL_high1((CLByteLanes)b2, (CLByteLanes)b3);
    const CLFloats values[4] = {(CLFloats)CL_low2(low01, low23), (CLFloats)CL_high2(low01, low23),
                                (CLFloats)CL_low2(high01, high23), (CLFloats)CL_high2(high01, high23)};
    for (int i = 0; i < 4; i++) {
        CLUnalignedFloats *to = (CLUnalignedFloats *)(sums + i * (CL_leafByteCount / 4));
        *to = *to + values[i];
    }
}

CL void CL_addDoubles(double *sums, CLCodes b0, CLCodes b1, CLCodes b2, CLCodes b3, CLCodes b4, CLCodes b5, CLCodes b6, CLCodes b7) {
    const CLByteLanes pairs[2][4] = {
        {CL_low1((CLByteLanes)b0, (CLByteLanes)b1), CL_low1((CLByteLanes)b2, (CLByteLanes)b3),
         CL_low1((CLByteLanes)b4, (CLByteLanes)b5), CL_low1((CLByteLanes)b6, (CLByteLanes)b7)},
        {CL_high1((CLByteLanes)b0, (CLByteLanes)b1), CL_high1((CLByteLanes)b2, (CLByteLanes)b3),
         CL_high1((CLByteLanes)b4, (CLByteLanes)b5), CL_high1((CLByteLanes)b6, (CLByteLanes)b7)}};
    for (int half = 0; half < 2; half++) {
        const CLByteLanes *p = pairs[half];
        const CLByteLanes low03 = CL_low2(p[0], p[1]), high03 = CL_high2(p[0], p[1]);
        const CLByteLanes low47 = CL_low2(p[2], p[3]), high47 = CL_high2(p[2], p[3]);
        const CLDoubles values[4] = {(CLDoubles)CL_low4(low03, low47), (CLDoubles)CL_high4(low03, low47),
                                     (CLDoubles)CL_low4(high03, high47), (CLDoubles)CL_high4(high03, high47)};
        for (int i = 0; i < 4; i++) {
            CLUnalignedDoubles *to = (CLUnalignedDoubles *)(sums + (half * 4 + i) * (CL_leafByteCount / 8));
            *to = *to + values[i];
        }
    }
}

// Leaves in registers ----------------------------------------------------------------------------------------------
//
// With 64 bytes a register, two hold 16 doubles or 32 floats, and one instruction looks a leaf up among them by the lowest
// bits of a lane: half as many as bytes need, or a quarter. Sums of 64 rows stay in registers while trees are added.

// Whether it is so; a function, or Swift would warn of code that is never reached.
CL int CL_hasLeafRegisters(void) { return CL_WIDEST == 64; }

// Some trees: `count` of them, whose records are `stride` bytes apart and begin with where their leaves lie; `plain` bytes
// behind that are the values as they are. Their exit codes are `exitStride` apart.
typedef struct {
    const uint8_t *leaves, *records;
    long stride, count, plain, exitStride;
} CLTrees;

CL const void *CL_leavesOf(CLTrees trees, long tree) {
    return trees.leaves + *(const uint64_t *)(trees.records + tree * trees.stride) + trees.plain;
}

#if defined(__AVX512VBMI__)
// The codes of rows 8 j + i in byte j of lane i, and of rows 16 j + i for floats.
#define CL_E8(i) i, i + 8, i + 16, i + 24, i + 32, i + 40, i + 48, i + 56
#define CL_E4(i) i, i + 16, i + 32, i + 48
CL __m512i CL_codesByEight(const uint8_t *exits) {
    const CLByteLanes b = (CLByteLanes)CL_loadCodes(exits);
    return (__m512i)__builtin_shufflevector(b, b, CL_E8(0), CL_E8(1), CL_E8(2), CL_E8(3), CL_E8(4), CL_E8(5), CL_E8(6), CL_E8(7));
}
CL __m512i CL_codesByFour(const uint8_t *exits) {
    const CLByteLanes b = (CLByteLanes)CL_loadCodes(exits);
    return (__m512i)__builtin_shufflevector(b, b, CL_E4(0), CL_E4(1), CL_E4(2), CL_E4(3), CL_E4(4), CL_E4(5), CL_E4(6), CL_E4(7),
        CL_E4(8), CL_E4(9), CL_E4(10), CL_E4(11), CL_E4(12), CL_E4(13), CL_E4(14), CL_E4(15));
}

// Adds trees of up to 32 codes to the sums of 64 rows.
CL void CL_addOf32Doubles(double *sums, CLTrees trees, const uint8_t *exits) {
    __m512d s[8];
    for (int j = 0; j < 8; j++) s[j] = _mm512_loadu_pd(sums + 8 * j);
    for (long tree = 0; tree < trees.count; tree++) {
        const double *leaves = CL_leavesOf(trees, tree);
        const __m512i codes = CL_codesByEight(exits + tree * trees.exitStride);
        const __m512d a = _mm512_loadu_pd(leaves), b = _mm512_loadu_pd(leaves + 8);
        const __m512d c = _mm512_loadu_pd(leaves + 16), d = _mm512_loadu_pd(leaves + 24);
        _Pragma("unroll") for (int j = 0; j < 8; j++) {
            const __m512i index = _mm512_srli_epi64(codes, 8 * j);
            const __mmask8 isUpper = _mm512_test_epi64_mask(codes, _mm512_set1_epi64(16ll << (8 * j)));
            const __m512d low = _mm512_permutex2var_pd(a, index, b), high = _mm512_permutex2var_pd(c, index, d);
            s[j] = _mm512_add_pd(s[j], _mm512_mask_blend_pd(isUpper, low, high));
        }
    }
    for (int j = 0; j < 8; j++) _mm512_storeu_pd(sums + 8 * j, s[j]);
}

// Adds trees of up to 32 or 64 codes to the sums of 64 rows.
CL void CL_addOfFloats(float *sums, CLTrees trees, const uint8_t *exits, int codeCount) {
    __m512 s[4];
    for (int j = 0; j < 4; j++) s[j] = _mm512_loadu_ps(sums + 16 * j);
    const int upper = codeCount > 32 ? 32 : 0;
    for (long tree = 0; tree < trees.count; tree++) {
        const float *leaves = CL_leavesOf(trees, tree);
        const __m512i codes = CL_codesByFour(exits + tree * trees.exitStride);
        const __m512 a = _mm512_loadu_ps(leaves), b = _mm512_loadu_ps(leaves + 16);
        const __m512 c = _mm512_loadu_ps(leaves + upper), d = _mm512_loadu_ps(leaves + upper + 16);
        _Pragma("unroll") for (int j = 0; j < 4; j++) {
            const __m512i index = _mm512_srli_epi32(codes, 8 * j);
            __m512 leaf = _mm512_permutex2var_ps(a, index, b);
            if (codeCount > 32) {
                const __mmask16 isUpper = _mm512_test_epi32_mask(codes, _mm512_set1_epi32(32 << (8 * j)));
                leaf = _mm512_mask_blend_ps(isUpper, leaf, _mm512_permutex2var_ps(c, index, d));
            }
            s[j] = _mm512_add_ps(s[j], leaf);
        }
    }
    for (int j = 0; j < 4; j++) _mm512_storeu_ps(sums + 16 * j, s[j]);
}
#else
CL void CL_addOf32Doubles(double *sums, CLTrees trees, const uint8_t *exits) {
    for (long tree = 0; tree < trees.count; tree++) {
        const double *leaves = CL_leavesOf(trees, tree);
        for (long row = 0; row < 64; row++) sums[row] += leaves[exits[tree * trees.exitStride + row] & 31];
    }
}
CL void CL_addOfFloats(float *sums, CLTrees trees, const uint8_t *exits, int codeCount) {
    for (long tree = 0; tree < trees.count; tree++) {
        const float *leaves = CL_leavesOf(trees, tree);
        for (long row = 0; row < 64; row++) sums[row] += leaves[exits[tree * trees.exitStride + row] & (codeCount - 1)];
    }
}
#endif

// Ranks by lookups -------------------------------------------------------------------------------------------------
//
// A table of 256 bytes is four registers of 64 bytes, in which 64 rows look a byte up at once. `tables` says by bucket how
// many thresholds lie in the buckets below, and then, `compareCount` times, the four bytes of a key that is compared, a table
// each. Buckets are numbered up to 253; 254 is NaN's, and 255 zero's where that is special.

typedef struct {
    const uint8_t *tables;
    float low, scale, zeroEdge;
    uint32_t compareCount, isByKey, zeroSpecial;
} CLRankLookups;

// Rows of 64, a bit each, whose value is NaN, and those whose value is zero where that is special.
typedef struct { uint64_t nan, zero; } CLSpecialRows;

CL int CL_hasRankLookups(void) { return CL_WIDEST == 64; }

#if defined(__AVX512VBMI__)
CL __m512i CL_lookupOf256(const uint8_t *table, __m512i index, __mmask64 isUpper) {
    const __m512i low = _mm512_permutex2var_epi8(_mm512_loadu_si512(table), index, _mm512_loadu_si512(table + 64));
    const __m512i high = _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), index, _mm512_loadu_si512(table + 192));
    return _mm512_mask_blend_epi8(isUpper, low, high);
}

// Stores the codes of 64 values.
CL CLSpecialRows CL_rank64(const float *values, CLRankLookups t, uint8_t *codes) {
    const __m512 low = _mm512_set1_ps(t.low), scale = _mm512_set1_ps(t.scale), top = _mm512_set1_ps(253);
    __m512i keys[4], buckets[4];
    CLSpecialRows special = {0, 0};
    _Pragma("unroll") for (int i = 0; i < 4; i++) {
        const __m512 value = _mm512_loadu_ps(values + 16 * i);
        const __mmask16 isNaN = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
        const __m512i bits = _mm512_castps_si512(_mm512_add_ps(value, _mm512_setzero_ps()));
        const __m512i flipped = _mm512_srli_epi32(_mm512_srai_epi32(bits, 31), 1);
        keys[i] = _mm512_mask_mov_epi32(_mm512_xor_si512(bits, flipped), isNaN, _mm512_set1_epi32(INT32_MIN));
        const __m512 number = t.isByKey ? _mm512_cvtepi32_ps(keys[i]) : value;
        const __m512 scaled = _mm512_mul_ps(_mm512_sub_ps(number, low), scale);
        const __m512 inside = _mm512_min_ps(_mm512_max_ps(scaled, _mm512_setzero_ps()), top);
        const __m512i bucket = _mm512_castps_si512(_mm512_add_ps(inside, _mm512_set1_ps(8388608)));
        buckets[i] = _mm512_mask_mov_epi32(bucket, isNaN, _mm512_set1_epi32(254));
        special.nan |= (uint64_t)isNaN << (16 * i);
        if (t.zeroSpecial) {
            const __mmask16 isZero = _mm512_cmp_ps_mask(_mm512_abs_ps(value), _mm512_set1_ps(t.zeroEdge), _CMP_LE_OQ);
            buckets[i] = _mm512_mask_mov_epi32(buckets[i], isZero, _mm512_set1_epi32(255));
            special.zero |= (uint64_t)isZero << (16 * i);
        }
    }
    // The lowest bytes, in the order in which interleaved bytes come out row by row.
    const CLByteLanes b01 = __builtin_shufflevector((CLByteLanes)buckets[0], (CLByteLanes)buckets[1],
        0, 4, 8, 12, 64, 68, 72, 76, -1, -1, -1, -1, -1, -1, -1, -1, 16, 20, 24, 28, 80, 84, 88, 92, -1, -1, -1, -1, -1, -1, -1, -1,
        32, 36, 40, 44, 96, 100, 104, 108, -1, -1, -1, -1, -1, -1, -1, -1, 48, 52, 56, 60, 112, 116, 120, 124, -1, -1, -1, -1, -1, -1, -1, -1);
    const CLByteLanes b23 = __builtin_shufflevector((CLByteLanes)buckets[2], (CLByteLanes)buckets[3],
        -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, 64, 68, 72, 76, -1, -1, -1, -1, -1, -1, -1, -1, 16, 20, 24, 28, 80, 84, 88, 92,
        -1, -1, -1, -1, -1, -1, -1, -1, 32, 36, 40, 44, 96, 100, 104, 108, -1, -1, -1, -1, -1, -1, -1, -1, 48, 52, 56, 60, 112, 116, 120, 124);
    const __m512i index = _mm512_mask_blend_epi64(0xaa, (__m512i)b01, (__m512i)b23);
    const __mmask64 isUpper = _mm512_movepi8_mask(index);
    const CLByteLanes bases = (CLByteLanes)CL_lookupOf256(t.tables, index, isUpper);
    __m512i code = (__m512i)__builtin_shufflevector(bases, bases,
        0, 1, 2, 3, 16, 17, 18, 19, 32, 33, 34, 35, 48, 49, 50, 51, 4, 5, 6, 7, 20, 21, 22, 23, 36, 37, 38, 39, 52, 53, 54, 55,
        8, 9, 10, 11, 24, 25, 26, 27, 40, 41, 42, 43, 56, 57, 58, 59, 12, 13, 14, 15, 28, 29, 30, 31, 44, 45, 46, 47, 60, 61, 62, 63);
    const uint8_t *table = t.tables;
    for (uint32_t compare = 0; compare < t.compareCount; compare++) {
        const __m512i b0 = CL_lookupOf256(table + 256, index, isUpper), b1 = CL_lookupOf256(table + 512, index, isUpper);
        const __m512i b2 = CL_lookupOf256(table + 768, index, isUpper), b3 = CL_lookupOf256(table + 1024, index, isUpper);
        const __m512i low01 = _mm512_unpacklo_epi8(b0, b1), high01 = _mm512_unpackhi_epi8(b0, b1);
        const __m512i low23 = _mm512_unpacklo_epi8(b2, b3), high23 = _mm512_unpackhi_epi8(b2, b3);
        const uint64_t p0 = _mm512_cmple_epi32_mask(_mm512_unpacklo_epi16(low01, low23), keys[0]);
        const uint64_t p1 = _mm512_cmple_epi32_mask(_mm512_unpackhi_epi16(low01, low23), keys[1]);
        const uint64_t p2 = _mm512_cmple_epi32_mask(_mm512_unpacklo_epi16(high01, high23), keys[2]);
        const uint64_t p3 = _mm512_cmple_epi32_mask(_mm512_unpackhi_epi16(high01, high23), keys[3]);
        code = _mm512_mask_sub_epi8(code, p0 | p1 << 16 | p2 << 32 | p3 << 48, code, _mm512_set1_epi8(-1));
        table += 1024;
    }
    _mm512_storeu_si512(codes, code);
    return special;
}

// Codes of another column: those of the first but for special values.
CL void CL_replace64(const uint8_t *codes, CLSpecialRows special, uint8_t ofNaN, uint8_t ofZero, uint8_t *other) {
    const __m512i withNaN = _mm512_mask_mov_epi8(_mm512_loadu_si512(codes), special.nan, _mm512_set1_epi8((char)ofNaN));
    _mm512_storeu_si512(other, _mm512_mask_mov_epi8(withNaN, special.zero, _mm512_set1_epi8((char)ofZero)));
}
#else
CL CLSpecialRows CL_rank64(const float *values, CLRankLookups t, uint8_t *codes) {
    CLSpecialRows special = {0, 0};
    for (int row = 0; row < 64; row++) {
        const float value = values[row], positive = value + 0;
        int32_t key;
        memcpy(&key, &positive, sizeof key);
        key = value == value ? key ^ (key >> 31 & 0x7fffffff) : INT32_MIN;
        const float number = t.isByKey ? (float)key : value;
        uint32_t bucket = 254;
        if (value == value) {
            const float inside = CL_kept((number - t.low) * t.scale, 253) + 8388608;
            memcpy(&bucket, &inside, sizeof bucket);
            bucket &= 255;
        } else {
            special.nan |= 1ull << row;
        }
        if (t.zeroSpecial && __builtin_fabsf(value) <= t.zeroEdge) {
            bucket = 255;
            special.zero |= 1ull << row;
        }
        uint8_t code = t.tables[bucket];
        for (uint32_t compare = 0; compare < t.compareCount; compare++) {
            const uint8_t *bytes = t.tables + 256 + 1024 * compare + bucket;
            const uint32_t least = bytes[0] | bytes[256] << 8 | bytes[512] << 16 | (uint32_t)bytes[768] << 24;
            code += (int32_t)least <= key;
        }
        codes[row] = code;
    }
    return special;
}
CL void CL_replace64(const uint8_t *codes, CLSpecialRows special, uint8_t ofNaN, uint8_t ofZero, uint8_t *other) {
    for (int row = 0; row < 64; row++)
        other[row] = special.zero >> row & 1 ? ofZero : special.nan >> row & 1 ? ofNaN : codes[row];
}
#endif

// Sixteen rankers for the values of one row, a lane each: what they look up is fetched from all rankers' tables.
typedef struct {
    int32_t features[16];
    float low[16], scale[16], top[16];
    int32_t bases[16];        // places of the first columns' bases in the tables, in bytes
    int32_t keys[16];         // places of keys, in keys
    uint8_t ofNaN[16];        // codes of special values in second columns
    uint8_t ofZero[16];
    uint8_t arrangement[32];  // by column, which lane's code it takes, and 16 more for a second column
    uint32_t firstColumn;     // all columns of the rankers follow it
    uint32_t compareCount;    // the most of any
    uint16_t lanes;           // that have a ranker, a bit each; others' numbers are 0
    uint16_t byKey;
    uint16_t zeroSpecial;
    uint16_t isSideBySide;    // 1: features follow each other
} CLRankGroup;

// Stores the codes of one row in a group's columns, which lie side by side, and other bytes up to 32 in all.
//
// Values are `featureStride` apart; `tables` are those of all rankers, and there are as many keys behind each base as are
// compared.
#if defined(__AVX512VBMI__)
// A gather is slower than loads one by one.
CL __m512i CL_fetch16(const int32_t *from, __m512i places) {
    int32_t p[16] __attribute__((aligned(64)));
    _mm512_store_si512(p, places);
    return _mm512_set_epi32(from[p[15]], from[p[14]], from[p[13]], from[p[12]], from[p[11]], from[p[10]], from[p[9]], from[p[8]],
        from[p[7]], from[p[6]], from[p[5]], from[p[4]], from[p[3]], from[p[2]], from[p[1]], from[p[0]]);
}
CL __m512i CL_fetch16Bytes(const uint8_t *from, __m512i places) {
    int32_t p[16] __attribute__((aligned(64)));
    _mm512_store_si512(p, places);
    return _mm512_cvtepu8_epi32(_mm_set_epi8((char)from[p[15]], (char)from[p[14]], (char)from[p[13]], (char)from[p[12]],
        (char)from[p[11]], (char)from[p[10]], (char)from[p[9]], (char)from[p[8]], (char)from[p[7]], (char)from[p[6]],
        (char)from[p[5]], (char)from[p[4]], (char)from[p[3]], (char)from[p[2]], (char)from[p[1]], (char)from[p[0]]));
}
CL void CL_rank16(
    const float *row, int32_t featureStride, const CLRankGroup *g, const void *tables, float zeroEdge, uint8_t *codes) {
    const __mmask16 lanes = g->lanes;
    __m512 value;
    if (g->isSideBySide && featureStride == 1) {
        value = _mm512_maskz_loadu_ps(lanes, row + g->features[0]);
    } else {
        const __m512i places = _mm512_mullo_epi32(_mm512_loadu_si512(g->features), _mm512_set1_epi32(featureStride));
        value = _mm512_castsi512_ps(CL_fetch16((const int32_t *)row, places));
    }
    const __mmask16 isNaN = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    const __mmask16 isZero =
        _mm512_mask_cmp_ps_mask(g->zeroSpecial, _mm512_abs_ps(value), _mm512_set1_ps(zeroEdge), _CMP_LE_OQ);
    const __m512i bits = _mm512_castps_si512(_mm512_add_ps(value, _mm512_setzero_ps()));
    const __m512i flipped = _mm512_srli_epi32(_mm512_srai_epi32(bits, 31), 1);
    __m512i key = _mm512_mask_mov_epi32(_mm512_xor_si512(bits, flipped), isNaN, _mm512_set1_epi32(INT32_MIN));
    const __m512 number = _mm512_mask_mov_ps(value, g->byKey, _mm512_cvtepi32_ps(key));
    const __m512 top = _mm512_loadu_ps(g->top);
    const __m512 scaled = _mm512_mul_ps(_mm512_sub_ps(number, _mm512_loadu_ps(g->low)), _mm512_loadu_ps(g->scale));
    const __m512 inside = _mm512_min_ps(_mm512_max_ps(scaled, _mm512_setzero_ps()), top);
    // Special values have the two buckets after the last, and pass no key there.
    const __m512i last = _mm512_cvtps_epi32(top);
    __m512i bucket = _mm512_cvtps_epi32(inside);
    bucket = _mm512_mask_add_epi32(bucket, isNaN, last, _mm512_set1_epi32(1));
    bucket = _mm512_mask_add_epi32(bucket, isZero, last, _mm512_set1_epi32(2));
    key = _mm512_mask_mov_epi32(key, isZero, _mm512_set1_epi32(INT32_MIN));
    const __m512i base = CL_fetch16Bytes(tables, _mm512_add_epi32(_mm512_loadu_si512(g->bases), bucket));
    const __m512i first = _mm512_add_epi32(_mm512_loadu_si512(g->keys), base);
    __m512i code = base;
    for (uint32_t compare = 0; compare < g->compareCount; compare++) {
        const __m512i least = CL_fetch16((const int32_t *)tables + compare, first);
        code = _mm512_mask_sub_epi32(code, _mm512_cmple_epi32_mask(least, key), code, _mm512_set1_epi32(-1));
    }
    const __m128i firsts = _mm512_cvtepi32_epi8(code);
    __m128i seconds = _mm_mask_mov_epi8(firsts, isNaN, _mm_loadu_si128((const void *)g->ofNaN));
    seconds = _mm_mask_mov_epi8(seconds, isZero, _mm_loadu_si128((const void *)g->ofZero));
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(firsts), seconds, 1);
    _mm256_storeu_si256((void *)codes, _mm256_permutexvar_epi8(_mm256_loadu_si256((const void *)g->arrangement), both));
}
#else
CL void CL_rank16(
    const float *row, int32_t featureStride, const CLRankGroup *g, const void *tables, float zeroEdge, uint8_t *codes) {
    uint8_t both[32];
    for (int lane = 0; lane < 16; lane++) {
        const float value = g->lanes >> lane & 1 ? row[g->features[lane] * featureStride] : 0, positive = value + 0;
        int32_t key;
        memcpy(&key, &positive, sizeof key);
        const int isNaN = value != value, isZero = (g->zeroSpecial >> lane & 1) != 0 && __builtin_fabsf(value) <= zeroEdge;
        key = isNaN ? INT32_MIN : key ^ (key >> 31 & 0x7fffffff);
        const float number = g->byKey >> lane & 1 ? (float)key : value;
        const float inside = CL_kept((number - g->low[lane]) * g->scale[lane], g->top[lane]) + 8388608;
        uint32_t bucket;
        memcpy(&bucket, &inside, sizeof bucket);
        bucket &= 0xffff;
        if (isNaN) bucket = (uint32_t)g->top[lane] + 1;
        if (isZero) {
            bucket = (uint32_t)g->top[lane] + 2;
            key = INT32_MIN;
        }
        const uint8_t base = ((const uint8_t *)tables)[g->bases[lane] + (int32_t)bucket];
        const int32_t *keys = (const int32_t *)tables + g->keys[lane] + base;
        uint8_t code = base;
        for (uint32_t compare = 0; compare < g->compareCount; compare++) code += keys[compare] <= key;
        both[lane] = code;
        both[lane + 16] = isZero ? g->ofZero[lane] : isNaN ? g->ofNaN[lane] : code;
    }
    for (int place = 0; place < 32; place++) codes[place] = both[g->arrangement[place] & 31];
}
#endif

// A row's table of 64 codes, or of 128, in another order than the columns'.
#if defined(__AVX512VBMI__)
CL void CL_orderCodes(const uint8_t *codes, const uint8_t *order, int isTwice, uint8_t *table) {
    const __m512i first = _mm512_loadu_si512(codes), places = _mm512_loadu_si512(order);
    if (!isTwice) {
        _mm512_storeu_si512(table, _mm512_permutexvar_epi8(places, first));
        return;
    }
    const __m512i second = _mm512_loadu_si512(codes + 64);
    _mm512_storeu_si512(table, _mm512_permutex2var_epi8(first, places, second));
    _mm512_storeu_si512(table + 64, _mm512_permutex2var_epi8(first, _mm512_loadu_si512(order + 64), second));
}
#else
CL void CL_orderCodes(const uint8_t *codes, const uint8_t *order, int isTwice, uint8_t *table) {
    for (int place = 0; place < (isTwice ? 128 : 64); place++) table[place] = codes[order[place]];
}
#endif

#if CL_BYTES == CL_WIDEST
// Trees in lanes ---------------------------------------------------------------------------------------------------
//
// A slot is three times 64 bytes, one a tree: the place of a column among the 64 bytes of a row's table, and 64 more where
// a row is cleared that is not above the key; the key; the bits that are cleared. These functions take a register of
// them.

// Whether a row's table of 64 codes is looked up in registers.
#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES) || defined(__AVX2__) || defined(__aarch64__)
enum { CL_hasTreeLanes = 1 };
#else
enum { CL_hasTreeLanes = 0 };
#endif

#if defined(__AVX512VBMI__)
CL CLBits CL_clear(CLBits cleared, const uint8_t *table, const uint8_t *slot) {
    const __m512i columns = _mm512_loadu_si512(slot);
    const __m512i codes = _mm512_permutexvar_epi8(columns, _mm512_loadu_si512(table));
    const __mmask64 isAbove = _mm512_cmpgt_epu8_mask(codes, _mm512_loadu_si512(slot + 64));
    const __mmask64 clears = isAbove ^ _mm512_test_epi8_mask(columns, _mm512_set1_epi8(64));
    return (CLBits)_mm512_or_si512((__m512i)cleared, _mm512_maskz_loadu_epi8(clears, slot + 128));
}
#elif defined(__AVX2__) && !defined(LEADLINE_WIDE_LANES)
CL CLBits CL_clear(CLBits cleared, const uint8_t *table, const uint8_t *slot) {
    const __m256i columns = _mm256_loadu_si256((const void *)slot);
    const __m256i keys = _mm256_loadu_si256((const void *)(slot + 64));
    const __m256i bit4 = _mm256_slli_epi16(columns, 3), bit5 = _mm256_slli_epi16(columns, 2);
    const __m256i low = _mm256_blendv_epi8(_mm256_shuffle_epi8(CL_table16(table), columns),
                                           _mm256_shuffle_epi8(CL_table16(table + 16), columns), bit4);
    const __m256i high = _mm256_blendv_epi8(_mm256_shuffle_epi8(CL_table16(table + 32), columns),
                                            _mm256_shuffle_epi8(CL_table16(table + 48), columns), bit4);
    const __m256i codes = _mm256_blendv_epi8(low, high, bit5);
    const __m256i isNotAbove = _mm256_cmpeq_epi8(_mm256_min_epu8(codes, keys), codes);
    const __m256i whereNotAbove = _mm256_cmpgt_epi8(columns, _mm256_set1_epi8(63));
    const __m256i clears = _mm256_cmpeq_epi8(isNotAbove, whereNotAbove);
    return cleared | (CLBits)_mm256_and_si256(clears, _mm256_loadu_si256((const void *)(slot + 128)));
}
#elif defined(__aarch64__) && !defined(LEADLINE_WIDE_LANES)
CL CLBits CL_clear(CLBits cleared, const uint8_t *table, const uint8_t *slot) {
    const uint8x16_t columns = vld1q_u8(slot);
    const uint8x16x4_t tables = {{vld1q_u8(table), vld1q_u8(table + 16), vld1q_u8(table + 32), vld1q_u8(table + 48)}};
    const uint8x16_t codes = vqtbl4q_u8(tables, vandq_u8(columns, vdupq_n_u8(63)));
    const uint8x16_t isNotAbove = vcleq_u8(codes, vld1q_u8(slot + 64));
    const uint8x16_t clears = vceqq_u8(isNotAbove, vcgtq_u8(columns, vdupq_n_u8(63)));
    return cleared | (CLBits)vandq_u8(clears, vld1q_u8(slot + 128));
}
#else
CL CLBits CL_clear(CLBits cleared, const uint8_t *table, const uint8_t *slot) {
    uint8_t bytes[CL_byteCount];
    CL_store(bytes, cleared);
    for (int i = 0; i < CL_byteCount; i++) {
        const int isNotAbove = table[slot[i] & 63] <= slot[64 + i], whereNotAbove = slot[i] > 63;
        if (isNotAbove == whereNotAbove) bytes[i] |= slot[128 + i];
    }
    return CL_load(bytes);
}
#endif

typedef uint8_t CLLaneBytes __attribute__((vector_size(CL_byteCount)));

// Where a tree has bits that are not cleared, they are chosen, and so is their place.
CL CLBits CL_choose(CLBits chosen, CLBits cleared) {
    const CLLaneBytes kept = (CLLaneBytes)~cleared;
    return (CLBits)(((CLLaneBytes)chosen & (CLLaneBytes)(kept == 0)) | kept);
}
CL CLBits CL_choosePlace(CLBits place, CLBits cleared, uint8_t where) {
    const CLLaneBytes none = (CLLaneBytes)((CLLaneBytes)~cleared == 0);
    return (CLBits)(((CLLaneBytes)place & none) | (~none & where));
}

// Places plus the position of the lowest bit chosen, which there is.
CL CLBits CL_exits(CLBits chosen, CLBits place) {
    const CLLaneBytes bits = (CLLaneBytes)chosen;
    // The bits below the lowest, counted: pairs, then fours, then all.
    CLLaneBytes below = (bits - 1) & ~bits;
    below = below - ((below >> 1) & 0x55);
    below = (below & 0x33) + ((below >> 2) & 0x33);
    below = (below + (below >> 4)) & 0x0f;
    return (CLBits)((CLLaneBytes)place + below);
}
#endif
#endif
