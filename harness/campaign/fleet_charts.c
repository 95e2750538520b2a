// fleet_charts.c: the curves of a campaign's page, as SVG.

#include "fleet_internal.h"

enum { WIDTH = 720, TALL = 160, LEFT = 60, BOTTOM = 24, POINTS = 240 };

typedef struct Curve {
    const char *label, *unit;   // of the chart, of what is to the right
    double wide, tall;          // what the right and upper edge stand for
} Curve;

static double
x_of(const Curve *curve, double x)
{
    return LEFT + (WIDTH - LEFT - 8) * (curve->wide > 0 ? x / curve->wide : 0);
}

static double
y_of(const Curve *curve, double y)
{
    return TALL - BOTTOM -
           (TALL - BOTTOM - 14) * (curve->tall > 0 ? y / curve->tall : 0);
}

static void
begin(const Curve *curve, FzBuf *out)
{
    FzBuf_Printf(out,
                 "<h3>%s</h3>\n<svg class=\"chart\" role=\"img\" "
                 "aria-label=\"%s\" viewBox=\"0 0 %d %d\">\n<line class=\""
                 "axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n"
                 "<line class=\"axis\" x1=\"%d\" y1=\"14\" x2=\"%d\" "
                 "y2=\"%d\"/>\n",
                 curve->label, curve->label, WIDTH, TALL, LEFT, TALL - BOTTOM,
                 WIDTH - 8, TALL - BOTTOM, LEFT, LEFT, TALL - BOTTOM);
    FzBuf_Printf(out,
                 "<text class=\"mark end\" x=\"%d\" y=\"18\">%.0f</text>"
                 "<text class=\"mark end\" x=\"%d\" y=\"%d\">0</text>"
                 "<text class=\"mark end\" x=\"%d\" y=\"%d\">%.0f %s</text>\n",
                 LEFT - 6, curve->tall, LEFT - 6, TALL - BOTTOM, WIDTH - 8,
                 TALL - 6, curve->wide, curve->unit);
}

// What is summed over the samples.
typedef double (*Measure)(const FleetSample *sample);

static double
executions(const FleetSample *sample)
{
    return (double)sample->executions;
}

static double
kept(const FleetSample *sample)
{
    return (double)sample->kept;
}

static double
found(const FleetSample *sample)
{
    return (double)sample->findings;
}

static double
sum_of(const Fleet *fleet, Measure measure)
{
    double sum = 0;
    for (size_t i = 0; i < fleet->nsamples; i++) {
        sum += measure(&fleet->samples[i]);
    }
    return sum;
}

// The sum of a measure over time, or over executions.
static void
draw_sum(const Fleet *fleet, const char *label, Measure measure,
         bool by_executions, FzBuf *out)
{
    double sum = sum_of(fleet, measure), x = 0, y = 0;
    Curve curve = {
        .label = label,
        .unit = by_executions ? "executions" : "s",
        .wide = by_executions ? sum_of(fleet, executions)
                              : Fleet_Elapsed(fleet),
        .tall = sum > 0 ? sum : 1,
    };
    size_t step = 1 + fleet->nsamples / POINTS;
    begin(&curve, out);
    FzBuf_Printf(out, "<path class=\"total\" d=\"M%.1f %.1f", x_of(&curve, 0),
                 y_of(&curve, 0));
    for (size_t i = 0; i < fleet->nsamples; i++) {
        const FleetSample *sample = &fleet->samples[i];
        y += measure(sample);
        x = by_executions ? x + executions(sample) : sample->at;
        if (i % step == 0 || i + 1 == fleet->nsamples) {
            FzBuf_Printf(out, " L%.1f %.1f", x_of(&curve, x), y_of(&curve, y));
        }
    }
    FzBuf_Printf(out, "\"/>\n</svg>\n");
}

void
Fleet_DrawCurves(const Fleet *fleet, FzBuf *out)
{
    draw_sum(fleet, "inputs that reached something new, over time", kept,
             false, out);
    draw_sum(fleet, "findings, over time", found, false, out);
    draw_sum(fleet, "executions, over time", executions, false, out);
}

void
Fleet_DrawDiscovery(const Fleet *fleet, FzBuf *out)
{
    draw_sum(fleet, "discovery: inputs that reached something new, over "
                    "executions", kept, true, out);
}
