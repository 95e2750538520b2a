"""multiprocessing.pool: Pool and its results.

A thread of the main interpreter serves each worker: it takes tasks, hands
them over as pickles and sets results. Locks: a result's own, taken by the
threads and by whoever waits.
"""

from concurrent import interpreters
from queue import SimpleQueue
from threading import Condition, Thread, _register_atexit
from time import monotonic as _time
import multiprocessing
import pickle

from multiprocessing.worker import (call_each, call_each_with,
                                    check_may_start)

RUN = "RUN"
CLOSE = "CLOSE"
TERMINATE = "TERMINATE"


class RemoteTraceback(Exception):
    def __init__(self, tb):
        self.tb = tb

    def __str__(self):
        return self.tb


class MaybeEncodingError(Exception):
    """A result that cannot be pickled."""

    def __init__(self, exc, value):
        super().__init__(exc, value)
        self.exc = exc
        self.value = value

    def __str__(self):
        return f"Error sending result: '{self.value}'. Reason: '{self.exc}'"


def _run(data):
    """In the worker's interpreter."""
    from multiprocessing.worker import run
    return run(data)


class _Task:
    """A call, and whom to tell: done(worked, value)."""

    def __init__(self, data, done):
        self.data = data
        self.done = done


class Pool:
    def __init__(self, processes=None, initializer=None, initargs=(),
                 maxtasksperchild=None):
        self._state = RUN
        self._lock = Condition()
        self._tasks = SimpleQueue()
        check_may_start()
        if processes is None:
            processes = multiprocessing.cpu_count()
        if processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if maxtasksperchild is not None and (
                not isinstance(maxtasksperchild, int)
                or maxtasksperchild <= 0):
            raise ValueError(
                "maxtasksperchild must be a positive int or None")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._processes = processes
        self._lifetime = maxtasksperchild
        self._initializer = None if initializer is None else pickle.dumps(
            (initializer, tuple(initargs), {}))
        self._threads = [
            Thread(target=self._serve, name=f"SpawnPoolWorker-{i + 1}")
            for i in range(processes)]
        for thread in self._threads:
            thread.start()
        _register_atexit(self.terminate)

    # ---- The threads.

    def _serve(self):
        while self._serve_life():
            pass

    def _serve_life(self):
        """One interpreter's life. Whether there shall be another."""
        worker = interpreters.create()
        try:
            if self._initializer is not None:
                worked, value = _call(worker, self._initializer)
                if not worked:
                    self._break(value)
                    return False
            served = 0
            while served != self._lifetime:
                task = self._tasks.get()
                if task is None:
                    return False
                task.done(*_call(worker, task.data))
                served += 1
            return True
        finally:
            worker.close()

    def _break(self, error):
        """No worker can be had: nobody shall wait for ever."""
        with self._lock:
            self._state = TERMINATE
        while True:
            task = self._tasks.get()
            if task is None:
                return
            task.done(False, error)

    # ---- Tasks.

    def _submit(self, done, func, *args, **kwds):
        try:
            data = pickle.dumps((func, args, kwds))
        except Exception as error:
            done(False, error)
            return
        with self._lock:
            self._check_running()
            self._tasks.put(_Task(data, done))

    def _check_running(self):
        if self._state != RUN:
            raise ValueError("Pool not running")

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def apply_async(self, func, args=(), kwds={}, callback=None,
                    error_callback=None):
        self._check_running()
        result = ApplyResult(callback, error_callback)
        self._submit(result._set, func, *args, **kwds)
        return result

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable, chunksize).get()

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable, chunksize).get()

    def map_async(self, func, iterable, chunksize=None, callback=None,
                  error_callback=None):
        return self._map(call_each, func, iterable, chunksize, callback,
                         error_callback)

    def starmap_async(self, func, iterable, chunksize=None, callback=None,
                      error_callback=None):
        return self._map(call_each_with, func, iterable, chunksize, callback,
                         error_callback)

    def _map(self, call, func, iterable, chunksize, callback,
             error_callback):
        self._check_running()
        items = list(iterable)
        if chunksize is None:
            chunksize, rest = divmod(len(items), self._processes * 4)
            chunksize += rest > 0
        chunksize = max(chunksize, 1)
        batches = [items[i:i + chunksize]
                   for i in range(0, len(items), chunksize)]
        result = MapResult(len(batches), callback, error_callback)
        for i, batch in enumerate(batches):
            self._submit(result._setter(i), call, func, batch)
        return result

    def imap(self, func, iterable, chunksize=1):
        return self._imap(IMapIterator(), func, iterable, chunksize)

    def imap_unordered(self, func, iterable, chunksize=1):
        return self._imap(IMapUnorderedIterator(), func, iterable, chunksize)

    def _imap(self, result, func, iterable, chunksize):
        self._check_running()
        if chunksize < 1:
            raise ValueError(
                f"Chunksize must be 1+, not {chunksize}")
        n = 0
        batch = []
        for item in iterable:
            batch.append(item)
            if len(batch) == chunksize:
                self._submit(result._setter(n), call_each, func, batch)
                n += 1
                batch = []
        if batch:
            self._submit(result._setter(n), call_each, func, batch)
            n += 1
        result._set_length(n)
        return result

    # ---- The end.

    def close(self):
        with self._lock:
            if self._state == RUN:
                self._state = CLOSE
                for _ in self._threads:
                    self._tasks.put(None)

    def terminate(self):
        with self._lock:
            if self._state != TERMINATE:
                self._state = TERMINATE
                while not self._tasks.empty():
                    self._tasks.get()
                for _ in self._threads:
                    self._tasks.put(None)

    def join(self):
        if self._state == RUN:
            raise ValueError("Pool is still running")
        for thread in self._threads:
            thread.join()

    def __enter__(self):
        self._check_running()
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.terminate()

    def __repr__(self):
        return (f"<{type(self).__module__}.{type(self).__qualname__} "
                f"state={self._state} pool_size={len(self._threads)}>")


