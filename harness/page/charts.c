// charts.c: counts of an object over the steps, and how often the finding still
// fails from each step on.

#include "page_internal.h"

enum { WIDTH = 720, TALL = 120, MARGIN = 34 };

static void
open_chart(FzBuf *out, const char *label)
{
    FzBuf_Printf(out,
                 "<svg class=\"chart\" role=\"img\" aria-label=\"%s\" "
                 "viewBox=\"0 0 %d %d\">\n<line class=\"axis\" x1=\"%d\" "
                 "y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
                 label, WIDTH, TALL, MARGIN, TALL - 18, WIDTH - 6, TALL - 18);
}

static int
x_of(const Page *page, uint64_t step)
{
    uint64_t steps = page->run.steps > 0 ? page->run.steps : 1;
    return MARGIN + (int)((WIDTH - MARGIN - 6) * step / steps);
}

static int
y_of(int64_t value, int64_t most)
{
    most = most > 0 ? most : 1;
    value = value < 0 ? 0 : value;
    return TALL - 18 - (int)((TALL - 30) * value / most);
}

static void
put_axis(const Page *page, const char *most, FzBuf *out)
{
    FzBuf_Printf(out,
                 "<text x=\"%d\" y=\"%d\" class=\"mark\">%s</text><text "
                 "x=\"%d\" y=\"%d\" class=\"mark\">0</text><text x=\"%d\" "
                 "y=\"%d\" class=\"mark end\">step %llu</text>\n</svg>\n",
                 2, 16, most, 2, TALL - 14, WIDTH - 6, TALL - 4,
                 (unsigned long long)page->run.steps);
}

void
Page_DrawCounts(const Page *page, const PageObject *object, FzBuf *out)
{
    int64_t most = 1;
    for (size_t i = 0; i < object->nsamples; i++) {
        const PageCount *c = &object->samples[i];
        most = c->local + c->shared > most ? c->local + c->shared : most;
    }
    open_chart(out, "references over the steps");
    FzBuf_Printf(out, "<path class=\"total\" d=\"M%d %d", MARGIN,
                 y_of(0, most));
    for (size_t i = 0; i < object->nsamples; i++) {
        const PageCount *c = &object->samples[i];
        FzBuf_Printf(out, " H%d V%d", x_of(page, c->step),
                     y_of(c->live ? c->local + c->shared : 0, most));
    }
    FzBuf_Printf(out, " H%d\"/>\n", x_of(page, page->run.steps));
    char top[32];
    snprintf(top, sizeof(top), "%lld", (long long)most);
    put_axis(page, top, out);
}

void
Page_DrawMoments(const Page *page, FzBuf *out)
{
    const FzExplanation *x = &page->explanation;
    open_chart(out, "schedules that still fail, from each step on");
    for (size_t i = 0; i < x->nmoments; i++) {
        const FzMoment *m = &x->moments[i];
        int y = y_of(m->failed, FZ_MOMENT_TRIALS);
        FzBuf_Printf(out,
                     "<rect class=\"moment\" x=\"%d\" y=\"%d\" width=\"8\" "
                     "height=\"%d\"><title>from step %llu on: %u of %d "
                     "schedules fail</title></rect>\n",
                     x_of(page, m->step) - 4, y, TALL - 18 - y,
                     (unsigned long long)m->step, m->failed,
                     FZ_MOMENT_TRIALS);
    }
    put_axis(page, "all", out);
}
