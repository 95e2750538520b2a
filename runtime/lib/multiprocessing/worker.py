"""multiprocessing.worker: what runs inside a worker.

Tasks come and go as pickles. The program is imported when a task first names
something of it.
"""

import pickle
import sys

_bootstrapping = False


def check_may_start():
    """Raises where a pool would start within a worker."""
    if interp_current() == 0:
        return
    if _bootstrapping:
        raise RuntimeError("""
        An attempt has been made to start a new process before the
        current process has finished its bootstrapping phase.

        This probably means that you are not using fork to start your
        child processes and you have forgotten to use the proper idiom
        in the main module:

            if __name__ == '__main__':
                freeze_support()
                ...

        The "freeze_support()" line can be omitted if the program
        is not going to be frozen to produce an executable.""")
    raise AssertionError("daemonic processes are not allowed to have children")


def _load(data):
    global _bootstrapping
    _bootstrapping = True
    try:
        return pickle.loads(data)
    finally:
        _bootstrapping = False


def run(data):
    """Calls what the pickle holds; a pickle of (worked, value, traceback)."""
    try:
        func, args, kwds = _load(data)
        result = True, func(*args, **kwds), None
    except Exception as error:
        result = _failure(error)
    try:
        return pickle.dumps(result)
    except Exception as error:
        return pickle.dumps(_unsendable(result[1], error))


def _failure(error):
    return False, error, sys._format_exception(error)


def _unsendable(value, error):
    from multiprocessing.pool import MaybeEncodingError
    return False, MaybeEncodingError(repr(error), repr(value)), None


def call_each(func, batch):
    return [func(item) for item in batch]


def call_each_with(func, batch):
    return [func(*args) for args in batch]
