# ftcpython.py: `ftfuzz cpython`: finds, replays, minimises and sorts failures
# of a free-threaded CPython, or of an extension, under chosen schedules.

import argparse
import glob
import json
import os
import random
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import Engine, EngineError, Schedule  # noqa: E402
from free_campaign import FreeCampaign  # noqa: E402
from findings import Finding, is_finding  # noqa: E402
from groups import (fold, is_generic, is_specific,  # noqa: E402
                    parties_of)
from generate import FINDER, Generator, Vocabulary  # noqa: E402
from minimize import Minimizer, shows  # noqa: E402
from reports import (PLUMBING, Suppressions, Symbolizer,  # noqa: E402
                     describe, failures_of)

CLEAN, USAGE, FOUND, DIFFERENT = 0, 2, 77, 78
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
# How often each strategy chooses: what it costs and finds differs by program.
STRATEGIES = [("pos", 4), ("random", 2), ("pct", 3), ("sticky", 3),
              ("preemption", 2), ("race-pct", 2)]
# A program is run under so many schedules, more if it keeps showing new things.
RUNS_FIRST = 3
RUNS_MORE = 6
OPERATIONS_FREE = 8             # of a thread, at most, where none is chosen
COPIES = 12                     # of the shared objects, where more is better


def fail(text):
    print("ftfuzz cpython: %s" % text, file=sys.stderr)
    sys.exit(USAGE)


