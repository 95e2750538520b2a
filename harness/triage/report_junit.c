// report_junit.c: the triage as JUnit XML, for CI servers: one test case for
// each group. What stands fails; what is known, or will not be fixed, is
// skipped.

#include <time.h>

#include "fz_exec.h"
#include "triage_internal.h"

static void
put_escaped(FzBuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            FzBuf_Printf(out, "&#10;");
        }
        else {
            // Other control characters cannot stand in XML at all.
            bool control = (unsigned char)*text < 0x20;
            FzBuf_AppendMarkup(out, control ? ' ' : *text);
        }
    }
}

static bool
fails(const FzTriage *triage, const FzGroup *group)
{
    return group->state == FZ_STATE_REGRESSED ||
           (group->state == FZ_STATE_NEW &&
            (!triage->compared || group->is_new));
}

static void
put_case(const FzTriage *triage, const FzGroup *group, FzBuf *out)
{
    char title[400];
    FzGroup_Title(group, title, sizeof(title));
    FzBuf_Printf(out, "    <testcase classname=\"ftfuzz.");
    put_escaped(out, group->smallest->rule);
    FzBuf_Printf(out, "\" name=\"%s ", group->id);
    put_escaped(out, title);
    FzBuf_Printf(out, "\" time=\"0\">\n");
    if (!fails(triage, group)) {
        FzBuf_Printf(out, "      <skipped message=\"%s",
                     FzState_Name(group->state));
        put_escaped(out, group->link[0] != '\0' ? " " : "");
        put_escaped(out, group->link);
        FzBuf_Printf(out, "\"/>\n    </testcase>\n");
        return;
    }
    FzBuf_Printf(out, "      <failure type=\"");
    put_escaped(out, group->smallest->rule);
    FzBuf_Printf(out, "\" message=\"");
    put_escaped(out, FzGroup_Sentence(group));
    FzBuf_Printf(out, "\">");
    put_escaped(out, group->smallest->message);
    FzBuf_Printf(out, "&#10;%zu findings&#10;ftfuzz show ", group->count);
    put_escaped(out, FzGroup_Folder(group));
    FzBuf_Printf(out, "</failure>\n    </testcase>\n");
}

void
FzTriage_Junit(const FzTriage *triage, FzBuf *out)
{
    size_t failures = 0;
    for (size_t i = 0; i < triage->ngroups; i++) {
        failures += fails(triage, &triage->groups[i]);
    }
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
    FzBuf_Printf(out,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<testsuites>\n"
                 "  <testsuite name=\"findings\" package=\"ftfuzz\" "
                 "id=\"0\" timestamp=\"%s\" hostname=\"localhost\" "
                 "tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
                 "skipped=\"%zu\" time=\"0\">\n"
                 "    <properties>\n"
                 "      <property name=\"build\" value=\"%s\"/>\n"
                 "    </properties>\n",
                 when, triage->ngroups, failures, triage->ngroups - failures,
                 FzExec_BuildName());
    for (size_t i = 0; i < triage->ngroups; i++) {
        put_case(triage, &triage->groups[i], out);
    }
    FzBuf_Printf(out, "    <system-out/>\n    <system-err/>\n"
                      "  </testsuite>\n</testsuites>\n");
}
