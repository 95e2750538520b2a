"""How fast each way of looking finds each seeded bug: `scripts/bugs bench`.

A trial is one campaign on one processor that knows nothing of the bug, until it
finds something or its budget of processor time is over. Ways: the strategies
of `ftfuzz fuzz` (`default` is the mix of the campaigns), and what people have
today: `threads`, the same generated programs on free OS threads under stock
ThreadSanitizer, without control of the schedule; `handwritten`, the programs of
corpus/handwritten, one after another, on OS threads under AddressSanitizer: a
crash, a failed check or a hang is what they find.

Each trial is appended to a file when it ends, with a key of the program that
it ran: the same command, started again, makes the trials that are missing. All
bugs have their first trial before any has its second.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time

WAYS = ("default", "pos", "sticky", "hold", "pct", "random", "threads",
        "handwritten")
FREE = ("threads", "handwritten")       # nothing names a rule there
HANG = 120                              # seconds of one program
COLOURS = ("#1565c0", "#2e7d32", "#8e24aa", "#b45309", "#555555", "#c2185b",
           "#00838f", "#6d4c41")
INFINITE = float("inf")


def run_handwritten(program, path, cache):
    """What is wrong, or None."""
    try:
        status = subprocess.run(
            [program, "run", path], timeout=HANG, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ, XDG_CACHE_HOME=str(cache))).returncode
    except subprocess.TimeoutExpired:
        return "HANG"
    return {0: None, 1: "CHECK"}.get(status, "CRASH")


def handwritten_programs(root):
    return [p for p in sorted((root / "corpus" / "handwritten").glob("*.py"))
            if p.name != "rounds.py"]


def find_by_hand(bugs, program, seed, seconds):
    """As bugs.find() does; the program to begin with is another each time."""
    programs = handwritten_programs(bugs.ROOT)
    before, runs, rule = bugs.cpu_seconds(), 0, None
    while rule is None and bugs.cpu_seconds() - before < seconds:
        path = programs[(seed + runs) % len(programs)]
        rule = run_handwritten(program, path, bugs.BUILD / "cache")
        runs += 1
    return rule, bugs.cpu_seconds() - before, runs, rule and path


def trial(bugs, bug, program, way, seed, seconds):
    strategy = [] if way in ("default", "threads") else ["--strategy", way]
    rule, spent, executions, path = \
        find_by_hand(bugs, program, seed, seconds) if way == "handwritten" \
        else bugs.find(bug, program, seed, seconds, strategy)
    return {"bug": bug["id"], "way": way, "seed": seed, "rule": rule,
            "right": rule is not None and
            (way in FREE or rule in bug["rules"]),
            "cpu_seconds": round(spent, 3), "executions": executions,
            "path": path and str(path)}


def program_of(bugs, bug, way):
    if way not in FREE:
        return bugs.build_program(bug)
    checker = "tsan" if way == "threads" else "asan"
    return bugs.build_program(bug, f"{checker}-{bug['build']}")


def quantile(times, share):
    """Of sorted times; a trial that found nothing is an infinite one."""
    return times[min(len(times) - 1, math.ceil(share * len(times)) - 1)]


def summary(trials):
    times = sorted(t["cpu_seconds"] if t["rule"] else INFINITE
                   for t in trials)
    executions = sorted(t["executions"] if t["rule"] else INFINITE
                        for t in trials)
    found = {"found": sum(t["rule"] is not None for t in trials),
             "right": sum(t["right"] for t in trials), "of": len(trials)}
    if trials:
        found |= {"median": quantile(times, 0.5), "low": quantile(times, 0.25),
                  "high": quantile(times, 0.75),
                  "executions": quantile(executions, 0.5)}
    return found


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


def cell(trials, budget):
    s = summary(trials)
    if not trials:
        return "–"
    executions = "–" if s["executions"] == INFINITE else f"{s['executions']:,}"
    wrong = s["found"] - s["right"]
    return (f"{s['found']}/{s['of']}" +
            (f" ({wrong} by another rule)" if wrong else "") +
            f", {seconds_text(s['median'], budget)} "
            f"({seconds_text(s['low'], budget)}–"
            f"{seconds_text(s['high'], budget)}), {executions}")


def of(trials, bug, way):
    return [t for t in trials if t["bug"] == bug["id"] and t["way"] == way]


def table(chosen, ways, trials, budget):
    """The table as Markdown."""
    keys = [k for k in ("component", "class", "depth") if k in chosen[0]]
    lines = ["| " + " | ".join(["bug"] + keys + [
        f"{way}: found, median s (quartiles), executions" for way in ways]) +
        " |", "|" + " --- |" * (1 + len(keys) + len(ways))]
    for bug in chosen:
        cells = [f"{bug['id']} {bug['title']}"] + \
            [str(bug[k]) for k in keys] + \
            [cell(of(trials, bug, way), budget) for way in ways]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def both_find(one, two):
    """Of the bugs that two ways find: how long each takes, in seconds."""
    first, second = (quantile(sorted(times), 0.5) for times in (one, two))
    ratio = quantile(sorted(b / a for a, b in zip(one, two)), 0.5)
    return (f"of the {len(one)} that both find, half are found by the first "
            f"in {first:.2f} s, by the second in {second:.2f} s, "
            f"{second / first:.1f} times as long; bug by bug, the median of "
            f"the ratios is 1/{ratio:.1f}, and ")


def compare(chosen, trials, way, other, budget):
    """One sentence: what `way` finds beside `other`, and how much sooner."""
    faster = slower = only = only_other = 0
    one, two, bounds = [], [], []
    both = [bug for bug in chosen
            if of(trials, bug, way) and of(trials, bug, other)]
    if not both:
        return f"No bug has trials of both `{way}` and `{other}`."
    for bug in both:
        times = [[t["cpu_seconds"] if t["rule"] else INFINITE
                  for t in of(trials, bug, w)] for w in (way, other)]
        medians = [quantile(sorted(t), 0.5) for t in times]
        only += medians[0] < INFINITE == medians[1]
        only_other += medians[1] < INFINITE == medians[0]
        first, second = (min(max(m, 0.01), budget) for m in medians)
        bounds.append(second / first)
        if INFINITE not in medians:
            one.append(first)
            two.append(second)
        if rank_test(*times) < 0.05:
            faster += medians[0] < medians[1]
            slower += medians[0] > medians[1]
    sooner = "" if not one else both_find(one, two)
    bound = quantile(sorted(bounds), 0.5)
    return (f"`{way}` beside `{other}`, {budget:g} seconds each, {len(both)} "
            f"bugs: {only} "
            f"bugs are found by the first in half of the trials and not by "
            f"the second, {only_other} the other way round; {sooner}"
            f"of all 1/{bound:.1f} where a median over the budget counts as "
            f"the budget; significantly sooner (rank test, p < 0.05) for "
            f"{faster}, later for {slower}.")


def plot(ways, trials, budget):
    """Bugs found over CPU time, the mean over trials, as SVG: of the bugs that
    the first way has tried, by the ways that have tried them all."""
    width, height, left, bottom = 720, 420, 50, 40
    low = 0.05
    tried_by = {way: {t["bug"] for t in trials if t["way"] == way}
                for way in ways}
    tried = tried_by[ways[0]]
    ways = [way for way in ways if tried_by[way] >= tried]
    trials = [t for t in trials if t["bug"] in tried]
    count = max(1, len(tried))

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
               f'CPU time, logarithmic; {len(tried)} bugs</text>')
    for way, colour in zip(ways, COLOURS):
        mine = [t for t in trials if t["way"] == way]
        trials_of = collections.Counter(t["bug"] for t in mine)
        path, found = f"M{left} {y_of(0):.1f}", 0.0
        for at, bug in sorted((t["cpu_seconds"], t["bug"]) for t in mine
                              if t["rule"]):
            path += f" H{x_of(min(at, budget)):.1f}"
            found += 1 / trials_of[bug]
            path += f" V{y_of(found):.1f}"
        path += f" H{width - 20}"
        row = 24 + 16 * list(ways).index(way)
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" '
                   f'stroke-width="2"/><text x="{left + 10}" y="{row}" '
                   f'fill="{colour}">{way}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def load_trials(path, chosen, keys, seconds):
    """Those of the programs as they are now, with that budget. Which rules are
    right is asked of the metadata as it is now."""
    if not path.exists():
        return []
    rules = {bug["id"]: bug["rules"] for bug in chosen}
    trials = []
    for line in path.read_text().splitlines():
        t = json.loads(line)
        if t["key"] == keys.get(t["bug"]) and t["seconds"] == seconds:
            if "rule" in t:
                t["right"] = t["rule"] is not None and \
                    (t["way"] in FREE or t["rule"] in rules[t["bug"]])
            trials.append(t)
    return trials


def missing(chosen, ways, options, trials):
    """(bug, way, seed) of what is to be run yet, in order."""
    done = {(t["bug"], t["way"], t["seed"]) for t in trials}
    return [(bug, way, seed) for way in ways
            for seed in range(1, options.trials + 1) for bug in chosen
            if (bug["id"], way, seed) not in done]


def run_missing(bugs, todo, keys, options, trials):
    started = time.monotonic()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with open(options.results, "a") as results:
        for number, (bug, way, seed) in enumerate(todo, 1):
            spent = (time.monotonic() - started) / 60
            if options.minutes is not None and spent > options.minutes:
                sys.stderr.write(f"{len(todo) - number + 1} trials are left\n")
                return
            program = program_of(bugs, bug, way)
            t = trial(bugs, bug, program, way, seed, options.seconds)
            t |= {"key": keys[bug["id"]], "seconds": options.seconds}
            trials.append(t)
            results.write(json.dumps(t) + "\n")
            results.flush()
            sys.stderr.write(
                f"[{number}/{len(todo)}] {bug['id']} {way} seed {seed}: "
                f"{t['rule'] or 'not found'}"
                f"{'' if t['right'] or not t['rule'] else ' (wrong)'}, "
                f"{t['executions']} executions, {t['cpu_seconds']} s\n")


def run_smallest(bugs, chosen, keys, options, trials):
    """The smallest schedule of one finding of each bug, kept as a trial."""
    with open(options.results, "a") as results:
        for bug in chosen:
            paths = [t["path"] for t in trials if t["bug"] == bug["id"] and
                     t["right"] and t["way"] not in FREE and
                     pathlib.Path(t["path"]).exists()]
            if of(trials, bug, "smallest") or not paths:
                continue
            sizes = bugs.minimize(bugs.build_program(bug), paths[0])
            if sizes is None:
                continue
            found = json.loads((pathlib.Path(paths[0]) / "minimized" /
                                "finding.json").read_text())
            t = sizes["after"] | {
                "bug": bug["id"], "way": "smallest", "seed": 0,
                "switches": found["switches"], "key": keys[bug["id"]],
                "seconds": options.seconds}
            trials.append(t)
            results.write(json.dumps(t) + "\n")
            results.flush()
            sys.stderr.write(f"{bug['id']} {smallest_text(trials, bug)}\n")


def smallest_text(trials, bug):
    for t in of(trials, bug, "smallest"):
        return (f"{t['threads']} threads, {t['operations']} operations, "
                f"{t['preemptions']} preemptions, {t['switches']} switches")
    return "–"


def bench(bugs, chosen, options):
    ways = options.ways.split(",")
    for way in ways:
        if way not in WAYS:
            bugs.fail(f"no such way to look: {way}; there are "
                      f"{', '.join(WAYS)}")
    keys = {bug["id"]: bugs.key_of(bug) for bug in chosen}
    trials = load_trials(options.results, chosen, keys, options.seconds)
    run_missing(bugs, missing(chosen, ways, options, trials), keys, options,
                trials)
    if options.minimize:
        run_smallest(bugs, chosen, keys, options, trials)
    trials = [t for t in trials if t["way"] in ways + ["smallest"]]
    if options.json:
        for t in trials:
            print(json.dumps(t))
    else:
        print(report(chosen, ways, trials, options.seconds))
    if options.write:
        write(bugs, chosen, ways, trials, options.seconds)
    return 0


def report(chosen, ways, trials, budget):
    parts = [table(chosen, ways, trials, budget)]
    parts += [compare(chosen, trials, ways[0], way, budget)
              for way in ways[1:]]
    return "\n\n".join(parts)


# ---------------------------------------------------------------------------
# corpus/bugs/README.md


def count_text(values):
    values = list(values)
    counts = {v: values.count(v) for v in sorted(set(values))}
    return ", ".join(f"{v} {n}" for v, n in counts.items())


def found_text(chosen, way, trials):
    mine = [of(trials, bug, way) for bug in chosen]
    tried = [m for m in mine if m]
    sure = sum(sum(t["right"] for t in m) * 10 >= len(m) * 9 for m in tried)
    ever = sum(any(t["right"] for t in m) for m in tried)
    fewest = min((len(m) for m in tried), default=0)
    most = max((len(m) for m in tried), default=0)
    number = str(fewest) if fewest == most else f"{fewest} to {most}"
    return (f"`{way}`, {number} trials of each: {ever} of {len(tried)} bugs "
            f"are found by a right rule, {sure} of them in nine trials of ten "
            "or more.")


def missed_text(chosen, way, trials):
    lines = []
    for bug in chosen:
        mine = of(trials, bug, way)
        right = sum(t["right"] for t in mine)
        if mine and right * 10 < len(mine) * 9:
            why = bug.get("missed", "not explained yet")
            lines.append(f"- {bug['id']} ({right}/{len(mine)}): {why}.")
    return "\n".join(lines) or "None."


README = """# The bench of seeded bugs

