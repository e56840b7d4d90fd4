// What CLanes.h writes in an instruction set's own intrinsics, over 64 bytes at a time whatever the registers: compiled
// once for each instruction set, and once with LEADLINE_WIDE_LANES, where it is plain C. LANES names this one's function.
#ifdef LANES_BY_SIMDE
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512/broadcast.h>
#include <simde/x86/avx512/cmpgt.h>
#include <simde/x86/avx512/loadu.h>
#include <simde/x86/avx512/mov.h>
#include <simde/x86/avx512/or.h>
#include <simde/x86/avx512/permutexvar.h>
#include <simde/x86/avx512/set1.h>
#include <simde/x86/avx512/test.h>
#ifndef __mmask64
#define __mmask64 simde__mmask64
#endif
// What SIMDe 0.7 does not have, from what it has.
#ifndef _mm512_maskz_loadu_epi8
#define _mm512_maskz_loadu_epi8(mask, from) _mm512_maskz_mov_epi8(mask, _mm512_loadu_si512(from))
#endif
#endif
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

#ifdef LANES_MAIN
#include <stdio.h>
#include <stdlib.h>

void plainLanes(const uint8_t *in, uint8_t *out);

static uint64_t state = 0x5eed;
static uint64_t next(void) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
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
    return 0;
}
#endif
