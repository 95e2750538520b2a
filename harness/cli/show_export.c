// show_export.c: a finding as something that runs elsewhere: a script for
// CPython, a unit test for this project.

#include <ctype.h>
#include <string.h>

#include "fz_exec.h"
#include "cli.h"
#include "fz_page.h"
#include "fz_regression.h"
#include "show_internal.h"

// In a Python string of three quotes.
static void
put_quoted(FzBuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"') {
            FzBuf_AppendByte(out, '\\');
        }
        FzBuf_AppendByte(out, (uint8_t)*text);
    }
}

void
FzShow_Python(const FzFinding *finding, FzBuf *out)
{
    FzBuf program = {0};
    FzProgram_Lift(&finding->input.program, &program, NULL);
    FzBuf_Printf(out,
                 "\"\"\"%s: %s\n\n"
                 "Found by ftfuzz (%s). CPython chooses its own "
                 "interleavings: the program runs\nmany times.\n\n"
                 "usage: python3 [-X gil=0] this_file.py [TIMES]\n\"\"\"\n\n"
                 "import contextlib\nimport faulthandler\nimport os\n"
                 "import sys\n\n"
                 "PROGRAM = \"\"\"\\\n",
                 finding->rule, finding->signature, finding->build);
    put_quoted(out, FzBuf_CString(&program));
    FzBuf_Printf(out,
                 "\"\"\"\n\n"
                 "faulthandler.enable()\n"
                 "sys.setswitchinterval(1e-6)\n"
                 "times = int(sys.argv[1]) if len(sys.argv) > 1 else 1000\n"
                 "code = compile(PROGRAM, \"program.py\", \"exec\")\n"
                 "with open(os.devnull, \"w\") as nowhere:\n"
                 "    for _ in range(times):\n"
                 "        with contextlib.redirect_stdout(nowhere):\n"
                 "            exec(code, {\"__name__\": \"program\"})\n"
                 "print(times, \"times, and nothing happened\")\n");
    FzBuf_Free(&program);
}

static void
put_lines(FzBuf *out, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        FzBuf_Printf(out, "    \"");
        for (size_t i = 0; i < n; i++) {
            if (text[i] == '\\' || text[i] == '"') {
                FzBuf_AppendByte(out, '\\');
            }
            FzBuf_AppendByte(out, (uint8_t)text[i]);
        }
        FzBuf_Printf(out, "\\n\"\n");
        text += n + (text[n] == '\n');
    }
}

void
FzShow_CTest(const FzFinding *finding, FzBuf *out)
{
    FzRegression regression;
    FzBuf text = {0};
    char name[48];
    FzRegression_OfFinding(finding, &regression);
    FzRegression_Print(&regression, &text);
    snprintf(name, sizeof(name), "test_%.40s", finding->rule);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    FzBuf_Printf(out,
                 "// %s.c: %s\n"
                 "// must not come back. The program and the turns that made "
                 "it fail.\n\n"
                 "#include \"check.h\"\n#include \"fz_exec.h\"\n"
                 "#include \"fz_regression.h\"\n\n"
                 "static const char regression_text[] =\n",
                 name, finding->signature);
    put_lines(out, FzBuf_CString(&text));
    FzBuf_Printf(out,
                 "    ;\n\n"
                 "int\nmain(void)\n{\n"
                 "    FzRegression regression;\n    FzRun run = {0};\n"
                 "    char why[512];\n"
                 "    CHECK(FzRegression_Parse(regression_text, &regression, "
                 "why,\n                             sizeof(why)));\n"
                 "    CHECK(FzExec_SetGil(%d));\n"
                 "    CHECK(FzExec_Init(why, sizeof(why)));\n"
                 "    CHECK(FzRegression_Check(&regression, 20, &run));\n"
                 "    FzRun_Free(&run);\n"
                 "    FzRegression_Free(&regression);\n"
                 "    return 0;\n}\n",
                 finding->gil);
    FzBuf_Free(&text);
    FzRegression_Free(&regression);
}

int
FzShow_Html(const FzFinding *finding, const char *path)
{
    FzBuf page = {0};
    char why[4600];
    if (!FzPage_Write(finding, &page, why, sizeof(why))) {
        FzCli_Error("%s", why);
        FzBuf_Free(&page);
        return FZ_EXIT_NONDETERMINISM;
    }
    bool ok = FzFile_Write(path, page.data, page.size, why, sizeof(why));
    FzBuf_Free(&page);
    if (!ok) {
        FzCli_Error("%s", why);
        return FZ_EXIT_USAGE;
    }
    printf("%s\n", path);
    return FZ_EXIT_CLEAN;
}
