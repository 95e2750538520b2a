"""What the fuzzers find in one mutant: `scripts/mutants run`.

Those of the project take their turns, the quick ones first: a campaign that
begins from the seed corpus, the targets that drive one mechanism, programs on
the system's threads, allocations that fail, the Python programs of the seeds,
programs and calls of one thread beside CPython, and, in what is left of the
time, campaigns that begin from nothing. Time is that of the processor, of all
together.
"""

import hashlib
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile

import mutate

TARGETS = ("ftfuzz", "fuzz_mechanism_standalone")
MECHANISMS = ("brc", "critical_section", "dict", "gc", "gil", "linear", "list",
              "mutex", "parking_lot", "qsbr", "stop_the_world", "weakref")
# Of the whole time; the campaign from nothing has the rest.
SEEDED_SHARE = 0.25
THREADS_SHARE = 0.05
MECHANISM_INPUTS = 1500
DIFFER_PROGRAMS = 5000
CALLS_PROGRAMS = 40
FAILALLOC_SEEDS = 25
SCHEDULES = 20                  # of a Python program that starts threads
# Seconds of the clock, for what nothing else ends.
PATIENCE = 240


class Killed(Exception):
    """By what: a rule, or how a fuzzer ended."""


class Trial:
    def __init__(self, bugs, bug, preset, program, folder):
        self.bugs, self.bug, self.preset = bugs, bug, preset
        self.program, self.folder = program, pathlib.Path(folder)
        self.executions = 0

    def seeds(self):
        """A copy: a campaign keeps its own inputs beside them."""
        copy = self.folder / f"seeds-{self.preset}"
        shutil.copytree(self.bugs.ROOT / "corpus" / "seeds", copy)
        return copy

    def campaign(self, seconds, *options, seed=1):
        rule, _, executions, _ = self.bugs.find(self.bug, self.program, seed,
                                                seconds, options)
        self.executions += executions
        if rule is not None or executions == 0:
            raise Killed(rule or "does not start")

    def mechanisms(self):
        folder = self.program.parent / "fuzz"
        inputs = MECHANISM_INPUTS
        if not self.preset.startswith("fuzz-"):
            inputs //= 4            # slower, and no second look is needed
        for name in MECHANISMS:
            result = self.run([folder / f"fuzz_{name}_standalone", "--random",
                               inputs])
            self.executions += inputs
            if result.returncode != 0:
                raise Killed(self.rule_in(result.stderr, result.returncode))

    def failalloc(self):
        seeds = sorted((self.bugs.ROOT / "corpus/seeds").glob("*.txt"))
        result = self.run([self.program, "failalloc", "--json",
                           "--max-findings", 1,
                           *random.Random(1).sample(seeds, FAILALLOC_SEEDS)])
        if result.returncode != 0:
            raise Killed(self.rule_in(result.stderr, result.returncode))

    def programs(self):
        """The Python programs of the seeds, on the engine: those of one thread
        print what CPython prints."""
        for path in sorted((self.bugs.ROOT / "corpus/seeds").glob("*.py")):
            threads = "threading" in path.read_text(encoding="utf-8")
            schedules = ["--executions", SCHEDULES] if threads else []
            result = self.run([self.program, "run", *schedules, path.name],
                              path.parent)
            self.executions += SCHEDULES if threads else 1
            if result.returncode in (77, 78) or result.returncode < 0:
                raise Killed(self.rule_in(result.stderr, result.returncode))
            if not threads and [result.stdout, result.returncode] != \
                    self.expected(path):
                raise Killed("PRINTS_DIFFER")

    def expected(self, path):
        """What CPython prints, and its exit status: as the tests keep it."""
        key = hashlib.sha256(sys.version.encode() + path.read_bytes())
        kept = self.bugs.ROOT / "build/seeds" / f"{key.hexdigest()}.json"
        if not kept.exists():
            result = self.run([sys.executable, path.name], path.parent)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps([result.stdout, result.returncode,
                                        result.stderr]), encoding="utf-8")
        return json.loads(kept.read_text(encoding="utf-8"))[:2]

    def differ(self):
        result = self.run([self.program, "differ", "--other", "none",
                           "--max-findings", 1, "--json", "--executions",
                           DIFFER_PROGRAMS])
        if result.returncode not in (0, 77):
            raise Killed(f"differ: {result.stderr.strip()[-200:]}")
        self.executions += json.loads(result.stdout)["programs"]
        if result.returncode == 77:
            raise Killed("DIFFERS")

    def calls(self):
        result = self.run([self.bugs.ROOT / "scripts/fuzz_calls",
                           "--ftfuzz", self.program, "--max-findings", 1,
                           "--no-reduce", "--programs", CALLS_PROGRAMS,
                           "--findings", self.folder / "calls"])
        self.executions += CALLS_PROGRAMS
        if result.returncode not in (0, 77):
            raise RuntimeError(result.stderr)
        if result.returncode == 77:
            raise Killed("CALLS_DIFFER")

    def run(self, command, folder=None):
        try:
            return subprocess.run([str(part) for part in command], cwd=folder,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True,
                                  errors="replace", timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Killed("HANG") from None

    @staticmethod
    def rule_in(text, status):
        """A target prints its report, which begins with the rule."""
        for line in text.splitlines():
            head = line.split(":")[0].strip()
            if head.isupper() and head.replace("_", "").isalpha():
                return head
        return signal.Signals(-status).name if status < 0 else "fails"


def hunt(trial, seconds):
    """Until one of them finds it, or the time is up."""
    begun = trial.bugs.cpu_seconds()
    trial.campaign(seconds * SEEDED_SHARE, "--corpus", trial.seeds())
    trial.mechanisms()
    if trial.preset.startswith("fuzz-"):
        trial.campaign(seconds * THREADS_SHARE, "--os-threads", seed=4)
        trial.failalloc()
        trial.programs()
        trial.differ()
        trial.calls()
    left = seconds - (trial.bugs.cpu_seconds() - begun)
    if trial.preset.startswith("race-") and left > 0:
        # What a weaker order lets a load return.
        trial.campaign(left / 2, "--weak", seed=3)
        left /= 2
    if left > 0:
        trial.campaign(left, seed=2)


def try_mutant(bugs, mutant, lines, seconds):
    """What kills it, on the builds it is in, the time shared by them."""
    with tempfile.TemporaryDirectory() as folder:
        patch = pathlib.Path(folder) / "mutant.patch"
        patch.write_text(mutate.patch_of(mutant, lines))
        bug = {"id": f"mutant-{mutant.id}", "patches": [patch]}
        return {"id": mutant.id} | try_tree(bugs, bug, mutant.presets, seconds)


def try_tree(bugs, bug, presets, seconds):
    result = {"killed": None, "cpu_seconds": 0.0, "executions": 0,
              "seconds": seconds}
    with tempfile.TemporaryDirectory() as folder:
        for preset in presets:
            try:
                program = bugs.build(bug, preset, TARGETS,
                                     bugs.BUILD / "tree")
            except SystemExit:
                return result | {"killed": "does not compile"}
            trial = Trial(bugs, bug, preset, program, folder)
            begun = bugs.cpu_seconds()
            try:
                hunt(trial, seconds / len(presets))
            except Killed as killed:
                result |= {"killed": str(killed), "preset": preset}
            result["cpu_seconds"] += round(bugs.cpu_seconds() - begun, 2)
            result["executions"] += trial.executions
            if result["killed"]:
                break
    return result
