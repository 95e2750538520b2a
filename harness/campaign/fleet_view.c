// fleet_view.c: what a campaign shows: on a terminal a block that is drawn
// again, else a line for each turn; with --json the journal's lines alone.

#include <string.h>

#include "fleet_internal.h"

static uint64_t
executions_of(const Fleet *fleet)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < fleet->njobs; i++) {
        sum += fleet->jobs[i].executions;
    }
    return sum;
}

static void
erase(Fleet *fleet)
{
    for (; fleet->lines_shown > 0; fleet->lines_shown--) {
        printf("\033[A\033[K");
    }
}

void
Fleet_Say(Fleet *fleet, const char *format, ...)
{
    char text[2 * FLEET_LONG_PATH];
    va_list args;
    if (fleet->options->json) {
        return;                 // the journal's line says it
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    erase(fleet);
    printf("%s\n", text);
    fflush(stdout);
}

void
Fleet_ShowTurn(Fleet *fleet, const FleetJob *job, const FleetSample *sample)
{
    Fleet_Note(fleet, "turn", "\"job\": \"%s\", \"seconds\": %.2f, "
               "\"executions\": %llu, \"reached\": %llu, \"kept\": %llu, "
               "\"findings\": %llu, \"steps\": %llu, \"rechecks\": %llu, "
               "\"singletons\": %llu, \"doubletons\": %llu, \"species\": "
               "%llu, \"pays\": %.4f",
               job->name, sample->seconds,
               (unsigned long long)sample->executions,
               (unsigned long long)sample->reached,
               (unsigned long long)sample->kept,
               (unsigned long long)sample->findings,
               (unsigned long long)(job->steps - job->steps_noted),
               (unsigned long long)(job->rechecks - job->rechecks_noted),
               (unsigned long long)job->singletons,
               (unsigned long long)job->doubletons,
               (unsigned long long)job->species, job->pays);
    if (!fleet->terminal && !fleet->options->quiet && !fleet->options->json) {
        printf("%7.0f s  %-36s %8llu exec  reached %llu  kept %llu  findings "
               "%zu\n", Fleet_Elapsed(fleet), job->name,
               (unsigned long long)sample->executions,
               (unsigned long long)sample->reached,
               (unsigned long long)sample->kept, fleet->nfindings);
        fflush(stdout);
    }
}

static const char *
work_name(FleetWork work)
{
    static const char *const names[] = {
        [FLEET_TURN] = "fuzzes", [FLEET_CONFIRM] = "runs a crash again",
        [FLEET_MINIMIZE] = "minimizes", [FLEET_MERGE] = "merges",
        [FLEET_PRUNE] = "prunes the corpus", [FLEET_CANARY] = "canary",
        [FLEET_TRIAGE] = "triage",
        [FLEET_PAGE] = "writes a page",
    };
    return names[work];
}

void
Fleet_View(Fleet *fleet, bool force)
{
    double now = Fleet_Clock(), elapsed = Fleet_Elapsed(fleet);
    if (!fleet->terminal || fleet->options->quiet || fleet->options->json ||
        (!force && now - fleet->last_view < 0.5))
    {
        return;
    }
    fleet->last_view = now;
    erase(fleet);
    printf("%02d:%02d:%02d of %02d:%02d:%02d  %llu executions  %zu jobs  "
           "findings %zu  stopped %llu\n",
           (int)elapsed / 3600, (int)elapsed / 60 % 60, (int)elapsed % 60,
           (int)fleet->options->seconds / 3600,
           (int)fleet->options->seconds / 60 % 60,
           (int)fleet->options->seconds % 60,
           (unsigned long long)executions_of(fleet), fleet->njobs,
           fleet->nfindings, (unsigned long long)fleet->hung);
    fleet->lines_shown = 1;
    for (size_t i = 0; i < fleet->nslots; i++) {
        const FleetChild *child = &fleet->children[i];
        const FleetJob *job = child->task.job;
        if (child->pid == 0) {
            continue;
        }
        printf("  %zu  %-36.36s %-18s %3.0f s\n", i,
               job != NULL ? job->name : "", work_name(child->task.work),
               now - child->started);
        fleet->lines_shown++;
    }
    fflush(stdout);
}

void
Fleet_Summary(Fleet *fleet)
{
    double elapsed = Fleet_Elapsed(fleet);
    erase(fleet);
    if (fleet->options->json) {
        return;
    }
    printf("%s after %.0f s: %llu executions of %zu jobs, %llu made twice "
           "with equal traces, cores busy %.0f %%\n",
           fleet->stopping != NULL ? fleet->stopping : "over", elapsed,
           (unsigned long long)executions_of(fleet), fleet->njobs,
           (unsigned long long)fleet->rechecks,
           elapsed > 0 ? 100 * fleet->busy /
                             (elapsed * (double)fleet->nslots) : 0.0);
    printf("findings: %zu, in %s/findings\npage: %s/index.html\n",
           fleet->nfindings, fleet->folder, fleet->folder);
}
