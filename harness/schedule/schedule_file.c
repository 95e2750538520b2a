// schedule_file.c: the text form of a schedule, version 1:
//
//   ftfuzz schedule 1
//   program 00c0ffee00c0ffee
//   trace 0123456789abcdef
//   chosen-by pos seed 42 depth 3
//   time-step-ns 1000
//   fail-allocation 17         (if one is to fail: the 17th)
//   weak 42                    (if loads may return older values: the seed)
//   choices 3
//   17:1 0:2 400:1
//   end
//
// A choice "17:1" is 17 times rank 0, then rank 1. Whatever is not exactly this
// is refused, with the line and what is wrong in it.

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "fz_schedule.h"

enum { CHOICES_PER_LINE = 10, WORD_MAX = 40 };

// ---------------------------------------------------------------------------
// Printing

static uint64_t
count_pairs(const uint8_t *bytes, size_t n)
{
    FzTapeReader reader;
    FzTapeReader_Init(&reader, bytes, n);
    uint64_t pairs = 0;
    while (!FzTapeReader_AtEnd(&reader)) {
        reader.zeros = 0;
        FzTapeReader_Next(&reader);
        pairs++;
    }
    return pairs;
}

void
FzSchedule_Print(const FzSchedule *schedule, const FzTape *tape,
                 uint64_t program_hash, uint64_t trace_hash, FzBuf *out)
{
    const uint8_t *bytes = tape->bytes.data;
    size_t n = tape->bytes.size;
    const char *strategy =
        schedule->strategy != NULL ? schedule->strategy->name : "replay";
    FzBuf_Printf(out,
                 "ftfuzz schedule 1\n"
                 "program %016" PRIx64 "\n"
                 "trace %016" PRIx64 "\n"
                 "chosen-by %s seed %" PRIu64 " depth %" PRIu32 "\n"
                 "time-step-ns %" PRIu32 "\n",
                 program_hash, trace_hash, strategy, schedule->seed,
                 schedule->depth, schedule->time_step_ns);
    if (schedule->fail_allocation != 0) {
        FzBuf_Printf(out, "fail-allocation %" PRIu32 "\n",
                     schedule->fail_allocation);
    }
    if (schedule->weak_seed != 0) {
        FzBuf_Printf(out, "weak %" PRIu32 "\n", schedule->weak_seed);
    }
    FzBuf_Printf(out, "choices %" PRIu64 "\n", count_pairs(bytes, n));
    FzTapeReader reader;
    FzTapeReader_Init(&reader, bytes, n);
    unsigned column = 0;
    while (!FzTapeReader_AtEnd(&reader)) {
        FzBuf_Printf(out, "%s%" PRIu64 ":%" PRIu32, column > 0 ? " " : "",
                     reader.zeros, reader.rank);
        reader.zeros = 0;
        FzTapeReader_Next(&reader);
        column++;
        if (column == CHOICES_PER_LINE || FzTapeReader_AtEnd(&reader)) {
            FzBuf_AppendByte(out, '\n');
            column = 0;
        }
    }
    FzBuf_Printf(out, "end\n");
}

// ---------------------------------------------------------------------------
// Parsing

typedef struct Parser {
    const char *at, *end;
    unsigned line;
    char *why;                  // set once, by the first thing wrong
    size_t why_size;
    bool failed;
} Parser;

__attribute__((format(printf, 2, 3))) static bool
fail(Parser *parser, const char *format, ...)
{
    if (parser->failed) {
        return false;
    }
    parser->failed = true;
    if (parser->why == NULL || parser->why_size == 0) {
        return false;
    }
    int n = snprintf(parser->why, parser->why_size, "line %u: ",
                     parser->line);
    if (n > 0 && (size_t)n < parser->why_size) {
        va_list args;
        va_start(args, format);
        vsnprintf(parser->why + n, parser->why_size - (size_t)n, format, args);
        va_end(args);
    }
    return false;
}

// The text at `at` up to a space or newline, printable, for messages.
typedef struct Shown {
    char text[24];
} Shown;

static Shown
shown(const Parser *parser)
{
    Shown shown = {"the end of the file"};
    size_t n = 0;
    for (const char *at = parser->at; at < parser->end; at++) {
        if (n == sizeof(shown.text) - 1 || *at == ' ' || *at == '\n') {
            break;
        }
        shown.text[n++] = *at > 32 && *at < 127 ? *at : '?';
    }
    if (n > 0) {
        shown.text[n] = 0;
    }
    else if (parser->at < parser->end) {
        strcpy(shown.text,
               *parser->at == '\n' ? "the end of the line" : "a space");
    }
    return shown;
}

// Takes exactly this text.
static bool
expect(Parser *parser, const char *text)
{
    size_t n = strlen(text);
    if (parser->failed) {
        return false;
    }
    if ((size_t)(parser->end - parser->at) < n ||
        memcmp(parser->at, text, n) != 0) {
        int width = (int)strcspn(text, "\n");
        return fail(parser, "expected %s%.*s%s, found %s",
                    width == 0 ? "the end of the line" : "'", width, text,
                    width == 0 ? "" : "'", shown(parser).text);
    }
    parser->at += n;
    if (text[n - 1] == '\n') {
        parser->line++;
    }
    return true;
}

static int
digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

