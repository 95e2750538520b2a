"""How fast each way of looking finds each seeded bug: `scripts/bugs bench`.

A trial is one campaign on one processor that knows nothing of the bug, until it
finds something or its budget is over. Ways: the strategies of `ftfuzz fuzz`
(`default` is the mix of the campaigns), and `threads`, what people have today:
the same generated programs on free OS threads under stock ThreadSanitizer,
without control of the schedule.
"""

import json
import math
import pathlib
import sys

WAYS = ("default", "pos", "pct", "random", "threads")
COLOURS = ("#1565c0", "#2e7d32", "#8e24aa", "#b45309", "#555555")
INFINITE = float("inf")


def trial(bugs, bug, program, way, seed, seconds):
    strategy = [] if way in ("default", "threads") else ["--strategy", way]
    rule, spent, executions, path = bugs.find(bug, program, seed, seconds,
                                              strategy)
    return {"bug": bug["id"], "way": way, "seed": seed, "rule": rule,
            "right": rule is not None and
            (way == "threads" or rule in bug["rules"]),
            "cpu_seconds": round(spent, 3), "executions": executions,
            "path": path and str(path)}


def program_of(bugs, bug, way):
    if way != "threads":
        return bugs.build(bug)
    return bugs.build(bug, f"tsan-{bug['build']}")


def quantile(times, share):
    """Of sorted times; a trial that found nothing is an infinite one."""
    return times[min(len(times) - 1, math.ceil(share * len(times)) - 1)]


def summary(trials):
    times = sorted(t["cpu_seconds"] if t["rule"] else INFINITE
                   for t in trials)
    executions = sorted(t["executions"] if t["rule"] else INFINITE
                        for t in trials)
    return {"found": sum(t["rule"] is not None for t in trials),
            "right": sum(t["right"] for t in trials), "of": len(trials),
            "median": quantile(times, 0.5), "low": quantile(times, 0.25),
            "high": quantile(times, 0.75),
            "executions": quantile(executions, 0.5)}


def rank_test(one, other):
    """Mann and Whitney's U, two-sided, with ties: the p-value."""
    values = sorted((v, side) for side, vs in enumerate((one, other))
                    for v in vs)
    ranks, ties, at = [0.0, 0.0], 0.0, 0
    while at < len(values):
        to = at
        while to < len(values) and values[to][0] == values[at][0]:
            to += 1
        for i in range(at, to):
            ranks[values[i][1]] += (at + 1 + to) / 2
        ties += (to - at) ** 3 - (to - at)
        at = to
    n, m = len(one), len(other)
    u = ranks[0] - n * (n + 1) / 2
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def seconds_text(value, budget):
    return f"> {budget:g}" if value == INFINITE else f"{value:.2f}"


def table(chosen, ways, trials, budget):
    """The table as Markdown."""
    lines = ["| bug | " + " | ".join(
        f"{way}: found, median s (quartiles), executions" for way in ways) +
        " |", "| --- |" + " --- |" * len(ways)]
    for bug in chosen:
        cells = []
        for way in ways:
            s = summary([t for t in trials if t["bug"] == bug["id"] and
                         t["way"] == way])
            executions = "–" if s["executions"] == INFINITE \
                else f"{s['executions']:,}"
            wrong = s["found"] - s["right"]
            cells.append(
                f"{s['found']}/{s['of']}" +
                (f" ({wrong} by another rule)" if wrong else "") +
                f", {seconds_text(s['median'], budget)} "
                f"({seconds_text(s['low'], budget)}–"
                f"{seconds_text(s['high'], budget)}), {executions}")
        lines.append(f"| {bug['id']} {bug['title']} | " + " | ".join(cells) +
                     " |")
    return "\n".join(lines)


def compare(chosen, trials, way, other, budget):
    """One sentence: what `way` finds beside `other`, and how much sooner."""
    faster = slower = only = only_other = 0
    ratios = []
    for bug in chosen:
        times = [[t["cpu_seconds"] if t["rule"] else INFINITE for t in trials
                  if t["bug"] == bug["id"] and t["way"] == w]
                 for w in (way, other)]
        medians = [quantile(sorted(t), 0.5) for t in times]
        only += medians[0] < INFINITE == medians[1]
        only_other += medians[1] < INFINITE == medians[0]
        if INFINITE not in medians:
            ratios.append(max(medians[1], 0.01) / max(medians[0], 0.01))
        if rank_test(*times) < 0.05:
            faster += medians[0] < medians[1]
            slower += medians[0] > medians[1]
    middle = quantile(sorted(ratios), 0.5) if ratios else float("nan")
    return (f"`{way}` beside `{other}`, {budget:g} seconds each: {only} "
            f"bugs are found by the first in half of the trials and not by "
            f"the second, {only_other} the other way round; of the "
            f"{len(ratios)} that both find, the first takes 1/{middle:.1f} of "
            f"the time (median); significantly sooner (rank test, p < 0.05) "
            f"for {faster}, later for {slower}.")


