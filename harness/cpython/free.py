# free.py: free mode: nothing is chosen, all threads run. A worker executes many
# programs in one interpreter; it is started again when it crashes, hangs or
# grows. Reports of ThreadSanitizer are all kept, and brought into the form of
# the controlled mode's failures.

import contextlib
import glob
import os
import re
import select
import json
import subprocess
import time

from direct import direct
from reports import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
END = re.compile(rb"\nFTFUZZ-END (\d+)\n")
LONGEST_END = 32                # bytes, of such a line
PROCESS_ENDED = "the process ended"
HANG_SECONDS = 5                # a program takes a hundredth of one
STARVED = 60                    # times that, while it wants the processor
DEADLY = b"ThreadSanitizer:DEADLYSIGNAL"
DEADLY_SECONDS = 5
DEADLY_SPINS = 1                # seconds of the processor, by the reporter
IMPORT_SECONDS = 180            # more for a program that imports modules
MAX_RESIDENT = 3 << 30
PROGRAMS_OF_A_WORKER = 5000     # then it is started afresh: state drifts

ACCESS = re.compile(r"^  (?:Previous )?(atomic )?(read|write) of size (\d+) at "
                    r"\w+ by (main thread|thread T\d+)", re.IGNORECASE)
FRAME = re.compile(r"^    #\d+ (\S+) (.*)$")


def parse_report(text):
    """A Failure for one report of ThreadSanitizer, or None."""
    kind = re.search(r"ThreadSanitizer: ([^(\n]+)", text)
    if kind is None:
        return None
    parties = []
    for line in text.split("\n"):
        access = ACCESS.match(line)
        frame = FRAME.match(line)
        if access:
            parties.append(("%s %s%s %s bytes" % (
                access[4], "atomically " if access[1] else "plainly ",
                "wrote" if access[2].lower() == "write" else "read",
                access[3]), []))
        elif frame and parties and len(parties[-1][1]) < 16:
            parties[-1][1].append((frame[1], frame[2]))
        elif not line.strip() and len(parties) == 2:
            break
    rule = "DATA_RACE" if "race" in kind[1] else "CRASH"
    return Failure(rule, kind[1].strip(), parties[:2])


def reports_in(text):
    for block in text.split("=================="):
        if "WARNING: ThreadSanitizer" in block:
            failure = parse_report(block)
            if failure is not None and failure.parties:
                yield failure


def tsan_environment(program, suppressions):
    options = ("halt_on_error=0:exitcode=0:report_signal_unsafe=0:"
               "atexit_sleep_ms=0:history_size=4")
    if suppressions:
        options += ":suppressions=%s" % suppressions
    return {"TSAN_OPTIONS": options, "PYTHONHASHSEED": "0",
            "PYTHONPYCACHEPREFIX":
                os.path.join(os.path.dirname(program), "pycache"),
            "DEBUGINFOD_URLS": "", "LC_ALL": "C.UTF-8",
            "PATH": os.environ.get("PATH", "")}


def calls_of(program, held):
    """Of each thread, what it calls. held: without frames, where that can be
    said (direct.py)."""
    names = frozenset(line.split(" = ")[0] for line in program.setup)
    return [[direct(op, names) if held else "lambda: (%s)" % op for op in ops]
            for ops in program.threads]


class Ended(Exception):
    """The worker has crashed, hung or grown too large."""


