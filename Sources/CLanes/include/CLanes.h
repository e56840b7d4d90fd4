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
#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
enum { CL_byteCount = 64 };
#elif defined(__AVX2__)
enum { CL_byteCount = 32 };
#else
enum { CL_byteCount = 16 };
#endif

#define CL static inline __attribute__((always_inline))

#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
typedef uint64_t CLBits __attribute__((vector_size(64)));
#elif defined(__AVX2__)
typedef uint64_t CLBits __attribute__((vector_size(32)));
#else
typedef uint64_t CLBits __attribute__((vector_size(16)));
#endif
typedef CLBits CLUnalignedBits __attribute__((aligned(1)));

CL CLBits CL_load(const void *from) { return *(const CLUnalignedBits *)from; }
CL void CL_store(void *to, CLBits bits) { *(CLUnalignedBits *)to = bits; }
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

typedef uint8_t CLByteLanes __attribute__((vector_size(CL_byteCount)));

#if defined(__AVX512VBMI__)
CL CLBits CL_lookupOf64(const uint8_t *table, CLBits index) {
    return (CLBits)_mm512_permutexvar_epi8((__m512i)index, _mm512_loadu_si512(table));
}
CL CLBits CL_lookupOf32(const uint8_t *table, CLBits index) {
    return (CLBits)_mm512_permutexvar_epi8((__m512i)index, _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)table)));
}
#elif defined(LEADLINE_WIDE_LANES)
CL CLBits CL_lookupOf64(const uint8_t *table, CLBits index) {
    uint8_t bytes[CL_byteCount];
    CL_store(bytes, index);
    for (int i = 0; i < CL_byteCount; i++) bytes[i] = table[bytes[i] & 63];
    return CL_load(bytes);
}
CL CLBits CL_lookupOf32(const uint8_t *table, CLBits index) { return CL_lookupOf64(table, index & CL_every8(0x1f1f1f1f1f1f1f1f)); }
#elif defined(__AVX2__)
CL __m256i CL_table16(const uint8_t *table) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table)); }
// An index with its highest bit set looks up 0: 0x70 more sets it from 16 on.
CL __m256i CL_only(CLBits index, int from) {
    return _mm256_add_epi8(_mm256_xor_si256((__m256i)index, _mm256_set1_epi8((char)from)), _mm256_set1_epi8(0x70));
}
CL CLBits CL_lookupOf32(const uint8_t *table, CLBits index) {
    const __m256i low = _mm256_shuffle_epi8(CL_table16(table), CL_only(index, 0));
    return (CLBits)_mm256_or_si256(low, _mm256_shuffle_epi8(CL_table16(table + 16), CL_only(index, 16)));
}
CL CLBits CL_lookupOf64(const uint8_t *table, CLBits index) {
    const __m256i a = _mm256_shuffle_epi8(CL_table16(table), CL_only(index, 0));
    const __m256i b = _mm256_shuffle_epi8(CL_table16(table + 16), CL_only(index, 16));
    const __m256i c = _mm256_shuffle_epi8(CL_table16(table + 32), CL_only(index, 32));
    const __m256i d = _mm256_shuffle_epi8(CL_table16(table + 48), CL_only(index, 48));
    return (CLBits)_mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
}
#elif defined(__aarch64__)
CL CLBits CL_lookupOf32(const uint8_t *table, CLBits index) {
    const uint8x16x2_t tables = {{vld1q_u8(table), vld1q_u8(table + 16)}};
    return (CLBits)vqtbl2q_u8(tables, (uint8x16_t)index);
}
CL CLBits CL_lookupOf64(const uint8_t *table, CLBits index) {
    const uint8x16x4_t tables = {{vld1q_u8(table), vld1q_u8(table + 16), vld1q_u8(table + 32), vld1q_u8(table + 48)}};
    return (CLBits)vqtbl4q_u8(tables, (uint8x16_t)index);
}
#else
CL CLBits CL_lookupOf64(const uint8_t *table, CLBits index) { return index; }
CL CLBits CL_lookupOf32(const uint8_t *table, CLBits index) { return index; }
#endif

#if defined(__AVX512VBMI__) || defined(LEADLINE_WIDE_LANES)
#define CL_LANES4(f) f(0), f(16), f(32), f(48)
#elif defined(__AVX2__)
#define CL_LANES4(f) f(0), f(16)
#else
#define CL_LANES4(f) f(0)
#endif
#define CL_LOW8(o) o, CL_byteCount + o, o + 1, CL_byteCount + o + 1, o + 2, CL_byteCount + o + 2, o + 3, CL_byteCount + o + 3, \
    o + 4, CL_byteCount + o + 4, o + 5, CL_byteCount + o + 5, o + 6, CL_byteCount + o + 6, o + 7, CL_byteCount + o + 7
