#include "CShimsProcessor.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t extendedControlRegister(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint32_t bitIf(uint32_t word, int bit, uint32_t feature) {
    return word >> bit & 1 ? feature : 0;
}

uint32_t CShims_processorFeatures(void) {
    uint32_t a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const int savesExtendedState = c >> 27 & 1;
    if (!savesExtendedState) return features;
    const uint64_t saved = extendedControlRegister();
    const uint64_t ymm = 0x6, zmm = 0xe6;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
    if ((saved & ymm) == ymm) features |= bitIf(b, 5, CShimsProcessorAVX2);
    if ((saved & zmm) == zmm) {
        features |= bitIf(b, 16, CShimsProcessorAVX512F);
        features |= bitIf(b, 17, CShimsProcessorAVX512DQ);
        features |= bitIf(b, 30, CShimsProcessorAVX512BW);
        features |= bitIf(b, 31, CShimsProcessorAVX512VL);
        features |= bitIf(c, 1, CShimsProcessorAVX512VBMI);
    }
    return features;
}
#else
uint32_t CShims_processorFeatures(void) { return 0; }
#endif
