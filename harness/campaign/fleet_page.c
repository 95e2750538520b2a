// fleet_page.c: a campaign as one HTML file that needs nothing else, beside its
// journal: what was found, how coverage and findings grew, what each job did,
// and what is likely to be left. It is written whole, at the end, or from the
// journal of one that was killed.

#include <string.h>
#include <sys/stat.h>

#include "fleet_internal.h"
#include "fz_page.h"

enum { PCT_THREADS = 4 };       // at most, in generated programs beside main

extern const char fz_overview_css[];

static uint64_t
count_executions(const Fleet *fleet, bool own)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < fleet->njobs; i++) {
        const FleetJob *job = &fleet->jobs[i];
        sum += !own || job->engine == FLEET_OWN ? job->executions : 0;
    }
    return sum;
}

static void
put_total(FzBuf *out, const char *name, const char *format, double value)
{
    FzBuf_Printf(out, "<div><dt>%s</dt><dd>", name);
    char text[64];
    snprintf(text, sizeof(text), format, value);
    FzBuf_Printf(out, "%s</dd></div>\n", text);
}

static void
put_head(const Fleet *fleet, FzBuf *out)
{
    double elapsed = Fleet_Elapsed(fleet);
    FzBuf_Printf(out, "<h1 class=\"%s\">%zu finding%s</h1>\n<nav><a href=\""
                      "#findings\">findings</a><a href=\"#curves\">curves</a>"
                      "<a href=\"#left\">what is left</a><a href=\"#jobs\">"
                      "jobs</a></nav>\n<dl class=\"totals\">\n",
                 fleet->nfindings == 0 ? "good" : "bad", fleet->nfindings,
                 fleet->nfindings == 1 ? "" : "s");
    put_total(out, "minutes", "%.1f", elapsed / 60);
    put_total(out, "sessions", "%.0f",
              (double)(fleet->sessions > 0 ? fleet->sessions : 1));
    put_total(out, "executions", "%.0f",
              (double)count_executions(fleet, false));
    put_total(out, "jobs", "%.0f", (double)fleet->njobs);
    put_total(out, "cores busy, %", "%.0f",
              elapsed > 0 ? 100 * fleet->busy /
                                (elapsed * (double)fleet->nslots) : 0);
    put_total(out, "executions made twice, traces equal", "%.0f",
              (double)fleet->rechecks);
    put_total(out, "seeded bugs found first", "%.0f",
              (double)fleet->canaries_ok);
    put_total(out, "processes stopped: hung, or too large", "%.0f",
              (double)fleet->hung);
    FzBuf_Printf(out, "</dl>\n");
}

// A file of the finding that is there, by what tells most.
static void
put_link(const Fleet *fleet, const FleetFinding *f, FzBuf *out)
{
    static const char *const names[] = {"page.html", "minimized/report.txt",
                                        "report.txt"};
    char path[FLEET_LONG_PATH];
    struct stat status;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%.3000s/findings/%s/%s", fleet->folder,
                 f->id, names[i]);
        if (stat(path, &status) == 0) {
            FzBuf_Printf(out, "<a href=\"findings/%s/%s\">%s</a>", f->id,
                         names[i], f->id);
            return;
        }
    }
    FzBuf_Printf(out, "%s", f->id);
}

