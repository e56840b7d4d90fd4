#ifndef LEADLINE_CRC32C_H
#define LEADLINE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, RFC 3720 appendix B.4): reflected polynomial 0x82F63B78, initial value and final XOR all ones.
// Both continue from `crc`, the checksum of what came before (0 for nothing).

// By table; runs anywhere.
uint32_t leadline_crc32c_table(uint32_t crc, const void *bytes, size_t count);

// By the processor's instruction where it has one, otherwise by table.
uint32_t leadline_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
