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
// stands for a masked byte AND, which the instruction set lacks.
CV __m512i CV_keepWhere(__m512i bits, uint64_t mask, __m512i matrix) {
    return _mm512_mask_gf2p8affine_epi64_epi8(bits, mask, bits, matrix, 0);
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

// Which of 16 thresholds a value has passed: those below it, or those at most it; NaN is passed by none and passes none.
CV uint16_t CV_below(const float *thresholds, float value) {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(thresholds), _mm512_set1_ps(value), _CMP_LT_OQ);
}
CV uint16_t CV_atMost(const float *thresholds, float value) {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(thresholds), _mm512_set1_ps(value), _CMP_LE_OQ);
}

#undef CV
#endif
#endif