static void
put_findings(const Fleet *fleet, FzBuf *out)
{
    char path[FLEET_LONG_PATH];
    struct stat status;
    FzBuf_Printf(out, "<section id=\"findings\"><h2>Findings</h2>\n");
    if (fleet->nfindings == 0) {
        FzBuf_Printf(out, "<p>None.</p></section>\n");
        return;
    }
    FzBuf_Printf(out, "<div class=\"scroll\"><table class=\"grid\"><thead>"
                      "<tr><th>finding</th><th>rule</th><th>signature</th>"
                      "<th>found by</th><th>at</th><th>turns</th><th>small"
                      "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < fleet->nfindings; i++) {
        const FleetFinding *f = &fleet->findings[i];
        FzBuf_Printf(out, "<tr><td>");
        put_link(fleet, f, out);
        FzBuf_Printf(out, "</td><td>");
        FzPage_Text(out, f->rule, SIZE_MAX);
        FzBuf_Printf(out, "</td><td>");
        FzPage_Text(out, f->signature, SIZE_MAX);
        FzBuf_Printf(out, "</td><td>");
        FzPage_Text(out, f->job, SIZE_MAX);
        FzBuf_Printf(out, "</td><td>%.0f s</td><td>%llu</td><td>%s</td></tr>"
                          "\n", f->first, (unsigned long long)f->count,
                     f->minimized ? "yes" : "not yet");
    }
    FzBuf_Printf(out, "</tbody></table></div>\n");
    snprintf(path, sizeof(path), "%.3000s/triage/triage.html", fleet->folder);
    if (stat(path, &status) == 0) {
        FzBuf_Printf(out, "<p>Grouped by cause: <a href=\"triage/triage."
                          "html\">triage.html</a>, <a href=\"triage/"
                          "triage.sarif\">"
                          "SARIF</a>, <a href=\"triage/triage.junit.xml\">"
                          "JUnit</a>.</p>\n");
    }
    FzBuf_Printf(out, "</section>\n");
}

// ---------------------------------------------------------------------------
// What is left.

static void
put_richness(const Fleet *fleet, FzBuf *out)
{
    uint64_t once, twice, executions = count_executions(fleet, false);
    Fleet_CountOnce(fleet, &once, &twice);
    if (fleet->nfindings > 0) {
        FzBuf_Printf(out, "<p>Findings: %zu kinds, %llu of them seen in one "
                          "turn only, %llu in two: at least %.1f exist "
                          "(Chao2).</p>\n",
                     fleet->nfindings, (unsigned long long)once,
                     (unsigned long long)twice,
                     Fleet_Richness(fleet->nfindings, once, twice,
                                    fleet->nsamples));
    }
    else if (executions > 0) {
        FzBuf_Printf(out, "<p>No finding in %llu executions: with 95 %% "
                          "certainty fewer than one in %.0f executions of this "
                          "kind shows one.</p>\n",
                     (unsigned long long)executions, (double)executions / 3);
    }
}

// What was reached by one or two executions tells how much was by none.
static void
put_species(const Fleet *fleet, FzBuf *out)
{
    FzBuf_Printf(out, "<div class=\"scroll\"><table class=\"grid\"><thead>"
                      "<tr><th>build</th><th>edges and interleavings reached"
                      "</th><th>by one execution</th><th>by two</th><th>exist "
                      "at least (Chao)</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < fleet->njobs; i++) {
        const FleetJob *job = &fleet->jobs[i];
        if (job->engine != FLEET_OWN || job->species == 0) {
            continue;
        }
        FzBuf_Printf(out, "<tr><td>%s</td><td>%llu</td><td>%llu</td><td>%llu"
                          "</td><td>%.0f</td></tr>\n", job->build,
                     (unsigned long long)job->species,
                     (unsigned long long)job->singletons,
                     (unsigned long long)job->doubletons,
                     Fleet_Richness(job->species, job->singletons,
                                    job->doubletons, job->executions));
    }
    FzBuf_Printf(out, "</tbody></table></div><p>Of the last turn of our own "
                      "fuzzer. Its executions are guided, so the estimate is "
                      "a hint.</p>\n");
}