def script(*arguments):
    return subprocess.run([os.path.join(REPOSITORY, "scripts", "cpython"),
                           *arguments], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


def interpreter_of(options):
    path = options.interpreter or script("--path", "ft-engine")
    if not os.path.exists(path):
        fail("%s is missing: make it with scripts/cpython ft-engine" % path)
    return path


def suppressions_of(options):
    if getattr(options, "all", False):
        return Suppressions()
    return Suppressions(os.path.join(
        script("--source-of"), "Tools", "tsan",
        "suppressions_free_threading.txt"))


def engine_of(options, finding=None, debug_malloc=False):
    """As the options say, or as a finding was made."""
    modules, path = options.module or [], options.path or ""
    if finding is not None:
        modules = finding.options.get("modules", [])
        path = finding.options.get("path", "")
        debug_malloc = finding.options.get("debug_malloc", False)
    return Engine(interpreter_of(options), modules, path, not options.no_aslr,
                  debug_malloc)


def run_options(finding):
    return {key: finding.options[key] for key in ("races", "plain", "budget")
            if key in finding.options}


def draw_schedule(rng, steps):
    names, weights = zip(*STRATEGIES)
    return Schedule(rng.choices(names, weights)[0], rng.randrange(1 << 48),
                    rng.randint(1, 5), expected_steps=steps)


# ---------------------------------------------------------------------------
# fuzz


class Campaign:
    def __init__(self, options):
        self.options = options
        self.engine = engine_of(options)
        self.rough = engine_of(options, debug_malloc=True)
        self.suppressions = suppressions_of(options)
        self.symbolizer = Symbolizer(self.engine.program)
        self.random = random.Random(options.seed)
        self.known = set()
        self.places = set()             # functions that failed
        self.seen = []                  # failures of the program
        self.counts = {}
        self.runs = self.programs = self.steps = self.suppressed = 0
        self.long = 0
        self.last_line = 0.0
        self.text = None
        if options.lifted > 0 and "FTFUZZ" not in os.environ:
            fail("--lifted: FTFUZZ does not name ftfuzz")
        if options.script:
            with open(options.script) as file:
                self.text = file.read()
        else:
            program = self.engine.program
            self.generator = Generator(vocabulary_of(program), options.seed,
                                       options.kinds and
                                       options.kinds.split(","))
            if not self.generator.kinds:
                fail("no such kind; `ftfuzz cpython kinds` lists them")
        for folder in glob.glob(os.path.join(options.findings, "*")):
            if is_finding(folder):
                finding = Finding.load(folder)
                self.known.add(finding.signature)
                self.places |= set(map(tuple, finding.parties))

    def progress(self, start, force=False):
        now = time.monotonic()
        if force or now - self.last_line > 10:
            self.last_line = now
            seconds = max(now - start, 0.001)
            print("%4d s  programs %d  runs %d (%.1f/s)  points %d  failures "
                  "%s  suppressed %d  over budget %d" % (
                      seconds, self.programs, self.runs, self.runs / seconds,
                      self.steps, dict(sorted(self.counts.items())) or 0,
                      self.suppressed, self.long), flush=True)

    def suppressed_by_list(self, failure):
        known = self.suppressions.suppress(failure)
        self.suppressed += known
        return known

    def is_elsewhere(self, failure):
        """Whether it is no other pair of functions that have failed before:
        only that is worth to be searched further."""
        places = set(parties_of(failure, PLUMBING.match))
        if failure.rule == "DATA_RACE" and not is_generic(places):
            places = {place for place in places if is_specific(*place)}
        new = failure.rule != "DATA_RACE" or not places <= self.places
        self.places |= places
        return new

    def note(self, program, text, schedule, options, answer):
        """How many failures are new, and in other code."""
        new = 0
        failures = [failure for failure in failures_of(answer, self.symbolizer)
                    if not self.suppressed_by_list(failure)]
        for failure in failures:
            if failure.rule in ("STEP_BUDGET", "MEMORY") and \
                    not self.options.long:
                self.long += 1          # most double a list a few times
                continue
            if failure.signature in self.known:
                continue
            self.known.add(failure.signature)
            self.counts[failure.rule] = self.counts.get(failure.rule, 0) + 1
            new += self.is_elsewhere(failure)
            replayed = Schedule(schedule.strategy, schedule.seed,
                                schedule.depth,
                                bytes.fromhex(answer["tape"])
                                if "tape" in answer else None,
                                schedule.expected_steps)
            made = dict(options, modules=self.engine.modules,
                        path=self.engine.path)
            finding = Finding.make(self.options.findings, program, text,
                                   replayed, made, failure, answer,
                                   failures + self.seen)
            finding.save()
            print("NEW %s  %s" % (failure.signature, finding.folder),
                  flush=True)
        # Where the detector is off, what was seen before is the cause.
        self.seen = self.seen + failures
        return new

    def draw_program(self):
        """(Program or None, text)."""
        if self.text is not None:
            return None, self.text
        if self.random.random() < self.options.lifted:
            return None, subprocess.run(
                [os.environ["FTFUZZ"], "run", "--seed",
                 str(self.random.randrange(1 << 48)), "--python"], text=True,
                check=True, stdout=subprocess.PIPE).stdout
        program = None
        if self.random.random() < self.options.outcomes:
            program = self.generator.next_outcome()
        program = program or self.generator.next()
        return program, program.text()

    def one_program(self, start):
        program, text = self.draw_program()
        self.programs += 1
        self.seen = []
        new, steps, left = 0, 0, RUNS_FIRST
        while left > 0 and not self.is_over(start):
            left -= 1
            schedule = draw_schedule(self.random, steps)
            plain = self.random.random() < self.options.plain
            options = {"races": not self.options.no_races, "plain": plain,
                       "budget": self.options.budget * (8 if plain else 1)}
            try:
                answer = self.engine.run(text, schedule, seconds=30, **options)
            except EngineError as error:
                if "refused" not in str(error):
                    print("note: %s" % error, flush=True)
                    self.engine.stop()
                break
            self.runs += 1
            steps = answer.get("steps", 0)
            self.steps += steps
            found = self.note(program, text, schedule, options, answer)
            new += found
            if found:
                left = max(left, RUNS_MORE)
            if "died" in answer:
                break
            self.progress(start)
        if new and not self.options.no_races:
            new += self.follow(program, text, self.options.follow, start)
        if program is not None and not program.outcomes:
            self.generator.learn(program, new)

    def is_over(self, start):
        options = self.options
        return (time.monotonic() - start > options.seconds or
                0 < options.runs <= self.runs or
                self.counts.get(options.until, 0) > 0)

    def follow(self, program, text, runs, start):
        """What raced is run again, with every access a point and without the
        detector but CPython's debug hooks of memory, for what the race leads
        to: crashes, fatal errors, waits that never end. There are several of
        the shared objects, one after the other: each may break."""
        if program is not None:
            program = program.copy()
            program.copies = COPIES
            text = program.text()
        options = {"races": False, "plain": True,
                   "budget": self.options.budget * 8}
        new = steps = 0
        for _ in range(runs):
            if self.is_over(start):
                break
            schedule = draw_schedule(self.random, steps)
            try:
                answer = self.rough.run(text, schedule, seconds=30, **options)
            except EngineError:
                self.rough.stop()
                break
            self.runs += 1
            steps = answer.get("steps", 0)
            self.steps += steps
            new += self.note(program, text, schedule,
                             dict(options, debug_malloc=True), answer)
            self.progress(start)
        return new

    def follow_all(self, folders):
        """The same for findings of before."""
        start = time.monotonic()
        for folder in folders:
            small = os.path.join(folder, "minimized")
            finding = load(small if is_finding(small) else folder)
            self.programs += 1
            self.seen = []
            self.follow(finding.program, finding.text, self.options.follow,
                        start)
        self.progress(start, True)
        self.engine.stop()
        self.rough.stop()
        return FOUND if self.counts else CLEAN

    def run(self):
        os.makedirs(self.options.findings, exist_ok=True)
        start = time.monotonic()
        try:
            while not self.is_over(start):
                self.one_program(start)
        except KeyboardInterrupt:
            pass
        self.progress(start, True)
        self.engine.stop()
        self.rough.stop()
        return FOUND if self.counts else CLEAN


def fuzz(options):
    campaign = Campaign(options)
    if options.before:
        os.makedirs(options.findings, exist_ok=True)
        return campaign.follow_all(options.before)
    return campaign.run()


# ---------------------------------------------------------------------------
# replay, minimize, triage, run


def load(folder):
    if not is_finding(folder):
        fail("%s is no finding" % folder)
    return Finding.load(folder)


def replay(options):
    finding = load(options.finding)
    same = traces = 0
    symbolizer = Symbolizer(interpreter_of(options))
    engine = engine_of(options, finding)
    for n in range(options.times):
        # In a process of its own, a fork; and that of one started afresh.
        if n % options.forks == 0:
            engine.stop()
        answer = engine.run(finding.text, finding.schedule,
                            **run_options(finding))
        failure, _ = shows(answer, finding.signature, symbolizer)
        same += failure is not None
        traces += answer.get("trace") == finding.trace
        if n == 0 and failure is not None:
            print(describe(failure), end="")
    engine.stop()
    print("replayed: the same failure %d of %d times, the same trace %d" %
          (same, options.times, traces))
    return FOUND if same == options.times else DIFFERENT


def minimize(options):
    status = FOUND
    for folder in options.findings:
        finding = load(folder)
        with engine_of(options, finding) as engine:
            minimizer = Minimizer(engine, finding, run_options(finding),
                                  seconds=options.seconds)
            best = minimizer.run()
        if best is None:
            print("%s does not fail any more" % folder)
            status = DIFFERENT
            continue
        program, schedule, answer, failure, failures = best
        if "tape" in answer:
            schedule.tape = bytes.fromhex(answer["tape"])
        small = Finding.make(folder, program,
                             program.text() if program else finding.text,
                             schedule, finding.options, failure, answer,
                             failures)
        small.cause = small.cause or finding.cause
        small.folder = os.path.join(folder, "minimized")
        small.save()
        print("%s: %d operations, %s switches, %d lines, after %d runs" % (
            small.folder, program.operations() if program else 0,
            answer.get("switches"), len(small.text.strip().split("\n")),
            minimizer.runs), flush=True)
    return status


def triage(options):
    found = {}
    for folder in sorted(glob.glob(os.path.join(options.findings, "*"))):
        if is_finding(folder):
            small = os.path.join(folder, "minimized")
            found[folder] = load(small if is_finding(small) else folder)
    folded = list(fold([(folder, f.rule, f.signature, f.parties, f.cause,
                         f.folder != folder) for folder, f in found.items()]))
    folded.sort(key=lambda group: (found[group[0]].rule == "DATA_RACE",
                                   -len(group), group))
    for group in folded:
        first = found[group[0]]
        places = sorted({"%s (%s)" % tuple(party) for folder in group
                         for party in found[folder].parties})
        print("%s: %d finding%s, %s" % (first.rule, len(group), "s" * (
            len(group) > 1), ", ".join(places[:6])))
        for folder in group:
            print("    %s  %s" % (folder, found[folder].signature))
    print("%d findings, %d groups" % (len(found), len(folded)))
    if options.json:
        with open(options.json, "w") as file:
            json.dump([[{"finding": folder, "rule": found[folder].rule,
                         "signature": found[folder].signature}
                        for folder in group] for group in folded], file,
                      indent=1)
    return FOUND if found else CLEAN


def run(options):
    with open(options.script) as file:
        text = file.read()
    traces = {}
    last = None
    for n in range(options.repeat):
        schedule = Schedule(options.strategy, options.seed, options.depth)
        if last is None or options.fresh:
            if last is not None:
                last.stop()
            last = engine_of(options)
        answer = last.run(text, schedule, races=not options.no_races,
                          plain=options.plain > 0)
        traces[answer.get("trace")] = traces.get(answer.get("trace"), 0) + 1
        if n == 0:
            sys.stdout.write(answer["output"])
            for failure in failures_of(answer, Symbolizer(last.program)):
                print(describe(failure))
            print("%s points, %s switches, %s threads" % (
                answer.get("steps"), answer.get("switches"),
                answer.get("threads")))
    last.stop()
    print("traces: %s" % traces)
    return CLEAN if len(traces) == 1 else DIFFERENT


def check(options):
    """Determinism: each of some programs is run many times, over several
    processes; all traces of one program and schedule must be the same."""
    program = interpreter_of(options)
    generator = Generator(vocabulary_of(program), options.seed)
    rng = random.Random(options.seed)
    work = []
    for _ in range(options.programs):
        work.append((generator.next().text(), draw_schedule(rng, 0),
                     rng.random() < options.plain, {}))
    runs = 0
    start = time.monotonic()
    for _ in range(options.processes):
        with engine_of(options) as engine:
            for text, schedule, plain, traces in work:
                for _ in range(options.repeat):
                    answer = engine.run(text, schedule, plain=plain,
                                        races=not options.no_races)
                    key = answer.get("trace", "died " +
                                     str(answer.get("status")))
                    traces[key] = traces.get(key, 0) + 1
                    runs += 1
        print("%4d s  %d runs" % (time.monotonic() - start, runs), flush=True)
    differ = [(text, traces) for text, *_, traces in work if len(traces) > 1]
    for text, traces in differ:
        print(text, traces)
    seconds = time.monotonic() - start
    print("%d programs, %d runs in %d processes, %.1f/s: %d differ" % (
        len(work), runs, options.processes, runs / seconds, len(differ)))
    return DIFFERENT if differ else CLEAN


def free(options):
    program = options.interpreter or script("--path", "ft-tsan")
    if not os.path.exists(program):
        fail("%s is missing: make it with scripts/cpython ft-tsan" % program)
    # Trials under ThreadSanitizer take minutes: one of the other interpreters
    # is asked, if there is one.
    asked = options.interpreter or script("--path", "ft-engine")
    if not os.path.exists(asked):
        asked = program
    generator = Generator(vocabulary_of(asked), options.seed,
                          options.kinds and options.kinds.split(","),
                          OPERATIONS_FREE)
    suppressions = os.path.join(script("--source-of"), "Tools", "tsan",
                                "suppressions_free_threading.txt")
    campaign = FreeCampaign(program, generator, suppressions if
                            os.path.exists(suppressions) else None,
                            options.findings, options.seconds, options.repeat)
    campaign.run(options.compare)
    return FOUND if campaign.signatures else CLEAN


def vocabulary_file(program):
    """Beside an interpreter of scripts/cpython; else with the user's caches."""
    folder = os.path.dirname(os.path.abspath(program))
    if os.path.exists(os.path.join(folder, "pybuilddir.txt")):
        return os.path.join(folder, "vocabulary.json")
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                         os.path.expanduser("~/.cache"), "ftfuzz")
    os.makedirs(cache, exist_ok=True)
    return os.path.join(cache, "vocabulary-%08x.json" %
                        zlib.crc32(os.path.realpath(program).encode()))


