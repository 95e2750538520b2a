# free.py: free mode: nothing is chosen, all threads run. A worker executes many
# programs in one interpreter; it is started again when it crashes, hangs or
# grows. Reports of ThreadSanitizer are all kept, and brought into the form of
# the controlled mode's failures.

import os
import re
import select
import json
import subprocess
import time

from reports import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
END = re.compile(rb"^FTFUZZ-END (\d+)$", re.MULTILINE)
HANG_SECONDS = 20
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


class Ended(Exception):
    """The worker has crashed, hung or grown too large."""


class Worker:
    def __init__(self, program, suppressions=None, prefix=("setarch", "-R")):
        self.program = program
        self.suppressions = suppressions
        self.prefix = list(prefix)
        self.child = None
        self.done = 0
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
        self.imported = set()
        self.starts += 1

    def stop(self):
        if self.child is not None:
            self.child.kill()
            self.child.communicate()
            self.child = None

    def resident(self):
        try:
            with open("/proc/%d/statm" % self.child.pid) as file:
                return int(file.read().split()[1]) * 4096
        except (OSError, IndexError):
            return 0

    def run(self, number, program, repeat):
        """What the worker reported while it ran a program. Raises Ended."""
        if self.child is None or self.done == PROGRAMS_OF_A_WORKER:
            self.stop()
            self.start()
        # Under ThreadSanitizer, all modules would take a minute to import.
        imports = program.imports_used()
        seconds = HANG_SECONDS
        if self.done == 0 or not self.imported.issuperset(imports):
            seconds += IMPORT_SECONDS
        self.imported.update(imports)
        job = dict(program.to_json(), imports=imports, number=number,
                   repeat=repeat)
        try:
            self.child.stdin.write(json.dumps(job).encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        text = self.collect(number, seconds)
        self.done += 1
        return list(reports_in(text))

    def collect(self, number, seconds):
        errors = b""
        out, err = self.child.stdout, self.child.stderr
        deadline = time.monotonic() + seconds
        open_pipes = [out, err]
        while True:
            ready = select.select(open_pipes, [], [], 0.2)[0]
            if out in ready and not out.read():
                open_pipes.remove(out)
            if err in ready:
                part = err.read()
                if not part:
                    raise self.ended("CRASH", "the process ended", errors)
                errors += part
                match = END.search(errors)
                if match and int(match[1]) == number:
                    return errors.decode(errors="replace")
            if time.monotonic() > deadline:
                raise self.ended("HANG", "no end after %d s" % seconds,
                                 errors)
            if self.resident() > MAX_RESIDENT:
                raise self.ended("MEMORY", "more than 3 GiB", errors)

    def ended(self, rule, why, errors):
        if rule == "CRASH":
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