// A number in base 10 or 16, at most `max`; `what` it is, for messages.
static bool
number(Parser *parser, unsigned base, uint64_t max, const char *what,
       uint64_t *out)
{
    if (parser->failed) {
        return false;
    }
    Shown token = shown(parser);
    const char *start = parser->at;
    uint64_t value = 0;
    while (parser->at < parser->end) {
        unsigned digit = (unsigned)digit_value(*parser->at);
        if (digit >= base) {
            break;
        }
        if (value > max / base || value * base > max - digit) {
            return fail(parser, "%s is greater than %" PRIu64, what, max);
        }
        value = value * base + digit;
        parser->at++;
    }
    size_t n = (size_t)(parser->at - start);
    if (n == 0) {
        return fail(parser, "%s: expected a number, found %s", what,
                    token.text);
    }
    if (base == 16 ? n != 16 : n > 1 && *start == '0') {
        return fail(parser, "%s: %s", what,
                    base == 16 ? "expected 16 hexadecimal digits"
                               : "leading zero");
    }
    *out = value;
    return true;
}

static bool
strategy_name(Parser *parser, const FzStrategy **out)
{
    char name[WORD_MAX];
    size_t n = 0;
    if (parser->failed) {
        return false;
    }
    while (parser->at + n < parser->end && n < sizeof(name) - 1) {
        char c = parser->at[n];
        if ((c < 'a' || c > 'z') && c != '-') {
            break;
        }
        name[n++] = c;
    }
    name[n] = 0;
    *out = FzStrategy_Find(name);
    if (*out == NULL && strcmp(name, "replay") != 0) {
        return fail(parser, "unknown strategy '%s'", shown(parser).text);
    }
    parser->at += n;
    return true;
}

static bool
parse_header(Parser *parser, FzScheduleFile *file)
{
    FzSchedule *schedule = &file->schedule;
    uint64_t depth = 0, time_step = 0;
    expect(parser, "ftfuzz schedule ");
    uint64_t version = 1;
    if (number(parser, 10, UINT32_MAX, "version", &version) && version != 1) {
        return fail(parser, "version %" PRIu64 " is not known, only 1",
                    version);
    }
    expect(parser, "\n");
    expect(parser, "program ");
    number(parser, 16, UINT64_MAX, "program", &file->program_hash);
    expect(parser, "\n");
    expect(parser, "trace ");
    number(parser, 16, UINT64_MAX, "trace", &file->trace_hash);
    expect(parser, "\n");
    expect(parser, "chosen-by ");
    strategy_name(parser, &schedule->strategy);
    expect(parser, " seed ");
    number(parser, 10, UINT64_MAX, "seed", &schedule->seed);
    expect(parser, " depth ");
    number(parser, 10, UINT32_MAX, "depth", &depth);
    expect(parser, "\n");
    expect(parser, "time-step-ns ");
    number(parser, 10, UINT32_MAX, "time-step-ns", &time_step);
    schedule->depth = (uint32_t)depth;
    schedule->time_step_ns = (uint32_t)time_step;
    return expect(parser, "\n");
}

// A line that only some files have: `name N`, not 0. *out is 0 without it.
static bool
parse_optional(Parser *parser, const char *name, uint32_t *out)
{
    uint64_t value = 0;
    size_t n = strlen(name);
    size_t left = (size_t)(parser->end - parser->at);
    *out = 0;
    if (left < n || memcmp(parser->at, name, n) != 0) {
        return !parser->failed;
    }
    expect(parser, name);
    expect(parser, " ");
    number(parser, 10, UINT32_MAX, name, &value);
    if (!parser->failed && value == 0) {
        return fail(parser, "%s 0: leave the line out", name);
    }
    *out = (uint32_t)value;
    return expect(parser, "\n");
}

static bool
parse_choices(Parser *parser, FzBuf *bytes)
{
    uint64_t pairs = 0;
    expect(parser, "choices ");
    number(parser, 10, UINT64_MAX, "choices", &pairs);
    expect(parser, "\n");
    FzTape tape = {.bytes = *bytes};
    for (uint64_t i = 0; i < pairs && !parser->failed; i++) {
        uint64_t zeros = 0, rank = 0;
        number(parser, 10, UINT64_MAX, "go-ons", &zeros);
        expect(parser, ":");
        number(parser, 10, FZ_MAX_THREADS - 1, "rank", &rank);
        if (!parser->failed && rank == 0) {
            fail(parser, "rank 0 cannot end a run of go-ons");
        }
        if (parser->failed) {
            break;
        }
        bool line_ends = (i + 1) % CHOICES_PER_LINE == 0 || i + 1 == pairs;
        expect(parser, line_ends ? "\n" : " ");
        tape.pending_zeros = zeros;
        FzTape_Record(&tape, (uint32_t)rank);
    }
    *bytes = tape.bytes;
    return !parser->failed;
}

bool
FzScheduleFile_Parse(const char *text, size_t n, FzScheduleFile *out,
                     char *why, size_t why_size)
{
    Parser parser = {
        .at = text,
        .end = text + n,
        .line = 1,
        .why = why,
        .why_size = why_size,
    };
    *out = (FzScheduleFile){.schedule = {.kind = FZ_SCHEDULE_REPLAY}};
    parse_header(&parser, out);
    uint32_t *nth = &out->schedule.fail_allocation;
    parse_optional(&parser, "fail-allocation", nth);
    parse_optional(&parser, "weak", &out->schedule.weak_seed);
    parse_choices(&parser, &out->bytes);
    expect(&parser, "end\n");
    if (!parser.failed && parser.at != parser.end) {
        fail(&parser, "expected nothing after 'end', found %s",
             shown(&parser).text);
    }
    if (parser.failed) {
        FzScheduleFile_Free(out);
        return false;
    }
    out->schedule.tape = out->bytes.data;
    out->schedule.ntape = out->bytes.size;
    return true;
}

void
FzScheduleFile_Free(FzScheduleFile *file)
{
    FzBuf_Free(&file->bytes);
    *file = (FzScheduleFile){0};
}
