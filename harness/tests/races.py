"""Our race detector beside ThreadSanitizer, on small programs of our own.

races.py FTFUZZ [--schedules N] [--runs N] [--print] [--case NAME]
races.py FTFUZZ --cost

Each case of bench/races/cases.def is built twice. Ours executes it under so
many random schedules, half of them with --weak, and what is clean in all orders
that its conflicting events can have (dpor); ThreadSanitizer so many times on
free OS threads, a process each. What ours says must be what the table says of
it, and differ from the standard only where the table has a reason; so must a
race that only ThreadSanitizer sees. Where it sees none in so few runs, that is
luck, and is printed.

--cost: nanoseconds for each plain access, with either.
"""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent / "bench" / "races"
COMPILER = ["clang-19", "-g", "-O1", "-D_GNU_SOURCE", "-mcx16", "-Wall",
            "-Wextra", "-Werror"]
TSAN = ["-fsanitize=thread", "-DRACES_FREE", "-lpthread"]
TSAN_OPTIONS = ("exitcode=66:halt_on_error=1:symbolize=0:detect_deadlocks=0:"
                "report_mutex_bugs=0:report_thread_leaks=0:handle_segv=0")
OURS = {"DATA_RACE", "USE_AFTER_FREE"}
MAX_ORDERS = 20000
ROW = re.compile(r'^RACE_CASE\((\w+), (\w+), (\w+), (\w+), "(.*)"\)$', re.M)


def compile_program(name, sources, flags, folder):
    program = folder / name
    subprocess.run([*COMPILER, "-o", program, *sources, *flags], check=True)
    return str(program)


def build(ftfuzz, folder, cost):
    sources = [HERE / "cost.c"] if cost else [
        source for source in sorted(HERE.glob("*.c")) if source.stem != "cost"]
    flags = subprocess.run([ftfuzz, "sct", "--flags"], capture_output=True,
                           text=True, check=True).stdout.split()
    return (compile_program("ours", sources, flags, folder),
            compile_program("tsan", sources, TSAN, folder))


def run_ours(ftfuzz, program, name, schedules):
    """{rule: schedules}; each trial is one schedule of its own seed."""
    counts = {}
    for weak in ([], ["--weak"]):
        done = subprocess.run(
            [ftfuzz, "sct", "--races", *weak, "--quiet", "--strategy",
             "random", "--trials", str(schedules // 2), "--executions", "1",
             program, "--", name],
            capture_output=True, text=True, timeout=120)
        rules = re.findall(r"^trial=\d+ found_at=(\d+) .* rule=(\S+)",
                           done.stdout, re.M)
        if len(rules) != schedules // 2:
            sys.exit(f"races.py: {name}: {done.stdout}{done.stderr}")
        for at, rule in rules:
            if at != "0":
                counts[rule] = counts.get(rule, 0) + 1
    return counts


def run_all_orders(ftfuzz, program, name):
    """How many orders there are, none of them with a finding; or None."""
    done = subprocess.run(
        [ftfuzz, "sct", "--races", "--quiet", "--strategy", "dpor",
         "--executions", str(MAX_ORDERS), program, "--", name],
        capture_output=True, text=True, timeout=120)
    found = re.search(r" executions=(\d+) rule=- exhausted$", done.stdout, re.M)
    return int(found[1]) if found and done.returncode == 0 else None


def start_tsan(program, runs, name):
    only = [name] if name is not None else []
    return subprocess.Popen(
        [program, str(runs), *only], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "TSAN_OPTIONS": TSAN_OPTIONS})


def results_of(tsan):
    """{case: (runs with a race, runs that failed otherwise)}"""
    rows = (line.split() for line in tsan.communicate()[0].splitlines())
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def judge_tsan(name, standard, expected, races, failures):
    """What is wrong, and what to print."""
    seen = "fails" if failures else "racy" if races else "clean"
    if seen == expected or seen == standard == "racy":
        return None, ""
    if expected == "racy" and seen == "clean":
        return None, "not seen in these runs"
    return f"{name}: TSan is {seen}, the table has {expected}", seen