{count} mistakes, one patch each, most of them re-made from real ones of
CPython; their form is in `corpus/README.md`. This file is written by

```
scripts/bugs bench --ways {ways} --trials N --write
```

A trial is a campaign of one process that knows nothing of the bug, with a
budget of {budget:g} seconds of processor time. Times are of the whole process,
to the first finding. The runtime and the harness were those of commit {commit}.

By component: {components}.

By class: {classes}.

Depth, the context switches that a schedule must have in their order: {depths}.
{deep} bugs need three or more. The last column of the last table says what a
finding was minimized to.

## Found

{found}

{comparison}

The plot leaves out ways that have not tried all of these bugs.

![bugs found over processor time](bench.svg)

## Missed, with `{first}`

{missed}

## Each bug

{table}

## Where they come from

{sources}
"""


def wrapped(text):
    """Lines of 80 columns, but for the rows of tables."""
    lines = [line if line.startswith("|") else
             textwrap.fill(line, 80, break_on_hyphens=False,
                           subsequent_indent=line[:2].replace("-", " ")
                           if line.startswith("- ") else "")
             for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def write(bugs, chosen, ways, trials, budget):
    sources = "\n".join(["| bug | upstream | right rules | smallest found |",
                         "| --- | --- | --- | --- |"] +
                        [f"| {b['id']} | {b['upstream']} | "
                         f"{', '.join(b['rules'])} | "
                         f"{smallest_text(trials, b)} |" for b in chosen])
    text = README.format(
        count=len(chosen), ways=",".join(ways), budget=budget,
        commit=bugs.run(["git", "rev-parse", "--short", "HEAD"],
                        cwd=bugs.ROOT).strip(),
        components=count_text(b["component"] for b in chosen),
        classes=count_text(b["class"] for b in chosen),
        depths=count_text(b["depth"] for b in chosen),
        deep=sum(b["depth"] >= 3 for b in chosen),
        found="\n\n".join(found_text(chosen, w, trials) for w in ways),
        comparison="\n\n".join(compare(chosen, trials, ways[0], w, budget)
                                for w in ways[1:]),
        first=ways[0], missed=missed_text(chosen, ways[0], trials),
        table=table(chosen, ways, trials, budget), sources=sources)
    (bugs.BUGS / "README.md").write_text(wrapped(text))
    (bugs.BUGS / "bench.svg").write_text(plot(ways, trials, budget))


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
    chosen = [{"id": "0001", "title": "t", "component": "gc", "depth": 2}]
    assert "| gc | 2 | 3/4, 2.00 (1.00–3.00), 2 |" in \
        table(chosen, ["default"], mine, 10)
    assert cell([], 10) == "–"
    assert "1 of 1 bugs are found by a right rule, 0 of them" in \
        found_text(chosen, "default", mine)
    assert "- 0001 (3/4): not explained" in \
        missed_text(chosen, "default", mine)
    assert missed_text(chosen, "default", mine[:3]) == "None."
    assert plot(["default"], [], 10).count("<path") == 1
    other = [mine[0] | {"bug": "0002", "way": "pct"}]
    for paths in (1, 2):
        drawn = plot(["default", "pct"], mine + other, 10)
        assert "; 1 bugs<" in drawn and drawn.count("<path") == paths
        other.append(mine[0] | {"way": "pct"})
    small = {"bug": "0001", "way": "smallest", "threads": 2, "operations": 3,
             "preemptions": 1, "switches": 2}
    assert smallest_text(mine, chosen[0]) == "–"
    assert "1 preemptions, 2 switches" in smallest_text(mine + [small],
                                                        chosen[0])
    assert wrapped("| " + "x " * 60 + "|\n- " + "y " * 50 + "\n") == \
        "| " + "x " * 60 + "|\n- " + ("y " * 39).rstrip() + "\n  " + \
        ("y " * 11).rstrip() + "\n"
    test_comparing()
    test_resuming(mine)


def test_comparing():
    """Three bugs: both find one, the second never finds the next, and neither
    the last."""
    times = {"0001": ([1] * 6, [5] * 6), "0002": ([2] * 6, [None] * 6),
             "0003": ([None] * 6, [None] * 6)}
    trials = [{"bug": bug, "way": way, "seed": seed, "rule": at and "A",
               "right": at is not None, "cpu_seconds": at or 60}
              for bug, both in times.items()
              for way, mine in zip(("default", "pct"), both)
              for seed, at in enumerate(mine)]
    for t in trials:
        t["executions"] = 1
    said = compare([{"id": bug} for bug in times], trials, "default", "pct",
                   60)
    assert "3 bugs: 1 bugs are found by the first" in said, said
    assert "of the 1 that both find, half are found by the first in 1.00 s, " \
        "by the second in 5.00 s" in said, said
    assert "of all 1/5.0 " in said, said
    assert "p < 0.05) for 2, later for 0" in said, said
    said = compare([{"id": "0002"}], trials, "default", "pct", 60)
    assert "that both find" not in said and "of all 1/30.0 " in said, said
    assert compare([], trials, "default", "pct", 60).startswith("No bug")
    # The ratio of the medians is not the median of the ratios.
    said = both_find([1, 2, 4], [20, 8, 12])
    assert "in 2.00 s, by the second in 12.00 s, 6.0 times" in said, said
    assert "the ratios is 1/4.0" in said, said


def test_resuming(mine):
    """A trial that is kept is not made again, unless the program is another
    one or the budget is."""
    options = argparse.Namespace(trials=2)
    bug = {"id": "0001", "rules": ["A"]}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "kept"
        assert load_trials(path, [bug], {}, 10) == []
        path.write_text(json.dumps(mine[0] | {"key": "k", "seconds": 10}) +
                        "\n")
        kept = load_trials(path, [bug], {"0001": "k"}, 10)
        assert load_trials(path, [bug], {"0001": "other"}, 10) == []
        assert load_trials(path, [bug], {"0001": "k"}, 60) == []
        bug["rules"] = ["B"]
        assert not load_trials(path, [bug], {"0001": "k"}, 10)[0]["right"]
    todo = missing([bug], ["default"], options, kept)
    assert [(b["id"], w, seed) for b, w, seed in todo] == \
        [("0001", "default", 2)]


def handwritten_test(build):
    """Nothing is wrong with a clean program, and a seeded bug is found."""
    build, root = pathlib.Path(build), pathlib.Path(__file__).parents[1]
    cache = build / "handwritten-cache"
    programs = handwritten_programs(root)
    assert len(programs) >= 15
    for path in programs:
        rule = run_handwritten(build / "ftfuzz", path, cache)
        assert rule is None, f"{path.name}: {rule}"
    made = subprocess.run([root / "scripts" / "bugs", "build", "0001"],
                          stdout=subprocess.PIPE, text=True, check=True)
    assert any(run_handwritten(made.stdout.split()[-1], path, cache)
               for path in programs)