def plot(ways, trials, budget):
    """Bugs found over CPU time, the mean over trials, as SVG."""
    width, height, left, bottom = 720, 420, 50, 40
    low = 0.05
    count = len({t["bug"] for t in trials})
    seeds = len({t["seed"] for t in trials})

    def x_of(seconds):
        share = math.log(max(seconds, low) / low) / math.log(budget / low)
        return left + share * (width - left - 20)

    def y_of(found):
        return height - bottom - found / count * (height - bottom - 20)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} '
           f'{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    mark = low
    while mark <= budget * 1.001:
        out.append(f'<text x="{x_of(mark):.0f}" y="{height - 20}" '
                   f'text-anchor="middle">{mark:g} s</text>')
        mark *= 10
    for share in range(5):
        found = count * share / 4
        out.append(f'<line x1="{left}" x2="{width - 20}" y1="{y_of(found):.0f}'
                   f'" y2="{y_of(found):.0f}" stroke="#ddd"/><text x="8" '
                   f'y="{y_of(found) + 4:.0f}">{found:g}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 4}" text-anchor="middle">'
               'CPU time, logarithmic</text>')
    for way, colour in zip(ways, COLOURS):
        times = sorted(t["cpu_seconds"] for t in trials
                       if t["way"] == way and t["rule"])
        path, found = f"M{left} {y_of(0):.1f}", 0.0
        for at in times:
            path += f" H{x_of(min(at, budget)):.1f}"
            found += 1 / seeds
            path += f" V{y_of(found):.1f}"
        path += f" H{width - 20}"
        row = 24 + 16 * list(ways).index(way)
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" '
                   f'stroke-width="2"/><text x="{left + 10}" y="{row}" '
                   f'fill="{colour}">{way}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def bench(bugs, chosen, options):
    ways = options.ways.split(",")
    for way in ways:
        if way not in WAYS:
            bugs.fail(f"no such way to look: {way}; there are "
                      f"{', '.join(WAYS)}")
    trials = []
    for number, bug in enumerate(chosen, 1):
        for way in ways:
            program = program_of(bugs, bug, way)
            mine = [trial(bugs, bug, program, way, seed, options.seconds)
                    for seed in range(1, options.trials + 1)]
            trials += mine
            s = summary(mine)
            sys.stderr.write(
                f"[{number}/{len(chosen)}] {bug['id']} {way:8} "
                f"{s['found']}/{s['of']} found, {s['right']} by a right rule, "
                f"median {seconds_text(s['median'], options.seconds)} s\n")
    if options.json:
        for t in trials:
            print(json.dumps(t))
    else:
        print(table(chosen, ways, trials, options.seconds))
        print()
        for way in ways[1:]:
            print(compare(chosen, trials, ways[0], way, options.seconds))
            print()
    if options.svg:
        pathlib.Path(options.svg).write_text(
            plot(ways, trials, options.seconds))
    return 0


def self_test():
    """What can be known without a campaign."""
    assert rank_test([1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17,
                                                18]) < 0.001
    assert rank_test([1, 2, 3, 4], [1, 2, 3, 4]) > 0.9
    assert rank_test([1, 1], [1, 1]) == 1.0
    # By hand: the ranks are 1, 2, 4, 5, 10, so U = 7; z = 5 / 4.787.
    assert abs(rank_test([1.1, 2.2, 3.3, 4.4, 9.0],
                         [2.5, 5.5, 6.6, 7.7, 8.8]) - 0.2963) < 0.001
    mine = [{"rule": "A", "right": True, "cpu_seconds": s, "executions": s}
            for s in (1, 2, 3)] + [{"rule": None, "right": False,
                                    "cpu_seconds": 9, "executions": 9}]
    s = summary(mine)
    assert (s["found"], s["of"], s["median"], s["high"]) == (3, 4, 2, 3)
    assert summary(mine[3:])["median"] == INFINITE
    for t, seed in zip(mine, (1, 2, 3, 4)):
        t.update(bug="0001", way="default", seed=seed)
    assert plot(["default"], mine, 10).count("<path") == 1
    chosen = [{"id": "0001", "title": "t"}]
    assert "3/4, 2.00 (1.00–3.00), 2" in table(chosen, ["default"], mine, 10)
