// text_line.c: lines of text forms, taken apart.

#include <stdlib.h>
#include <string.h>

#include "text_line.h"

bool
FzTextLine_Next(const char **text, unsigned *number, char *line)
{
    if (**text == '\0') {
        return false;
    }
    size_t n = strcspn(*text, "\n");
    snprintf(line, FZ_TEXT_LINE, "%.*s",
             (int)(n < FZ_TEXT_LINE ? n : FZ_TEXT_LINE - 1), *text);
    *text += n + ((*text)[n] == '\n');
    ++*number;
    return true;
}

bool
FzTextLine_Word(const char *line, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    if (strncmp(line, name, n) != 0 || line[n] != ' ') {
        return false;
    }
    return (size_t)snprintf(out, size, "%s", line + n + 1) < size;
}

bool
FzTextLine_Number(const char *line, const char *name, int64_t low,
                  int64_t high, int64_t *out)
{
    char text[32], *end;
    if (!FzTextLine_Word(line, name, text, sizeof(text))) {
        return false;
    }
    *out = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *out >= low && *out <= high;
}

bool
FzTextLine_Refuse(char *why, size_t why_size, unsigned line, const char *what)
{
    snprintf(why, why_size, "line %u: %s", line, what);
    return false;
}
