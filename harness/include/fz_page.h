// fz_page.h: a finding as one HTML file that needs nothing else: what is wrong
// and why, lanes of the threads, locks, waits, reference counts, every step.

#ifndef FZ_PAGE_H
#define FZ_PAGE_H

#include "fz_finding.h"

// Runs the finding again. False with a reason: it does not fail in this build.
FZ_WARN_UNUSED bool FzPage_Write(const FzFinding *finding, FzBuf *out,
                                 char *why, size_t why_size);

// ---- What other pages share with it: head and style, up to <body>.
void FzPage_Begin(FzBuf *out, const char *title, const char *more_css);
void FzPage_End(FzBuf *out, const char *script);
// Text that may stand in HTML; `limit` characters of it.
void FzPage_Text(FzBuf *out, const char *text, size_t limit);

#endif  // FZ_PAGE_H
