# minimize.py: a smaller program that fails alike, and a schedule with fewer
# switches. A candidate is accepted if one of some schedules fails alike.

import random
import time

from engine import Engine, EngineError, Schedule
from reports import Symbolizer, failures_of

# Tried in this order: few switches first.
SEARCH = [("round-robin", 0), ("preemption", 1), ("preemption", 2),
          ("preemption", 3), ("sticky", 0), ("pct", 3), ("pos", 0),
          ("random", 0)]
CAUSE_RUNS = 8


def shows(answer, signature, symbolizer):
    """The failure, and all of the execution."""
    failures = failures_of(answer, symbolizer)
    for failure in failures:
        if essence(failure.signature) == essence(signature):
            return failure, failures
    return None, failures


def essence(signature):
    """Which operations were done is no part of what went wrong."""
    parts = signature.split("|")
    return parts[:2] if parts[0] == "WRONG_OUTCOME" else parts


class Minimizer:
    def __init__(self, engine, finding, options, seconds=120,
                 seed=1):
        self.options = options
        self.engine = engine
        self.symbolizer = Symbolizer(engine.program)
        self.finding = finding
        # A race is seen wherever its accesses are unordered; what else fails
        # needs the right schedule.
        self.tries = 6 if finding.rule == "DATA_RACE" else 30
        self.deadline = time.monotonic() + seconds
        self.random = random.Random(seed)
        self.best = None                # see search()
        self.runs = 0

    def attempt(self, text, schedule, tape=True):
        self.runs += 1
        try:
            answer = self.engine.run(text, schedule, tape=tape, seconds=10,
                                     **self.options)
        except EngineError:
            self.engine.stop()
            return None, None
        failure, self.failures = shows(answer, self.finding.signature,
                                       self.symbolizer)
        return answer, failure

    def search(self, program, tries):
        """Whether some schedule makes the program fail alike."""
        text = program.text()
        strategies = [self.finding.schedule.strategy, "pos", "random", "pct",
                      "sticky"]
        for n in range(tries):
            if time.monotonic() > self.deadline:
                return False
            schedule = Schedule(strategies[n % len(strategies)],
                                self.random.randrange(1 << 32), 3)
            answer, failure = self.attempt(text, schedule)
            if failure is not None:
                self.best = (program, schedule, answer, failure,
                             self.failures)
                return True
        return False

    def candidates(self, program):
        """Smaller programs, the smallest first."""
        for at in range(len(program.threads)):
            if len(program.threads) > 1:
                smaller = program.copy()
                del smaller.threads[at]
                yield smaller
        for name in ("copies", "rounds"):
            if getattr(program, name) > 1:
                for value in (1, getattr(program, name) // 2):
                    smaller = program.copy()
                    setattr(smaller, name, max(value, 1))
                    yield smaller
        for t, ops in enumerate(program.threads):
            for at in range(len(ops)):
                if len(ops) > 1:
                    smaller = program.copy()
                    del smaller.threads[t][at]
                    yield smaller
        if len(program.setup) > 1:
            used = " ".join(op for ops in program.threads for op in ops)
            for at, statement in enumerate(program.setup):
                name = statement.split(" = ")[0]
                if ("%s." % name not in used and "%s)" % name not in used and
                        "%s[" % name not in used):
                    smaller = program.copy()
                    del smaller.setup[at]
                    yield smaller

    def run(self):
        program = self.finding.program
        if program is not None:
            progress = True
            while progress and time.monotonic() < self.deadline:
                progress = False
                for smaller in self.candidates(program):
                    if self.search(smaller, self.tries):
                        program = smaller
                        progress = True
                        break
        self.fewer_switches(program)
        if self.best is not None and not self.options.get("races", True):
            self.find_cause()
        return self.best

    def find_cause(self):
        """Of what fails without the detector: the races that come with it."""
        program, schedule, answer, failure, _ = self.best
        text = program.text() if program is not None else self.finding.text
        options = dict(self.options, races=True)
        with Engine(self.engine.program, self.engine.modules,
                    self.engine.path) as engine:
            for seed in range(CAUSE_RUNS):
                try:
                    other = engine.run(text, Schedule("pos", seed), seconds=10,
                                       **options)
                except EngineError:
                    engine.stop()
                    continue
                races = failures_of(other, self.symbolizer)
                if races:
                    self.best = program, schedule, answer, failure, races
                    return

    def fewer_switches(self, program):
        text = program.text() if program is not None else self.finding.text
        if self.best is None:
            answer, failure = self.attempt(text, self.finding.schedule)
            if failure is None:
                return
            self.best = (program, self.finding.schedule, answer, failure,
                         self.failures)
        for strategy, depth in SEARCH:
            for seed in range(1, 9):
                if time.monotonic() > self.deadline:
                    return
                schedule = Schedule(strategy, seed, depth,
                                    expected_steps=self.best[2].get("steps",
                                                                    1000))
                answer, failure = self.attempt(text, schedule)
                if failure is not None and \
                        answer.get("switches", 1 << 30) < \
                        self.best[2].get("switches", 1 << 30):
                    self.best = (program, schedule, answer, failure,
                                 self.failures)
                    break