def vocabulary_of(program):
    try:
        return Vocabulary.of(program, vocabulary_file(program))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        fail("%s does not tell what operations it has (%s); on %s it must "
             "print them as JSON" % (program, error, FINDER))


def kinds(options):
    interpreter = interpreter_of(options)
    for kind in vocabulary_of(interpreter).kinds:
        print("%-30s %4d operations   %s" % (kind["name"], len(kind["ops"]),
                                             kind["make"]))
    return CLEAN


# ---------------------------------------------------------------------------


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="ftfuzz cpython", description="Finds thread-safety bugs of a "
        "free-threaded CPython, or of an extension: runs programs in it under "
        "schedules that are chosen, recorded and replayed. scripts/cpython "
        "ft-engine makes the interpreter.")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, function, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        sub.add_argument("--interpreter", metavar="PATH",
                         help="made by scripts/cpython ft-engine (default: "
                         "where that puts it)")
        sub.add_argument("--module", action="append", metavar="NAME",
                         help="imported before the first run: your extension")
        sub.add_argument("--path", metavar="DIR", help="where that lies")
        sub.add_argument("--no-aslr", action="store_true", help="without "
                         "address-space randomisation, of which nothing "
                         "depends but where shared libraries lie")
        return sub

    def searched(sub):
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--no-races", action="store_true",
                         help="without the race detector: faster")
        sub.add_argument("--plain", type=float, default=0.25, metavar="P",
                         help="plain accesses are scheduling points in this "
                         "part of the runs (default 0.25)")

    sub = command("fuzz", fuzz,
                  "runs generated programs, or a script, and keeps what fails")
    searched(sub)
    sub.add_argument("--seconds", type=float, default=60)
    sub.add_argument("--runs", type=int, default=0, metavar="N",
                     help="no more runs than that, whatever the time")
    sub.add_argument("--until", metavar="RULE", help="end with the first "
                     "failure of this kind: CRASH, DATA_RACE, DEADLOCK...")
    sub.add_argument("--findings", default="findings-cpython", metavar="DIR")
    sub.add_argument("--kinds", help="only objects of these kinds, by commas")
    sub.add_argument("--lifted", type=float, default=0.0, metavar="P",
                     help="this part of the programs are those that the "
                     "runtime is tested with (`ftfuzz run --python`)")
    sub.add_argument("--outcomes", type=float, default=0.1, metavar="P",
                     help="of this part of the programs, what operations give "
                     "is compared with what they give one after the other "
                     "(default 0.1)")
    sub.add_argument("--script", metavar="FILE", help="this program instead of "
                     "generated ones")
    sub.add_argument("--follow", type=int, default=12, metavar="N",
                     help="runs of what raced, without the detector, for what "
                     "it leads to (default 12)")
    sub.add_argument("--from", nargs="+", dest="before", metavar="FINDING",
                     help="only this, for findings of before")
    sub.add_argument("--budget", type=int, default=4000000, metavar="N",
                     help="points of one run at most (8 times as many where "
                     "plain accesses are points)")
    sub.add_argument("--long", action="store_true", help="runs over the "
                     "budget are findings")
    sub.add_argument("--all", action="store_true", help="report races that "
                     "CPython's own list suppresses, too")

    sub = command("free", free, "runs generated programs freely, under "
                  "ThreadSanitizer, in a long-lived worker")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--seconds", type=float, default=60)
    sub.add_argument("--findings", default="findings-cpython-free",
                     metavar="DIR")
    sub.add_argument("--kinds", help="only objects of these kinds, by commas")
    sub.add_argument("--repeat", type=int, default=10, metavar="N",
                     help="runs of each program (default 10)")
    sub.add_argument("--compare", type=float, default=0, metavar="PART",
                     help="in this part of the time, one process for each "
                     "program, to compare")

    sub = command("replay", replay, "makes a finding again")
    sub.add_argument("finding")
    sub.add_argument("--times", type=int, default=1)
    sub.add_argument("--forks", type=int, default=1, metavar="N",
                     help="of each interpreter that is started (default 1)")

    sub = command("minimize", minimize, "a smaller program that fails alike, "
                  "in FINDING/minimized")
    sub.add_argument("findings", nargs="+", metavar="FINDING")
    sub.add_argument("--seconds", type=float, default=120)

    sub = command("triage", triage, "lists findings by what they have in "
                  "common")
    sub.add_argument("findings")
    sub.add_argument("--json", metavar="FILE")

    sub = command("run", run, "runs a script under one schedule")
    searched(sub)
    sub.add_argument("script")
    sub.add_argument("--strategy", default="pos")
    sub.add_argument("--depth", type=int, default=3)
    sub.add_argument("--repeat", type=int, default=1)
    sub.add_argument("--fresh", action="store_true",
                     help="each time in a process started anew")

    sub = command("check", check, "runs generated programs many times and "
                  "compares the traces")
    searched(sub)
    sub.add_argument("--programs", type=int, default=50)
    sub.add_argument("--repeat", type=int, default=5, help="in each process")
    sub.add_argument("--processes", type=int, default=4)

    command("kinds", kinds, "lists the kinds of objects that programs share")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    try:
        return options.function(options)
    except EngineError as error:
        fail(error)
    except BrokenPipeError:
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
