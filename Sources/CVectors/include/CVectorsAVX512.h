#ifndef LEADLINE_CVECTORS_AVX512_H
#define LEADLINE_CVECTORS_AVX512_H
// AVX-512 instructions for Swift, which cannot see those that the compiler's own header makes of macros. Each function
// is one instruction or two, so that the Swift that calls them reads as the machine code it becomes. Only a target
// compiled for these instructions may call them.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define CV \
    static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512bitalg,gfni")))

typedef __m512i CVBytes;

// Loads and broadcasts; a broadcast of four or eight bytes from memory costs no more than the load.
CV __m512i CV_load(const void *from) { return _mm512_loadu_si512(from); }
CV void CV_store(void *to, __m512i bytes) { _mm512_storeu_si512(to, bytes); }
CV __m512i CV_ones(void) { return _mm512_set1_epi64(-1); }
CV __m512i CV_zero(void) { return _mm512_setzero_si512(); }
CV __m512i CV_every4(uint32_t four) { return _mm512_set1_epi32((int)four); }
CV __m512i CV_every8(uint64_t eight) { return _mm512_set1_epi64((long long)eight); }
CV __m512i CV_every1(uint8_t one) { return _mm512_set1_epi8((char)one); }

// Comparisons of 64 unsigned bytes.
CV uint64_t CV_above(__m512i codes, __m512i keys) { return _mm512_cmpgt_epu8_mask(codes, keys); }
CV uint64_t CV_notAbove(__m512i codes, __m512i keys) { return _mm512_cmple_epu8_mask(codes, keys); }
// Bit `code & 63` of the set, for each byte's code.
CV uint64_t CV_member(__m512i set, __m512i codes) { return _mm512_bitshuffle_epi64_mask(set, codes); }
CV uint64_t CV_nonzero(__m512i bytes) { return _mm512_test_epi8_mask(bytes, bytes); }

// Multiplies bits by an 8 × 8 bit matrix where the mask is set: with a diagonal matrix, keeps the diagonal's bits. It
// stands for a masked byte AND, which the instruction set lacks. Written out, because the compiler likes to make a
// product, a masked move and a copy of it.
CV __m512i CV_keepWhere(__m512i bits, uint64_t mask, __m512i matrix) {
    __asm__("vgf2p8affineqb $0, %2, %0, %0 %{%1%}" : "+v"(bits) : "Yk"((__mmask64)mask), "v"(matrix));
    return bits;
}
CV __m512i CV_selectWhere(__m512i otherwise, uint64_t mask, __m512i bytes) {
    return _mm512_mask_mov_epi8(otherwise, mask, bytes);
}
CV __m512i CV_and(__m512i a, __m512i b) { return _mm512_and_si512(a, b); }
CV __m512i CV_or(__m512i a, __m512i b) { return _mm512_or_si512(a, b); }
CV __m512i CV_add1(__m512i a, __m512i b) { return _mm512_add_epi8(a, b); }
// Position of each byte's lowest set bit; 8 for 0.
CV __m512i CV_trailingZeros1(__m512i bytes) {
    return _mm512_popcnt_epi8(_mm512_andnot_si512(bytes, _mm512_add_epi8(bytes, _mm512_set1_epi8(-1))));
}
CV __m512i CV_shiftRight4(__m512i words, uint32_t bits) { return _mm512_srli_epi32(words, bits); }
CV __m512i CV_shiftLeft4(__m512i words, uint32_t bits) { return _mm512_slli_epi32(words, bits); }

// Tables of 16 or 32 four-byte entries in registers; only an index's low four or five bits count.
CV __m512i CV_lookup16(__m512i index, __m512i table) { return _mm512_permutexvar_epi32(index, table); }
CV __m512i CV_lookup32(__m512i index, __m512i low, __m512i high) { return _mm512_permutex2var_epi32(low, index, high); }
CV uint16_t CV_bit4(__m512i words, __m512i bit) { return _mm512_test_epi32_mask(words, bit); }
CV __m512i CV_select4(__m512i otherwise, uint16_t mask, __m512i words) {
    return _mm512_mask_mov_epi32(otherwise, mask, words);
}
CV __m512i CV_interleaveLow4(__m512i low, __m512i high) { return _mm512_unpacklo_epi32(low, high); }
CV __m512i CV_interleaveHigh4(__m512i low, __m512i high) { return _mm512_unpackhi_epi32(low, high); }

// Tables of 64 or 128 bytes; only an index's low six or seven bits count.
CV __m512i CV_lookupBytes64(__m512i index, __m512i table) { return _mm512_permutexvar_epi8(index, table); }
CV __m512i CV_lookupBytes128(__m512i index, __m512i low, __m512i high) {
    return _mm512_permutex2var_epi8(low, index, high);
}
// Which bytes have their highest bit set.
CV uint64_t CV_highBits1(__m512i bytes) { return _mm512_movepi8_mask(bytes); }
// The bytes where the mask is set, 0 elsewhere.
CV __m512i CV_where1(uint64_t mask, __m512i bytes) { return _mm512_maskz_mov_epi8(mask, bytes); }
CV __m512i CV_not(__m512i bytes) { return _mm512_ternarylogic_epi64(bytes, bytes, bytes, 0x0f); }

