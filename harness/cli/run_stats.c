// run_stats.c: what the threads of a run wait for: `ftfuzz run --stats`.
//
// The gauge of the runtime calls from the thread that has waited: natively from
// several at once, so that the tables are under a mutex. Time is the run's: in
// the engine a scheduling point takes the schedule's time step.

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fz_engine.h"
#include "rtcore_contention.h"
#include "run_internal.h"

enum { MAX_ROWS = 1024, SHOWN_ROWS = 12 };

typedef struct Row {
    char name[64];
    uint64_t count;
    int64_t waited_ns;
} Row;

typedef struct Table {
    Row rows[MAX_ROWS];         // the last: whatever found no row of its own
    size_t nrows;
} Table;

static struct {
    pthread_mutex_t mutex;      // guards the rest
    Table types, objects;
    Row mutexes;                // the sum
    Row gil;
    uint64_t gil_taken;
    int64_t gil_held_ns;
} stats = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void
add(Row *row, int64_t ns)
{
    row->count++;
    row->waited_ns += ns;
}

static Row *
row_of(Table *table, const char *name)
{
    for (size_t i = 0; i < table->nrows; i++) {
        if (strncmp(table->rows[i].name, name, sizeof(table->rows[i].name) - 1)
            == 0) {
            return &table->rows[i];
        }
    }
    bool full = table->nrows >= MAX_ROWS - 1;
    Row *row = &table->rows[full ? MAX_ROWS - 1 : table->nrows];
    if (table->nrows < MAX_ROWS) {
        table->nrows++;
        snprintf(row->name, sizeof(row->name), "%s", full ? "(others)" : name);
    }
    return row;
}

static void
name_object(const void *address, const char *kind, char *name,
            size_t size)
{
    if (FzEngine_IsRunning()) {
        FzEngine_NameAddress(address, name, size);
    }
    else {
        snprintf(name, size, "%s at %p", kind, address);
    }
}

static void
gauge_waited(const void *mutex, const RtObject *owner, const char *kind,
             int64_t ns)
{
    char name[64], kind_name[64];
    snprintf(kind_name, sizeof(kind_name), owner != NULL ? "%s" : "lock %s",
             kind != NULL ? kind : "without a name");
    name_object(owner != NULL ? owner : mutex, kind_name, name, sizeof(name));
    pthread_mutex_lock(&stats.mutex);
    add(&stats.mutexes, ns);
    add(row_of(&stats.types, kind_name), ns);
    add(row_of(&stats.objects, name), ns);
    pthread_mutex_unlock(&stats.mutex);
}

static void
gauge_gil_taken(struct RtInterpreterState *interp, int64_t waited_ns)
{
    (void)interp;
    pthread_mutex_lock(&stats.mutex);
    stats.gil_taken++;
    if (waited_ns > 0) {
        add(&stats.gil, waited_ns);
    }
    pthread_mutex_unlock(&stats.mutex);
}

static void
gauge_gil_dropped(struct RtInterpreterState *interp, int64_t held_ns)
{
    (void)interp;
    pthread_mutex_lock(&stats.mutex);
    stats.gil_held_ns += held_ns;
    pthread_mutex_unlock(&stats.mutex);
}

static const RtContentionGauge gauge = {
    .waited = gauge_waited,
    .gil_taken = gauge_gil_taken,
    .gil_dropped = gauge_gil_dropped,
};

void
FzRunStats_Begin(void)
{
    pthread_mutex_lock(&stats.mutex);
    stats.mutexes = stats.gil = (Row){ .name = "" };
    memset(&stats.types, 0, sizeof(stats.types));
    memset(&stats.objects, 0, sizeof(stats.objects));
    stats.gil_taken = 0;
    stats.gil_held_ns = 0;
    pthread_mutex_unlock(&stats.mutex);
    RtContention_SetGauge(&gauge);
}

void
FzRunStats_End(void)
{
    RtContention_SetGauge(NULL);
}

// ---------------------------------------------------------------------------
// The report.

// Of the time in which threads held the GIL or waited for it, what they waited.
static double
gil_share(void)
{
    double waited = (double)stats.gil.waited_ns;
    double all = waited + (double)stats.gil_held_ns;
    return all > 0 ? waited / all : 0;
}

static int
compare_rows(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    if (x->waited_ns != y->waited_ns) {
        return x->waited_ns < y->waited_ns ? 1 : -1;
    }
    if (x->count != y->count) {
        return x->count < y->count ? 1 : -1;
    }
    return strcmp(x->name, y->name);
}

static void
print_table(Table *table, const char *head)
{
    qsort(table->rows, table->nrows, sizeof(Row), compare_rows);
    printf("%12s %14s  %s\n", "waits", "waited us", head);
    for (size_t i = 0; i < table->nrows && i < SHOWN_ROWS; i++) {
        const Row *row = &table->rows[i];
        printf("%12" PRIu64 " %14.1f  %s\n", row->count,
               (double)row->waited_ns / 1e3, row->name);
    }
    if (table->nrows > SHOWN_ROWS) {
        printf("%29s(%zu more)\n", "", table->nrows - SHOWN_ROWS);
    }
}

void
FzRunStats_Print(uint64_t executions)
{
    printf("contention in %" PRIu64 " execution%s\n", executions,
           executions == 1 ? "" : "s");
    if (stats.gil_taken > 0) {
        printf("GIL: taken %" PRIu64 " times, waited for %" PRIu64 " times; "
               "%.1f%% of the threads' time was waiting for it (%.1f us, held "
               "%.1f us)\n",
               stats.gil_taken, stats.gil.count, 100 * gil_share(),
               (double)stats.gil.waited_ns / 1e3,
               (double)stats.gil_held_ns / 1e3);
    }
    printf("mutexes: waited for %" PRIu64 " times, %.1f us\n",
           stats.mutexes.count, (double)stats.mutexes.waited_ns / 1e3);
    if (stats.mutexes.count > 0) {
        print_table(&stats.types, "type");
        print_table(&stats.objects, "object");
    }
}

static void
put_table(FzBuf *out, Table *table, const char *key)
{
    qsort(table->rows, table->nrows, sizeof(Row), compare_rows);
    FzBuf_Printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < table->nrows; i++) {
        const Row *row = &table->rows[i];
        FzBuf_Printf(out, "%s{\"name\": ", i > 0 ? ", " : "");
        FzBuf_JsonString(out, row->name);
        FzBuf_Printf(out, ", \"waits\": %" PRIu64 ", \"waited_ns\": %" PRId64
                     "}", row->count, row->waited_ns);
    }
    FzBuf_Printf(out, "]");
}

void
FzRunStats_Json(uint64_t executions, FzBuf *out)
{
    FzBuf_Printf(out, "{\"executions\": %" PRIu64 ", \"gil\": {\"taken\": %"
                 PRIu64 ", \"waits\": %" PRIu64 ", \"waited_ns\": %" PRId64
                 ", \"held_ns\": %" PRId64 ", \"waiting_share\": %.6f}, "
                 "\"mutexes\": {\"waits\": %" PRIu64 ", \"waited_ns\": %"
                 PRId64,
                 executions, stats.gil_taken, stats.gil.count,
                 stats.gil.waited_ns, stats.gil_held_ns, gil_share(),
                 stats.mutexes.count, stats.mutexes.waited_ns);
    put_table(out, &stats.types, "types");
    put_table(out, &stats.objects, "objects");
    FzBuf_Printf(out, "}}");
}
