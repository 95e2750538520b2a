// fuzz_grammar.h: Python programs from bytes, for fuzz_source.

#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include "fz_base.h"

// Any bytes are a program that CPython's parser takes. Names begin with their
// kind (i int, s str, l list, d dict), which an assignment keeps: so programs
// mostly run on, and nothing grows but by a few items with each statement.
void FuzzSource_Write(const uint8_t *data, size_t size, FzBuf *out);

#endif  // FUZZ_GRAMMAR_H