// Sums in memory.
CV void CV_addFloats(float *sums, __m512i values) {
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), _mm512_castsi512_ps(values)));
}
CV void CV_addDoubles(double *sums, __m512i values) {
    _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), _mm512_castsi512_pd(values)));
}

// Leaves from memory, for tables too large for registers.
CV __m512i CV_gather4(const float *table, __m512i index) {
    return _mm512_castps_si512(_mm512_i32gather_ps(index, table, 4));
}
// The eight doubles for words 0, 1, 4, 5, 8, 9, 12, 13 (first) or 2, 3, 6, 7, ... (second) of the index: the order in
// which interleaving leaves them.
CV __m512i CV_gather8First(const double *table, __m512i index) {
    const __m512i order = _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_castpd_si512(
        _mm512_i32gather_pd(_mm512_castsi512_si256(_mm512_permutexvar_epi32(order, index)), table, 8));
}
CV __m512i CV_gather8Second(const double *table, __m512i index) {
    const __m512i order = _mm512_setr_epi32(2, 3, 6, 7, 10, 11, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_castpd_si512(
        _mm512_i32gather_pd(_mm512_castsi512_si256(_mm512_permutexvar_epi32(order, index)), table, 8));
}

// Ranking: comparisons of floats are false for NaN, unless they say otherwise.
// Which of 16 thresholds a value has passed: those below it, or those at most it.
CV uint16_t CV_below(const float *thresholds, uint32_t value) {
    const __m512 values = _mm512_castsi512_ps(_mm512_set1_epi32((int)value));
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(thresholds), values, _CMP_LT_OQ);
}
CV uint16_t CV_atMost(const float *thresholds, uint32_t value) {
    const __m512 values = _mm512_castsi512_ps(_mm512_set1_epi32((int)value));
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(thresholds), values, _CMP_LE_OQ);
}
// The same for 16 values, each with a threshold of its own.
CV uint16_t CV_below4(__m512i thresholds, __m512i values) {
    return _mm512_cmp_ps_mask(_mm512_castsi512_ps(thresholds), _mm512_castsi512_ps(values), _CMP_LT_OQ);
}
CV uint16_t CV_atMost4(__m512i thresholds, __m512i values) {
    return _mm512_cmp_ps_mask(_mm512_castsi512_ps(thresholds), _mm512_castsi512_ps(values), _CMP_LE_OQ);
}
CV uint16_t CV_isNaN4(__m512i values) {
    return _mm512_cmp_ps_mask(_mm512_castsi512_ps(values), _mm512_castsi512_ps(values), _CMP_UNORD_Q);
}
// NaN, or at most `edge` in size.
CV uint16_t CV_isNaNOrWithin4(__m512i values, float edge) {
    return _mm512_cmp_ps_mask(_mm512_abs_ps(_mm512_castsi512_ps(values)), _mm512_set1_ps(edge), _CMP_NGT_UQ);
}
CV __m512i CV_loadSome4(const void *from, uint16_t mask) { return _mm512_maskz_loadu_epi32(mask, from); }
CV __m512i CV_setWhere4(__m512i words, uint16_t mask, __m512i bits) {
    return _mm512_mask_or_epi32(words, mask, words, bits);
}
// The low bytes of 16 words.
CV void CV_storeLowBytes4(void *to, __m512i words) { _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(words)); }
// Multiplies the bits of each byte by an 8 × 8 bit matrix.
CV __m512i CV_product1(__m512i bytes, __m512i matrix) { return _mm512_gf2p8affine_epi64_epi8(bytes, matrix, 0); }

// Turns 16 rows of 16 words into 16 columns: column c is stored 64 * c words after the first. `rows` are 16 places;
// words outside the mask are read as 0.
CV void CV_transpose16(const uint32_t *const *rows, uint16_t mask, uint32_t *to) {
    __m512i r[16], t[16];
    for (int i = 0; i < 16; i++) r[i] = _mm512_maskz_loadu_epi32(mask, rows[i]);
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // Lane l of r[4q + c] now holds rows 4q ... 4q + 3 of column 4l + c.
    for (int c = 0; c < 4; c++) {
        const __m512i low01 = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x44), high01 = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xee);
        const __m512i low23 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x44);
        const __m512i high23 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xee);
        _mm512_storeu_si512(to + 64 * c, _mm512_shuffle_i32x4(low01, low23, 0x88));
        _mm512_storeu_si512(to + 64 * (c + 4), _mm512_shuffle_i32x4(low01, low23, 0xdd));
        _mm512_storeu_si512(to + 64 * (c + 8), _mm512_shuffle_i32x4(high01, high23, 0x88));
        _mm512_storeu_si512(to + 64 * (c + 12), _mm512_shuffle_i32x4(high01, high23, 0xdd));
    }
}

#undef CV
#endif
#endif
