// report.c: what was found, for people: the verdict, the program line of each
// party, the stacks, and the command that replays it.

#include <string.h>

#include "fz_exec.h"
#include "fz_finding.h"
#include "fz_signature.h"

static void
print_stack(void *const *stack, FzBuf *out)
{
    for (int i = 0; i < FZ_MAX_STACK && stack[i] != NULL; i++) {
        char name[600];
        FzSymbol_Name(stack[i], name, sizeof(name));
        FzBuf_Printf(out, "    #%-2d %s\n", i, name);
    }
}

static void
print_violation(const FzViolation *v, FzBuf *out)
{
    FzBuf_Printf(out, "%s: %s\n", FzRule_Name(v->rule),
                 FzRule_Sentence(v->rule));
    FzBuf_Printf(out, "  %s\n", v->message);
    FzBuf_Printf(out, "  oracle %s, seen by thread %u at step %llu\n",
                 FzRule_Oracle(v->rule), v->thread,
                 (unsigned long long)v->step);
    FzBuf_Printf(out, "  thread %u:\n", v->thread);
    print_stack(v->stack, out);
    if (v->other_thread != UINT32_MAX && v->other_stack[0] != NULL) {
        FzBuf_Printf(out, "  thread %u:\n", v->other_thread);
        print_stack(v->other_stack, out);
    }
}

void
FzReport_Text(const FzInput *input, const FzRun *run, FzBuf *out)
{
    for (uint32_t i = 0; i < run->nviolations; i++) {
        print_violation(&run->violations[i], out);
    }
    FzBuf_Printf(out,
                 "build %s, schedule seed 0x%llx, %llu steps, %llu switches, "
                 "%u threads, trace %016llx\n",
                 FzExec_BuildName(), (unsigned long long)input->seed,
                 (unsigned long long)run->steps,
                 (unsigned long long)run->switches, run->nthreads,
                 (unsigned long long)run->trace_hash);
}

void
FzReport_Summary(const char *report, char *out, size_t size)
{
    const char *at = strstr(report, "SUMMARY: ");
    at = at != NULL ? at + strlen("SUMMARY: ") : report;
    snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
}

void
FzFinding_Signature(const FzViolation *violation, char *out, size_t size)
{
    FzSignature signature;
    FzSignature_OfViolation(violation, &signature);
    FzSignature_Print(&signature, out, size);
}
