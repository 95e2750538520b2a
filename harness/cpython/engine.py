# engine.py: the controlled interpreter from outside: starts ftpython, hands it
# jobs, takes its answers. A job is a program and a schedule, an answer a dict.

import fcntl
import json
import os
import select
import struct
import subprocess
import tempfile
import time

MAGIC = 0x4A5A4621
HEADER = struct.Struct("<IIQQIIII24sII")
RACES, PLAIN_POINTS, REPLAY, TAPE = 1, 2, 4, 8
HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "libfzcpython.so"


def library_path():
    """The run-time library of the build that is asked: the interpreter, which
    is kept for all, names that of the build which made it, which may be gone
    by now or older than these scripts."""
    folder = os.path.dirname(os.environ.get("FTFUZZ", ""))
    found = folder and os.path.exists(os.path.join(folder, LIBRARY))
    return {"LD_LIBRARY_PATH": folder} if found else {}


class EngineError(Exception):
    """The interpreter cannot be run, or has gone."""


class Schedule:
    """Who runs next: chosen by a strategy, or by a tape of choices."""

    def __init__(self, strategy="pos", seed=1, depth=3, tape=None,
                 expected_steps=0):
        self.strategy = strategy
        self.seed = seed
        self.depth = depth
        self.tape = tape
        self.expected_steps = expected_steps

    def to_json(self):
        return {"strategy": self.strategy, "seed": self.seed,
                "depth": self.depth, "expected_steps": self.expected_steps,
                "tape": self.tape.hex() if self.tape is not None else None}

    @staticmethod
    def from_json(value):
        tape = value.get("tape")
        return Schedule(value["strategy"], value["seed"], value["depth"],
                        bytes.fromhex(tape) if tape is not None else None,
                        value.get("expected_steps", 0))


class Engine:
    def __init__(self, program, modules=(), path="", randomize=True,
                 debug_malloc=False):
        """modules: imported before the first run; path: where they lie.
        debug_malloc: CPython's own debug hooks fill what is freed and look at
        the ends of blocks."""
        self.program = program
        self.debug_malloc = debug_malloc
        self.path = os.path.abspath(path) if path else ""
        self.modules = list(modules)
        self.randomize = randomize
        self.child = None

    def start(self):
        if not os.path.exists(self.program):
            raise EngineError("%s is missing: scripts/cpython ft-engine makes "
                              "it" % self.program)
        # Descriptors of the same numbers in every process.
        job_read, job_write = os.pipe()
        answer_read, answer_write = os.pipe()
        low = fcntl.fcntl(job_read, fcntl.F_DUPFD, 40)
        high = fcntl.fcntl(answer_write, fcntl.F_DUPFD, 40)
        # -P: what lies beside zygote.py is none of the program's.
        command = [self.program, "-S", "-B", "-P",
                   os.path.join(HERE, "zygote.py"), "3", self.path,
                   *self.modules]
        if not self.randomize:
            command = ["setarch", "-R", *command]

        def prepare():
            os.dup2(low, 3)
            os.dup2(high, 4)

        # An environment of its own: it is part of what a run depends on, as
        # are the kinds of files that it finds open.
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.errors, cwd="/",
            env={**({"PYTHONMALLOC": "debug"} if self.debug_malloc else {}),
                 **library_path(), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8",
                 "PYTHONPYCACHEPREFIX":
                     os.path.join(os.path.dirname(self.program), "pycache")},
            pass_fds=(3, 4), preexec_fn=prepare, close_fds=True)
        for fd in (job_read, answer_write, low, high):
            os.close(fd)
        self.jobs, self.answers = job_write, answer_read

    def stop(self):
        if self.child is not None:
            os.close(self.jobs)
            os.close(self.answers)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
            self.child = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *args):
        self.stop()

    def _read(self, size, seconds):
        parts = []
        deadline = time.monotonic() + seconds
        while size > 0:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.answers], [], [], left)[0]
            data = os.read(self.answers, size) if ready else b""
            if not data:
                self.errors.seek(0)
                raise EngineError("the interpreter %s\n%s" % (
                    "has gone" if ready else "does not answer",
                    self.errors.read(4000).decode(errors="replace")))
            parts.append(data)
            size -= len(data)
        return b"".join(parts)

    def run(self, text, schedule, races=True, plain=False, tape=False,
            budget=0, seconds=30, megabytes=2048):
        """One run of a program in a fork; the answer as a dict."""
        if self.child is None:
            self.start()
        text = text.encode()
        flags = (RACES * races | PLAIN_POINTS * plain | TAPE * tape |
                 (REPLAY if schedule.tape is not None else 0))
        replayed = schedule.tape or b""
        job = HEADER.pack(MAGIC, flags, schedule.seed, budget, schedule.depth,
                          seconds, megabytes, schedule.expected_steps,
                          schedule.strategy.encode(), len(replayed),
                          len(text)) + replayed + text
        view = memoryview(job)
        while view:
            view = view[os.write(self.jobs, view):]
        size, = struct.unpack("<I", self._read(4, seconds + 30))
        answer = json.loads(self._read(size, 30))
        if "refused" in answer:
            raise EngineError("refused: %s\n%s" % (answer["refused"],
                                                   answer["output"]))
        return answer
