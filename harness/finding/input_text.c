// input_text.c: an input by names, for seeds: it is read by people and survives
// changes of the binary form.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fz_finding.h"
#include "text_line.h"

static const char first_line[] = "ftfuzz input 1";

bool
FzInputText_IsText(const void *bytes, size_t n)
{
    return n >= sizeof(first_line) - 1 &&
           memcmp(bytes, first_line, sizeof(first_line) - 1) == 0;
}

void
FzInputText_Print(const FzInput *input, const char *idea, FzBuf *out)
{
    FzBuf_Printf(out, "%s\n", first_line);
    if (idea != NULL) {
        FzBuf_Printf(out, "# %s\n", idea);
    }
    FzBuf_Printf(out, "seed %" PRIu64 "\nstrategy %u\n", input->seed,
                 input->strategy);
    if (input->fail_allocation != 0) {
        FzBuf_Printf(out, "fail-allocation %u\n", input->fail_allocation);
    }
    for (size_t i = 0; i < input->noverrides; i++) {
        FzBuf_Printf(out, "%s%02x", i == 0 ? "overrides " : "",
                     input->overrides[i]);
    }
    FzBuf_Printf(out, "%sprogram\n", input->noverrides > 0 ? "\n" : "");
    FzProgram_PrintText(&input->program, out);
}

static bool
take_seed(const char *line, uint64_t *seed)
{
    char text[32], *end;
    if (!FzTextLine_Word(line, "seed", text, sizeof(text))) {
        return false;
    }
    *seed = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static int
digit_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static bool
take_overrides(const char *line, FzInput *input)
{
    char text[2 * sizeof(input->overrides) + 1];
    if (!FzTextLine_Word(line, "overrides", text, sizeof(text))) {
        return false;
    }
    size_t n = strlen(text);
    for (size_t i = 0; i + 1 < n; i += 2) {
        int high = digit_of(text[i]), low = digit_of(text[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        input->overrides[i / 2] = (uint8_t)(high << 4 | low);
    }
    input->noverrides = n / 2;
    return n % 2 == 0;
}

static bool
take_member(FzInput *input, const char *line)
{
    int64_t number;
    if (FzTextLine_Number(line, "strategy", 0, UINT8_MAX, &number)) {
        input->strategy = (uint8_t)number;
        return true;
    }
    if (FzTextLine_Number(line, "fail-allocation", 0, UINT16_MAX, &number)) {
        input->fail_allocation = (uint16_t)number;
        return true;
    }
    return line[0] == '#' || take_seed(line, &input->seed) ||
           take_overrides(line, input);
}

bool
FzInputText_Parse(const char *text, FzInput *input, char *why,
                  size_t why_size)
{
    char line[FZ_TEXT_LINE];
    unsigned number = 0;
    memset(input, 0, sizeof(*input));
    while (FzTextLine_Next(&text, &number, line)) {
        if (number == 1) {
            if (strcmp(line, first_line) != 0) {
                return FzTextLine_Refuse(why, why_size, 1,
                                         "'ftfuzz input 1' is expected");
            }
        }
        else if (strcmp(line, "program") == 0) {
            if (!FzProgram_ParseText(&input->program, &text, &number, why,
                                     why_size)) {
                return false;
            }
            return *text == '\0' ||
                   FzTextLine_Refuse(why, why_size, number,
                                     "something follows 'end'");
        }
        else if (!take_member(input, line)) {
            return FzTextLine_Refuse(why, why_size, number, "not understood");
        }
    }
    return FzTextLine_Refuse(why, why_size, number,
                             "the file has no program");
}
