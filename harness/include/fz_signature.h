// fz_signature.h: what makes two failures look like one: the rule, the kind of
// object and its field, and the innermost functions of the two parties in
// alphabetical order. The text form is RULE|kind.field|function|function.
//
// Numbers, addresses and line numbers are left out: they differ between builds,
// between runs, or after an unrelated change.

#ifndef FZ_SIGNATURE_H
#define FZ_SIGNATURE_H

#include "fz_engine.h"

enum { FZ_SIGNATURE_TEXT = 400 };

typedef struct FzSignature {
    char rule[48];              // FzRule_Name(), also for sanitizers' reports
    char kind[48];              // "list", "mem", "instance"; "": unknown
    char field[32];             // of fixed layouts; "": none or unknown
    char functions[2][96];      // in alphabetical order; "": none
} FzSignature;

void FzSignature_OfViolation(const FzViolation *violation, FzSignature *out);
// From the text of a report: AddressSanitizer, UndefinedBehaviorSanitizer,
// ThreadSanitizer, libFuzzer's deadly signal, a debugger's stack after a
// signal. False: it is none of these.
FZ_WARN_UNUSED bool FzSignature_OfReport(const char *text, FzSignature *out);

void FzSignature_Print(const FzSignature *signature, char *out, size_t size);
FZ_WARN_UNUSED bool FzSignature_Parse(const char *text, FzSignature *out);
bool FzSignature_Equal(const FzSignature *a, const FzSignature *b);

// "list#17+0x20" and its like, in a message: kind and field of the first one.
void FzSignature_Subject(const char *message, char *kind, size_t kind_size,
                         char *field, size_t field_size);

#endif  // FZ_SIGNATURE_H
