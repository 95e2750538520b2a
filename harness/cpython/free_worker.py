# free_worker.py: run by the interpreter under test, for a long time: executes
# many programs, each compiled once and run several times, on threads that are
# started once. Programs come as JSON lines on standard input; after each a line
# goes out, and a mark to standard error, between which reports of
# ThreadSanitizer belong to it.

import gc
import json
import os
import queue
import sys
import threading
import warnings

sys.path.pop(0)                 # modules of ours are none of the program's
MAX_THREADS = 4


class Pool:
    """Threads that wait for work; a run begins for all of them at once."""

    def __init__(self):
        self.queues = [queue.SimpleQueue() for _ in range(MAX_THREADS)]
        self.done = queue.SimpleQueue()
        for inbox in self.queues:
            threading.Thread(target=self.serve, args=(inbox,),
                             daemon=True).start()

    def serve(self, inbox):
        while True:
            barrier, ops = inbox.get()
            barrier.wait()
            for op in ops:
                try:
                    op()
                except Exception:
                    pass
            ops = op = None
            self.done.put(None)

    def run(self, threads):
        barrier = threading.Barrier(len(threads))
        for inbox, ops in zip(self.queues, threads):
            inbox.put((barrier, ops))
        for _ in threads:
            self.done.get()


def compiled(program):
    """(setup, [[operation]]) as code."""
    setup = compile("\n".join(program["setup"]), "setup", "exec")
    threads = [[compile("lambda: " + op, "thread %d" % n, "eval")
                for op in ops] * program["rounds"]
               for n, ops in enumerate(program["threads"])]
    return setup, threads


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
    imported = {}
    for line in sys.stdin:
        job = json.loads(line)
        imported.update(modules(job["imports"]))
        try:
            setup, threads = compiled(job)
            for _ in range(job["repeat"]):
                scope = dict(imported)
                exec(setup, scope)
                pool.run([[eval(op, scope) for op in ops] for ops in threads])
                scope = None
        except Exception as error:
            answers.write("failed %d %s\n" % (job["number"],
                                              type(error).__name__))
        else:
            answers.write("done %d\n" % job["number"])
        answers.flush()
        os.write(2, b"\nFTFUZZ-END %d\n" % job["number"])
        if job["number"] % 64 == 0:
            gc.collect()


main()
