// fz_base.h: what every part of the harness uses: status, random numbers,
// byte buffers, hashing. No global state.

#ifndef FZ_BASE_H
#define FZ_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FZ_WARN_UNUSED __attribute__((warn_unused_result))

// Always on: a broken invariant of the harness itself. Prints and aborts.
_Noreturn void fz_assert_failed(const char *condition, const char *file,
                                int line);
#define FZ_ASSERT(condition) \
    do { \
        if (!(condition)) { \
            fz_assert_failed(#condition, __FILE__, __LINE__); \
        } \
    } while (0)

// ---- Random numbers: xoshiro256**, seeded by splitmix64; no floats.
typedef struct FzRng {
    uint64_t s[4];
} FzRng;
void FzRng_Seed(FzRng *rng, uint64_t seed);
static inline uint64_t
FzRng_Next(FzRng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = s[1] * 5;
    result = (result << 7 | result >> 57) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

// In [0, bound); bound > 0. The bias of this multiply-shift is below 2^-32.
static inline uint32_t
FzRng_Below(FzRng *rng, uint32_t bound)
{
    FZ_ASSERT(bound > 0);
    return (uint32_t)((FzRng_Next(rng) >> 32) * bound >> 32);
}

typedef struct FzRatio {
    uint32_t numerator, denominator;
} FzRatio;
bool FzRng_Chance(FzRng *rng, FzRatio ratio);

// ---- Growing byte buffer. Out of memory aborts (harness memory is not what
// is tested).
typedef struct FzBuf {
    uint8_t *data;
    size_t size;
    size_t capacity;
} FzBuf;
void FzBuf_Free(FzBuf *buf);
void FzBuf_Clear(FzBuf *buf);
void FzBuf_Append(FzBuf *buf, const void *bytes, size_t n);
void FzBuf_AppendByte(FzBuf *buf, uint8_t byte);
// A character of text in HTML or XML.
void FzBuf_AppendMarkup(FzBuf *buf, char c);
void FzBuf_Printf(FzBuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Appends a JSON string literal.
void FzBuf_JsonString(FzBuf *buf, const char *text);
const char *FzBuf_CString(FzBuf *buf);  // NUL-terminated, not counted in size

// ---- 64-bit hash of bytes, the same on every machine (FNV-1a then mixed).
uint64_t FzHash_Bytes(const void *bytes, size_t n);
static inline uint64_t
FzHash_Mix(uint64_t h, uint64_t value)
{
    h ^= value + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
}

// ---- Whole files. False with a one-line reason in `why` (may be NULL).
FZ_WARN_UNUSED bool FzFile_Read(const char *path, FzBuf *out, char *why,
                                size_t why_size);
// Writes a temporary file beside it and renames it: never a half file.
FZ_WARN_UNUSED bool FzFile_Write(const char *path, const void *bytes, size_t n,
                                 char *why, size_t why_size);

#endif  // FZ_BASE_H
