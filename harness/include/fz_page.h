// fz_page.h: a finding as one HTML file that needs nothing else: what is wrong
// and why, lanes of the threads, locks, waits, reference counts, every step.

#ifndef FZ_PAGE_H
#define FZ_PAGE_H

#include "fz_finding.h"

// Runs the finding again. False with a reason: it does not fail in this build.
FZ_WARN_UNUSED bool FzPage_Write(const FzFinding *finding, FzBuf *out,
                                 char *why, size_t why_size);

#endif  // FZ_PAGE_H
