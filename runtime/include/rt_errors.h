// rt_errors.h: the raised exception of the attached thread state (vm/errors.c).

#ifndef RT_ERRORS_H
#define RT_ERRORS_H

#include "rt_object.h"

// Raises type(message). Any exception already set is replaced.
void RtErr_SetString(RtTypeObject *type, const char *message);
void RtErr_Format(RtTypeObject *type, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void RtErr_SetObject(RtTypeObject *type, RtObject *value);      // type(value)
void RtErr_SetNone(RtTypeObject *type);
void *RtErr_NoMemory(void);                     // raises MemoryError; NULL
RtTypeObject *RtErr_Occurred(void);             // borrowed type, or NULL
void RtErr_Clear(void);
// The exception that is being handled becomes the context of exc.
void RtErr_SetContext(RtObject *exc);
// Takes the raised exception out of the thread state (new reference or NULL).
RtObject *RtErr_GetRaisedException(void);
void RtErr_SetRaisedException(RtObject *exc);   // steals; NULL clears
int RtErr_ExceptionMatches(RtTypeObject *type);
// Reports the exception that is raised, which cannot be propagated (from
// __del__), and clears it.
void RtErr_WriteUnraisable(RtObject *context);
// The text that CPython prints of an exception that nobody handles: tracebacks,
// what it was raised from, what was handled meanwhile. New reference.
RtObject *RtErr_FormatTraceback(RtObject *exc);
// Writes it as a message. Keeps what is raised.
void RtErr_Print(RtObject *exc);
// "TypeName: message", or "TypeName" if str(exc) is empty.
RtObject *RtErr_FormatException(RtObject *exc);
// Makes the MemoryError that is raised when nothing can be allocated. Start-up
// only. 0, or -1.
int RtErr_Init(void);
_Noreturn void Rt_FatalError(const char *func, const char *message);

#endif  // RT_ERRORS_H