#define CL_HIGH8(o) CL_LOW8(o + 8)
#define CL_PAIR2(o, n) o + n, o + n + 1, CL_byteCount + o + n, CL_byteCount + o + n + 1
#define CL_LOW16(o) CL_PAIR2(o, 0), CL_PAIR2(o, 2), CL_PAIR2(o, 4), CL_PAIR2(o, 6)
#define CL_HIGH16(o) CL_PAIR2(o, 8), CL_PAIR2(o, 10), CL_PAIR2(o, 12), CL_PAIR2(o, 14)
#define CL_PAIR4(o, n) o + n, o + n + 1, o + n + 2, o + n + 3, CL_byteCount + o + n, CL_byteCount + o + n + 1, \
    CL_byteCount + o + n + 2, CL_byteCount + o + n + 3
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
CL CLBits CL_orderForFloats(CLBits index) {
    const CLByteLanes bytes = (CLByteLanes)index;
    return (CLBits)__builtin_shufflevector(bytes, bytes, CL_ORDER(CL_FLANE));
}
CL CLBits CL_orderForDoubles(CLBits index) {
    const CLByteLanes bytes = (CLByteLanes)index;
    return (CLBits)__builtin_shufflevector(bytes, bytes, CL_ORDER(CL_DLANE));
}

typedef float CLFloats __attribute__((vector_size(CL_byteCount)));
typedef double CLDoubles __attribute__((vector_size(CL_byteCount)));
typedef CLFloats CLUnalignedFloats __attribute__((aligned(4)));
typedef CLDoubles CLUnalignedDoubles __attribute__((aligned(8)));

// Adds the floats whose four bytes are given to a register's worth of rows times four.
CL void CL_addFloats(float *sums, CLBits b0, CLBits b1, CLBits b2, CLBits b3) {
    const CLByteLanes low01 = CL_low1((CLByteLanes)b0, (CLByteLanes)b1), high01 = CL_high1((CLByteLanes)b0, (CLByteLanes)b1);
    const CLByteLanes low23 = CL_low1((CLByteLanes)b2, (CLByteLanes)b3), high23 = CL_high1((CLByteLanes)b2, (CLByteLanes)b3);
    const CLFloats values[4] = {(CLFloats)CL_low2(low01, low23), (CLFloats)CL_high2(low01, low23),
                                (CLFloats)CL_low2(high01, high23), (CLFloats)CL_high2(high01, high23)};
    for (int i = 0; i < 4; i++) {
        CLUnalignedFloats *to = (CLUnalignedFloats *)(sums + i * (CL_byteCount / 4));
        *to = *to + values[i];
    }
}

CL void CL_addDoubles(double *sums, CLBits b0, CLBits b1, CLBits b2, CLBits b3, CLBits b4, CLBits b5, CLBits b6, CLBits b7) {
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
            CLUnalignedDoubles *to = (CLUnalignedDoubles *)(sums + (half * 4 + i) * (CL_byteCount / 8));
            *to = *to + values[i];
        }
    }
}

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

// Where a tree has bits that are not cleared, they are chosen, and so is their place.
CL CLBits CL_choose(CLBits chosen, CLBits cleared) {
    const CLByteLanes kept = (CLByteLanes)~cleared;
    return (CLBits)(((CLByteLanes)chosen & (CLByteLanes)(kept == 0)) | kept);
}
CL CLBits CL_choosePlace(CLBits place, CLBits cleared, uint8_t where) {
    const CLByteLanes none = (CLByteLanes)((CLByteLanes)~cleared == 0);
    return (CLBits)(((CLByteLanes)place & none) | (~none & where));
}

// Places plus the position of the lowest bit chosen, which there is.
CL CLBits CL_exits(CLBits chosen, CLBits place) {
    const CLByteLanes bits = (CLByteLanes)chosen;
    // The bits below the lowest, counted: pairs, then fours, then all.
    CLByteLanes below = (bits - 1) & ~bits;
    below = below - ((below >> 1) & 0x55);
    below = (below & 0x33) + ((below >> 2) & 0x33);
    below = (below + (below >> 4)) & 0x0f;
    return (CLBits)((CLByteLanes)place + below);
}
#endif
