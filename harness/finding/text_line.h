// text_line.h: lines "name value" of the text forms of inputs and regressions.

#ifndef FZ_TEXT_LINE_H
#define FZ_TEXT_LINE_H

#include "fz_base.h"

enum { FZ_TEXT_LINE = 1200 };   // of the longest line, with its end

// The next line of *text without its end, cut to FZ_TEXT_LINE; moves *text
// behind it and counts it. False at the end of the text.
bool FzTextLine_Next(const char **text, unsigned *number, char *line);
// Whether the line is `name` and a value, which is copied to `out`. False too
// if it is longer than `size` allows.
bool FzTextLine_Word(const char *line, const char *name, char *out,
                     size_t size);
// The same for a decimal number from low to high.
bool FzTextLine_Number(const char *line, const char *name, int64_t low,
                       int64_t high, int64_t *out);
// "line N: what" in `why`; returns false.
bool FzTextLine_Refuse(char *why, size_t why_size, unsigned line,
                       const char *what);

#endif  // FZ_TEXT_LINE_H
