"""multiprocessing: Pool, TimeoutError, cpu_count.

A worker process is an interpreter of its own, with its own lock of
interpreters or its own stop of the world, called from a thread of the main
one: workers run in parallel and share no object. Functions, arguments and
results cross as pickles. As where processes are spawned, a worker imports the
program as __mp_main__: what starts pools stands under "if __name__ ==
'__main__':". Nobody can kill an interpreter: terminate() drops the tasks that
have not begun and waits for those that have.
"""

from sys import _cpu_count

__all__ = ["Pool", "TimeoutError", "cpu_count", "get_context",
           "get_start_method"]


class ProcessError(Exception):
    pass


class TimeoutError(ProcessError):
    pass


def cpu_count():
    return _cpu_count()


def get_start_method(allow_none=False):
    return "spawn"


def Pool(processes=None, initializer=None, initargs=(),
         maxtasksperchild=None):
    from multiprocessing.pool import Pool
    return Pool(processes, initializer, initargs, maxtasksperchild)


class _SpawnContext:
    TimeoutError = TimeoutError
    ProcessError = ProcessError

    def cpu_count(self):
        return cpu_count()

    def get_start_method(self, allow_none=False):
        return "spawn"

    def get_context(self, method=None):
        return get_context(method)

    def Pool(self, processes=None, initializer=None, initargs=(),
             maxtasksperchild=None):
        return Pool(processes, initializer, initargs, maxtasksperchild)


_context = _SpawnContext()


def get_context(method=None):
    if method not in (None, "spawn"):
        raise ValueError(f"cannot find context for {method!r}")
    return _context
