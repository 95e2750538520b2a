// sct_report.c: a violation in words: the rule, the message, and where both
// threads were. Lines of source come from llvm-symbolizer, if there is one.

#include "sct_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fz_image.h"

// "function at file:line" from the tool, for one offset in the program.
static bool
ask_symbolizer(uintptr_t offset, char *out, size_t size)
{
    char command[256];
    snprintf(command, sizeof(command),
             "FZ_SCT= llvm-symbolizer-19 -p -s --no-inlines --obj=/proc/%d/exe "
             "0x%zx 2>/dev/null", (int)getpid(), (size_t)offset);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return false;
    }
    bool told = fgets(out, (int)size, pipe) != NULL && out[0] != '?';
    pclose(pipe);
    out[strcspn(out, "\n")] = '\0';
    return told && out[0] != '\0';
}

void
FzSctReport_Place(const void *address, char *out, size_t size)
{
    // Return addresses: the call is before.
    uintptr_t pc = (uintptr_t)address - 1;
    bool inside = pc >= fz_shadow.image && pc < fz_shadow.image_end;
    if (inside && ask_symbolizer(pc - fz_shadow.image, out, size)) {
        return;
    }
    const char *name = FzImage_FunctionAt(pc);
    snprintf(out, size, "%s (+0x%zx)", name != NULL ? name : "?",
             (size_t)FzImage_Offset(pc));
}

const char *
FzSct_Name(const void *addr, char *buf, size_t size)
{
    size_t offset;
    const char *name = FzImage_VariableAt((uintptr_t)addr, &offset);
    return name == NULL ? FzEngine_NameAddress(addr, buf, size)
                        : FzImage_PrintPlace(name, offset, buf, size);
}

static void
print_stack(FzBuf *out, uint32_t thread, void *const *stack)
{
    FzBuf_Printf(out, "  thread %u:\n", thread);
    for (size_t i = 0; i < FZ_MAX_STACK && stack[i] != NULL; i++) {
        uintptr_t pc = (uintptr_t)stack[i] - 1;
        if (FzSctImage_IsSystem(pc)) {
            continue;
        }
        char place[512];
        FzSctReport_Place(stack[i], place, sizeof(place));
        FzBuf_Printf(out, "    %s\n", place);
    }
}

void
FzSctReport_Text(const FzRun *run, FzBuf *out)
{
    for (uint32_t v = 0; v < run->nviolations; v++) {
        const FzViolation *violation = &run->violations[v];
        FzBuf_Printf(out, "%s: %s\n  at point %llu of thread %u, after %llu "
                     "switches\n", FzRule_Name(violation->rule),
                     violation->message, (unsigned long long)violation->step,
                     violation->thread, (unsigned long long)run->switches);
        print_stack(out, violation->thread, violation->stack);
        if (violation->other_stack[0] != NULL) {
            print_stack(out, violation->other_thread, violation->other_stack);
        }
    }
}