class Worker:
    def __init__(self, program, suppressions=None, prefix=("setarch", "-R")):
        self.program = program
        self.suppressions = suppressions
        self.prefix = list(prefix)
        self.child = None
        self.done = 0
        self.last = 0                   # number of a program
        self.unread = b""               # of the child's messages
        self.imported = set()           # by the child
        self.starts = 0

    def start(self):
        self.child = subprocess.Popen(
            [*self.prefix, self.program, "-S",
             os.path.join(HERE, "free_worker.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=tsan_environment(self.program, self.suppressions))
        os.set_blocking(self.child.stdout.fileno(), False)
        os.set_blocking(self.child.stderr.fileno(), False)
        self.done = 0
        self.unread = b""
        self.imported = set()
        self.starts += 1

    def stop(self):
        if self.child is not None:
            self.child.kill()
            self.child.communicate()
            self.child = None

    def processor_seconds(self):
        """Of the child, as long as there is one."""
        if self.child is None:
            return 0.0
        with open("/proc/%d/stat" % self.child.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_running(self):
        """Whether a thread of the child wants the processor: on a machine that
        has much else to do, it may not have had it for long."""
        for path in glob.glob("/proc/%d/task/*/stat" % self.child.pid):
            with contextlib.suppress(OSError), open(path) as file:
                if file.read().rpartition(") ")[2].startswith("R"):
                    return True
        return False

    def resident(self):
        try:
            with open("/proc/%d/statm" % self.child.pid) as file:
                return int(file.read().split()[1]) * 4096
        except (OSError, IndexError):
            return 0

    def run(self, programs, repeat):
        """Yields failures of each of some programs. All are sent at once: the
        next one need not wait until this process is awake."""
        waiting = list(enumerate(programs, self.last + 1))
        self.last += len(waiting)
        sent = []
        while waiting:
            if not sent:
                if self.child is None or self.done >= PROGRAMS_OF_A_WORKER:
                    self.stop()
                    self.start()
                sent = [self.send(*pair, repeat) for pair in waiting]
            number, _ = waiting.pop(0)
            try:
                text = self.collect(number, sent.pop(0))
            except Ended as ended:
                sent = []
                yield ended.failures
            else:
                self.done += 1
                yield list(reports_in(text))

    def send(self, number, program, repeat):
        """How long its answer may take."""
        # Under ThreadSanitizer, all modules would take a minute to import.
        imports = program.imports_used()
        seconds = HANG_SECONDS
        if not self.imported or not self.imported.issuperset(imports):
            seconds += IMPORT_SECONDS
        self.imported.update(["sys", *imports])
        job = {"number": number, "repeat": repeat, "imports": imports,
               "setup": program.setup, "rounds": program.rounds,
               "calls": calls_of(program, number % 4 != 0)}
        try:
            self.child.stdin.write(json.dumps(job).encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        return seconds

    def collect(self, number, seconds):
        errors, self.unread = bytearray(self.unread), b""
        searched = 0                    # there are megabytes of some programs
        out, err = self.child.stdout, self.child.stderr
        deadline = time.monotonic() + seconds
        last = deadline + STARVED * HANG_SECONDS
        spent = self.processor_seconds() + HANG_SECONDS
        reporting = None
        open_pipes = [out, err]
        while True:
            match = END.search(errors, searched)
            if match:
                assert int(match[1]) == number
                self.unread = bytes(errors[match.end():])
                return errors[:match.start()].decode(errors="replace")
            searched = max(0, len(errors) - LONGEST_END)
            ready = select.select(open_pipes, [], [], 0.2)[0]
            if out in ready and not out.read():
                open_pipes.remove(out)
            if err in ready:
                part = err.read()
                if not part:
                    raise self.ended("CRASH", PROCESS_ENDED, errors)
                errors += part
                if DEADLY in part:      # its report may never come to an end
                    deadline = min(deadline, time.monotonic() + DEADLY_SECONDS)
                    reporting = self.processor_seconds()
            spins = (reporting is not None and
                     self.processor_seconds() > reporting + DEADLY_SPINS)
            if spins or time.monotonic() > deadline:
                if DEADLY in errors:
                    raise self.ended("CRASH", "a deadly signal", errors)
                if (self.is_running() and self.processor_seconds() < spent and
                        time.monotonic() < last):
                    deadline += 1
                    continue
                raise self.ended("HANG", "no end after %d s" % seconds,
                                 errors)
            if self.resident() > MAX_RESIDENT:
                raise self.ended("MEMORY", "more than 3 GiB", errors)

    def ended(self, rule, why, errors):
        if why == PROCESS_ENDED:
            self.child.wait()
            why += " with status %d" % self.child.returncode
        self.stop()
        text = errors.decode(errors="replace")
        failure = Failure(rule, why, deadly_stack(text))
        error = Ended(why)
        error.failures = [*reports_in(text), failure]
        return error


def deadly_stack(text):
    """Of a report that ThreadSanitizer makes of a signal."""
    at = text.find("ERROR: ThreadSanitizer")
    stack = [(m[1], m[2]) for m in map(FRAME.match, text[at:].split("\n"))
             if m] if at >= 0 else []
    return [("the process", stack[:16])] if stack else []


def alone(program, text, suppressions, seconds=60):
    """One program in a process of its own."""
    run = subprocess.run(["setarch", "-R", program, "-S", "-c", text],
                         env=tsan_environment(program, suppressions),
                         text=True,
                         capture_output=True, timeout=seconds)
    return list(reports_in(run.stderr))
