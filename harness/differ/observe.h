// observe.h: what a program is seen to do on this build, as text. reference.py
// writes the same of CPython.

#ifndef FZ_DIFFER_OBSERVE_H
#define FZ_DIFFER_OBSERVE_H

#include "fz_base.h"
#include "rt_object.h"

// Appends to `out` from here on, with texts of exceptions or without.
void FzObserve_Begin(FzBuf *out, bool messages);
// Adds caught() and seen() to the globals of the program. 0, or -1.
int FzObserve_AddNames(RtObject *globals);
// `name = value`.
void FzObserve_Final(const char *name, RtObject *value);
// An exception that left the program; takes the reference.
void FzObserve_Escaped(RtObject *exc);
void FzObserve_Output(const char *bytes, size_t length);
void FzObserve_Message(const char *bytes, size_t length);

#endif  // FZ_DIFFER_OBSERVE_H
