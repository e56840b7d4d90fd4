#ifndef LEADLINE_CSHIMS_PROCESSOR_H
#define LEADLINE_CSHIMS_PROCESSOR_H
#include <stdint.h>

// Vector extensions of an x86-64 processor that the operating system lets a program use: the bits of CPUID and, for
// the registers they need, of XCR0. All zero elsewhere.
typedef enum {
    CShimsProcessorAVX2 = 1 << 0,
    CShimsProcessorAVX512F = 1 << 1,
    CShimsProcessorAVX512BW = 1 << 2,
    CShimsProcessorAVX512VL = 1 << 3,
    CShimsProcessorAVX512VBMI = 1 << 4,
    CShimsProcessorAVX512DQ = 1 << 5,
} CShimsProcessorFeature;

uint32_t CShims_processorFeatures(void);

#endif