def compare(ftfuzz, options, folder):
    ours, tsan = build(ftfuzz, folder, cost=False)
    rows = [row for row in ROW.findall((HERE / "cases.def").read_text())
            if options.case in (None, row[0])]
    theirs = start_tsan(tsan, options.runs, options.case)
    by_ours = {row[0]: run_ours(ftfuzz, ours, row[0], options.schedules)
               for row in rows}
    orders = {row[0]: run_all_orders(ftfuzz, ours, row[0])
              for row in rows if row[2] == "clean"}
    by_tsan = results_of(theirs)
    wrong, agree, reasons, unseen = [], 0, 0, 0
    for name, standard, expect_ours, expect_tsan, reason in rows:
        counts = by_ours[name]
        races = sum(n for rule, n in counts.items() if rule in OURS)
        verdict = "racy" if races else "clean"
        if set(counts) - OURS or verdict != expect_ours:
            wrong.append(f"{name}: {counts or 'clean'}, the table has "
                         f"{expect_ours}")
        if expect_ours == "clean" and orders[name] is None:
            wrong.append(f"{name}: not all orders were executed, or not clean")
        tsan_races, tsan_failures = by_tsan[name]
        what, note = judge_tsan(name, standard, expect_tsan, tsan_races,
                                tsan_failures)
        if what is not None:
            wrong.append(what)
        if {expect_ours, expect_tsan} != {standard}:
            reasons += 1
            note = f"{note} {reason}".strip()
            if not reason:
                wrong.append(f"{name}: differs without a reason")
        unseen += note == "not seen in these runs"
        agree += expect_ours == expect_tsan
        if options.print or note:
            print(f"{name:24} {standard:6} ours {races:4}/{options.schedules}"
                  f"  TSan {tsan_races + tsan_failures:3}/{options.runs}"
                  f"  {note}")
    print(f"races.py: {len(orders)} clean programs in all orders that they "
          f"have, {sum(filter(None, orders.values()))} together")
    print(f"races.py: {len(rows)} programs; both detectors agree on {agree}; "
          f"{reasons} differ from the standard or from each other, with a "
          f"reason; {unseen} races not seen by TSan in {options.runs} runs")
    return wrong


# ---------------------------------------------------------------------------
# Cost

ACCESSES = 1024                 # of a round of one thread
WORKLOADS = (("first thread, alone", 0, 0), ("one thread", 1, 0),
             ("two threads, own words", 2, 0), ("two threads, a mutex", 2, 1))
TRIES = 5


def cpu_time(command):
    """Seconds of a process and its children: what others do counts little."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"races.py: {command}: exit status {done.returncode}")
    return (after.ru_utime - before.ru_utime +
            after.ru_stime - before.ru_stime)


def per_access(command, workload, rounds):
    """Nanoseconds; the start of the process is taken off."""
    _, threads, locked = workload
    ends = [min(cpu_time([*command, str(threads), str(n), str(locked)])
                for _ in range(TRIES)) for n in (1, rounds)]
    return ((ends[1] - ends[0]) * 1e9 /
            (ACCESSES * max(threads, 1) * (rounds - 1)))


def cost(ftfuzz, folder):
    ours, tsan = build(ftfuzz, folder, cost=True)
    plain = compile_program("plain", [HERE / "cost.c"], ["-lpthread"], folder)
    sct = [ftfuzz, "sct", "--quiet", "--strategy", "round-robin",
           "--executions", "1", "--budget", "1000000000", "--races"]
    print(f"{'ns per plain access':24} {'none':>7} {'TSan':>7} {'ours':>7} "
          f"{'ratio':>7} {'as points':>10}")
    for workload in WORKLOADS:
        none = per_access([plain], workload, 40000)
        theirs = per_access([tsan], workload, 20000)
        detector = per_access([*sct, "--atomics-only", ours, "--"], workload,
                              10000)
        points = per_access([*sct, ours, "--"], workload, 1000)
        print(f"{workload[0]:24} {none:7.2f} {theirs:7.2f} {detector:7.2f} "
              f"{detector / theirs:7.2f} {points:10.2f}")
    print(f"CPU time, least of {TRIES}. none, TSan: free OS threads. as "
          "points: each access is a\nscheduling point, too.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ftfuzz")
    parser.add_argument("--schedules", type=int, default=80)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--case")
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.cost:
            cost(options.ftfuzz, pathlib.Path(folder))
            return
        wrong = compare(options.ftfuzz, options, pathlib.Path(folder))
    if wrong:
        sys.exit("races.py: " + "\nraces.py: ".join(wrong))


main()
