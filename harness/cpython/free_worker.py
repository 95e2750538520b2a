# free_worker.py: run by the interpreter under test, for a long time: executes
# many programs, each on several sets of the objects that it shares, on threads
# that are started once. Programs come as JSON lines on standard input; after
# each a line goes out, and a mark to standard error, between which reports of
# ThreadSanitizer belong to it.

import functools
import gc
import json
import operator
import os
import sys
import threading
import warnings

sys.path.pop(0)                 # modules of ours are none of the program's
MAX_THREADS = 4


class Pool:
    """Threads that wait for work. Nothing of the pool's is shared by two of
    them: it would order what they do."""

    def __init__(self):
        self.seats = [Seat() for _ in range(MAX_THREADS - 1)]
        for seat in self.seats:
            threading.Thread(target=seat.serve, daemon=True).start()

    def run(self, threads):
        """The last of them is this one: one less to wait for."""
        pairs = list(zip(self.seats, threads[:-1]))
        for seat, ops in pairs:
            seat.work = ops
        for seat, _ in pairs:
            seat.begin.release()
        do(threads[-1])
        for seat, _ in pairs:
            seat.end.acquire()


class Seat:
    def __init__(self):
        self.work = ()
        self.begin, self.end = threading.Lock(), threading.Lock()
        self.begin.acquire()
        self.end.acquire()

    def serve(self):
        while True:
            self.begin.acquire()
            do(self.work)
            self.work = ()
            self.end.release()


def do(ops):
    for op in ops:
        try:
            op()
        except BaseException:
            pass
    if sys.getprofile() is not None:
        sys.setprofile(None)    # of this thread


class Settings:
    """Of the interpreter: what a program changes of them goes on in all that
    come after it, and may be called, in vain, with each of their steps."""

    def __init__(self):
        self.threshold = gc.get_threshold()

    def restore(self):
        gc.callbacks.clear()
        gc.set_threshold(*self.threshold)
        gc.set_debug(0)
        gc.enable()
        monitoring = getattr(sys, "monitoring", None)
        for tool in range(6 if monitoring else 0):
            if monitoring.get_tool(tool) is not None:
                monitoring.set_events(tool, 0)
                monitoring.free_tool_id(tool)


@functools.cache
def code_of(expression):
    """Operations come again in other programs: to compile one takes longer
    than to call it."""
    return compile(expression, "program", "eval")


def compiled(program):
    """([(name, code)] of what is shared, codes of each thread's calls)."""
    setup = [line.split(" = ", 1) for line in program["setup"]]
    return ([(name, code_of(value)) for name, value in setup],
            [[code_of(call) for call in calls] for calls in program["calls"]])


def bound(job, setup, threads, imported):
    """What each thread calls: on so many sets of the shared objects, one after
    the other, each begun with another operation. In every other program half of
    the threads begin with the last set, to be the first there."""
    calls = [[] for _ in job["calls"]]
    for n in range(job["repeat"]):
        scope = dict(imported)
        for name, code in setup:
            scope[name] = eval(code, scope)
        for all_ops, codes in zip(calls, threads):
            ops = [eval(code, scope) for code in codes]
            first = n % len(ops)
            all_ops.append((ops[first:] + ops[:first]) * job["rounds"])
    if job["number"] % 2:
        for ops in calls[::2]:
            ops.reverse()
    return [sum(ops, []) for ops in calls]


def modules(names):
    out = {}
    for name in names:
        try:
            __import__(name)
            top = name.split(".")[0]
            out[top] = sys.modules[top]
        except ImportError:
            pass
    return out


def main():
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    pool = Pool()
    settings = Settings()
    imported = {"_partial": functools.partial, "_operator": operator}
    known = 0
    for line in sys.stdin:
        job = json.loads(line)
        imported.update(modules(job["imports"]))
        if len(sys.modules) > known:
            # What is not of programs need not be looked at by every collection.
            known = len(sys.modules)
            gc.collect()
            gc.freeze()
        try:
            setup, threads = compiled(job)
            pool.run(bound(job, setup, threads, imported))
        except Exception as error:
            answers.write("failed %d %s\n" % (job["number"],
                                              type(error).__name__))
        else:
            answers.write("done %d\n" % job["number"])
        settings.restore()
        answers.flush()
        os.write(2, b"\nFTFUZZ-END %d\n" % job["number"])
        if job["number"] % 64 == 0:
            gc.collect()


main()