def _call(worker, data):
    try:
        worked, value, text = pickle.loads(worker.call(_run, data))
    except Exception as error:
        return False, error
    if text is not None:
        value.__cause__ = RemoteTraceback(f'\n"""\n{text}"""')
    return worked, value


# ---------------------------------------------------------------------------
# Results.

class ApplyResult:
    def __init__(self, callback=None, error_callback=None):
        self._condition = Condition()
        self._ready = False
        self._success = None
        self._value = None
        self._callback = callback
        self._error_callback = error_callback

    def ready(self):
        return self._ready

    def successful(self):
        if not self._ready:
            raise ValueError(f"{self!r} not ready")
        return self._success

    def wait(self, timeout=None):
        with self._condition:
            self._condition.wait_for(self.ready, timeout)

    def get(self, timeout=None):
        self.wait(timeout)
        if not self._ready:
            raise multiprocessing.TimeoutError
        if self._success:
            return self._value
        raise self._value

    def _set(self, worked, value):
        call = self._callback if worked else self._error_callback
        if call is not None:
            call(value)
        with self._condition:
            self._success = worked
            self._value = value
            self._ready = True
            self._condition.notify_all()


AsyncResult = ApplyResult


class MapResult(ApplyResult):
    def __init__(self, nbatches, callback, error_callback):
        super().__init__(callback, error_callback)
        self._batches = [None] * nbatches
        self._left = nbatches
        self._error = None
        if nbatches == 0:
            self._ready = self._success = True
            self._value = []

    def _setter(self, i):
        def done(worked, value):
            self._set_batch(i, worked, value)
        return done

    def _set_batch(self, i, worked, value):
        with self._condition:
            self._left -= 1
            if worked:
                self._batches[i] = value
            elif self._error is None:
                self._error = value
            if self._left > 0:
                return
        if self._error is not None:
            self._set(False, self._error)
        else:
            self._set(True, [x for batch in self._batches for x in batch])


class IMapIterator:
    """Results in the order of the items."""

    def __init__(self):
        self._condition = Condition()
        self._batches = {}
        self._at = 0
        self._length = None
        self._items = []

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()

    def next(self, timeout=None):
        deadline = None if timeout is None else _time() + timeout
        with self._condition:
            while not self._items:
                if self._at == self._length:
                    raise StopIteration
                if self._is_there():
                    self._take()
                else:
                    self._wait(deadline)
            worked, value = self._items.pop(0)
        if worked:
            return value
        raise value

    def _wait(self, deadline):
        left = None if deadline is None else deadline - _time()
        if left is not None and left <= 0:
            raise multiprocessing.TimeoutError
        self._condition.wait(left)

    def _is_there(self):
        return self._at in self._batches

    def _take(self):
        worked, value = self._batches.pop(self._at)
        self._at += 1
        self._items = [(True, x) for x in value] if worked \
            else [(False, value)]

    def _setter(self, i):
        def done(worked, value):
            with self._condition:
                self._batches[self._place(i)] = worked, value
                self._condition.notify_all()
        return done

    def _place(self, i):
        return i

    def _set_length(self, n):
        with self._condition:
            self._length = n
            self._condition.notify_all()


class IMapUnorderedIterator(IMapIterator):
    """Results as they come."""

    def _place(self, i):
        return self._at + len(self._batches)