// PCT is the strategy of two in sixteen inputs (FzExec_ScheduleOf).
static void
put_pct(const Fleet *fleet, FzBuf *out)
{
    uint64_t executions = 0, steps = 0;
    for (size_t i = 0; i < fleet->njobs; i++) {
        const FleetJob *job = &fleet->jobs[i];
        executions += job->engine == FLEET_OWN ? job->executions : 0;
        steps += job->steps;
    }
    double runs = (double)executions / 8;
    double length = executions > 0 ? (double)steps / (double)executions : 1;
    FzBuf_Printf(out, "<h3>Bugs of depth 1, 2, 3</h3>\n<p>About %.0f "
                      "executions were scheduled by PCT, %.0f steps long. A "
                      "bug that each of these programs has is missed by all "
                      "of them with a probability of at most</p>\n<table "
                      "class=\"grid\" id=\"pct\"><thead><tr><th>depth</th>"
                      "<th>found by one run, at least</th><th>missed by all, "
                      "at most</th></tr></thead><tbody>\n", runs, length);
    for (int depth = 1; depth <= 3; depth++) {
        double miss = Fleet_PctMiss(PCT_THREADS + 1, length, depth, runs);
        double one = 1 - Fleet_PctMiss(PCT_THREADS + 1, length, depth, 1);
        FzBuf_Printf(out, "<tr><td>%d</td><td>%.3g</td><td>%.3g</td></tr>\n",
                     depth, one, miss);
    }
    FzBuf_Printf(out, "</tbody></table>\n");
}

static void
put_left(const Fleet *fleet, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"left\"><h2>What is left</h2>\n");
    Fleet_DrawDiscovery(fleet, out);
    put_richness(fleet, out);
    put_species(fleet, out);
    put_pct(fleet, out);
    FzBuf_Printf(out, "</section>\n");
}

// ---------------------------------------------------------------------------
// Jobs.

static void
put_jobs(const Fleet *fleet, FzBuf *out)
{
    FzBuf_Printf(out, "<section id=\"jobs\"><h2>Jobs</h2>\n<div class=\""
                      "scroll\"><table class=\"grid\"><thead><tr><th>build / "
                      "target / fuzzer</th><th>turns</th><th>seconds</th><th>"
                      "executions</th><th>a second</th><th>reached</th><th>"
                      "findings</th><th></th></tr></thead><tbody>\n");
    for (size_t i = 0; i < fleet->njobs; i++) {
        const FleetJob *job = &fleet->jobs[i];
        FzBuf_Printf(out, "<tr><td>%s</td><td>%llu</td><td>%.0f</td><td>%llu"
                          "</td><td>%.0f</td><td>%llu</td><td>%llu</td><td>%s"
                          "</td></tr>\n", job->name,
                     (unsigned long long)job->turns, job->seconds,
                     (unsigned long long)job->executions,
                     job->seconds > 0 ? (double)job->executions / job->seconds
                                      : 0,
                     (unsigned long long)job->most_reached,
                     (unsigned long long)job->findings,
                     job->broken ? "does not run" : "");
    }
    FzBuf_Printf(out, "</tbody></table></div>\n<p>Reached is counted by each "
                      "fuzzer in its own way: our own and libFuzzer count "
                      "features, AFL++ places of its map.</p></section>\n");
}

void
Fleet_WritePage(Fleet *fleet)
{
    char path[FLEET_LONG_PATH], why[FLEET_LONG_PATH];
    FzBuf out = {0};
    FzPage_Begin(&out, "ftfuzz campaign", fz_overview_css);
    put_head(fleet, &out);
    put_findings(fleet, &out);
    FzBuf_Printf(&out, "<section id=\"curves\"><h2>Curves</h2>\n");
    Fleet_DrawCurves(fleet, &out);
    FzBuf_Printf(&out, "</section>\n");
    put_left(fleet, &out);
    put_jobs(fleet, &out);
    FzPage_End(&out, "");
    snprintf(path, sizeof(path), "%.3000s/index.html", fleet->folder);
    if (!FzFile_Write(path, out.data, out.size, why, sizeof(why))) {
        fprintf(stderr, "ftfuzz: %s\n", why);
    }
    FzBuf_Free(&out);
}
