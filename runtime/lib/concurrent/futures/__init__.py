"""concurrent.futures: Future, ThreadPoolExecutor, ProcessPoolExecutor, wait,
as_completed.
"""

from queue import SimpleQueue
from threading import Condition, Lock, Thread, _register_atexit
from time import monotonic as _time

FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"
ALL_COMPLETED = "ALL_COMPLETED"

PENDING = "PENDING"
RUNNING = "RUNNING"
CANCELLED = "CANCELLED"
FINISHED = "FINISHED"


class Error(Exception):
    pass


class CancelledError(Error):
    pass


class InvalidStateError(Error):
    pass


class BrokenExecutor(RuntimeError):
    pass


class TimeoutError(Error):
    pass


class Future:
    def __init__(self):
        self._condition = Condition()
        self._state = PENDING
        self._result = None
        self._exception = None
        self._callbacks = []

    def __repr__(self):
        with self._condition:
            state = self._state.lower()
            if self._state == FINISHED:
                outcome = self._exception if self._exception is not None \
                    else self._result
                verb = "raised" if self._exception is not None \
                    else "returned"
                state += f" {verb} {type(outcome).__name__}"
            return f"<Future at {id(self):#x} state={state}>"

    def cancel(self):
        with self._condition:
            if self._state in (RUNNING, FINISHED):
                return False
            if self._state == CANCELLED:
                return True
            self._state = CANCELLED
            self._condition.notify_all()
        self._invoke_callbacks()
        return True

    def cancelled(self):
        with self._condition:
            return self._state == CANCELLED

    def running(self):
        with self._condition:
            return self._state == RUNNING

    def done(self):
        with self._condition:
            return self._is_done()

    def _is_done(self):
        return self._state in (CANCELLED, FINISHED)

    def _invoke_callbacks(self):
        for callback in self._callbacks:
            callback(self)

    def add_done_callback(self, callback):
        with self._condition:
            if not self._is_done():
                self._callbacks.append(callback)
                return
        callback(self)

    def _outcome(self, timeout):
        """With the lock held; the exception, or None."""
        if not self._is_done():
            self._condition.wait_for(self._is_done, timeout)
        if self._state == CANCELLED:
            raise CancelledError()
        if self._state != FINISHED:
            raise TimeoutError()
        return self._exception

    def result(self, timeout=None):
        try:
            with self._condition:
                error = self._outcome(timeout)
                if error is not None:
                    raise error
                return self._result
        finally:
            # A traceback refers to this frame: no cycle through it.
            self = error = None

    def exception(self, timeout=None):
        with self._condition:
            return self._outcome(timeout)

    def set_running_or_notify_cancel(self):
        with self._condition:
            if self._state == CANCELLED:
                self._condition.notify_all()
                return False
            if self._state != PENDING:
                raise RuntimeError("Future in unexpected state")
            self._state = RUNNING
            return True

    def _finish(self, result, exception):
        with self._condition:
            if self._is_done():
                raise InvalidStateError(f"{self._state}: {self!r}")
            self._result = result
            self._exception = exception
            self._state = FINISHED
            self._condition.notify_all()
        self._invoke_callbacks()

    def set_result(self, result):
        self._finish(result, None)

    def set_exception(self, exception):
        self._finish(None, exception)


class _WorkItem:
    def __init__(self, future, function, args, kwargs):
        self.future = future
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def run(self):
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.function(*self.args, **self.kwargs)
        except BaseException as error:
            self.future.set_exception(error)
            self = None
        else:
            self.future.set_result(result)


class Executor:
    def submit(self, function, /, *args, **kwargs):
        raise NotImplementedError()

    def map(self, function, *iterables, timeout=None, chunksize=1):
        end = None if timeout is None else timeout + _time()
        futures = [self.submit(function, *args) for args in zip(*iterables)]
        return _results(futures, end)

    def shutdown(self, wait=True, *, cancel_futures=False):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.shutdown(wait=True)
        return False


def _results(futures, end):
    """What map() gives; whoever stops early cancels the rest."""
    try:
        futures.reverse()
        while futures:
            future = futures.pop()
            left = None if end is None else end - _time()
            yield future.result(left)
    finally:
        for future in futures:
            future.cancel()


class _Pool:
    """What the workers of an executor share. They do not know the executor,
    so that it can die before them."""

    def __init__(self, initializer, initargs):
        self.queue = SimpleQueue()
        self.lock = Lock()
        self.idle = 0
        self.initializer = initializer
        self.initargs = initargs

    def work(self):
        if self.initializer is not None:
            self.initializer(*self.initargs)
        while True:
            item = self.queue.get()
            if item is None:
                self.queue.put(None)        # for the next one
                return
            item.run()
            del item
            with self.lock:
                self.idle += 1


_pools_lock = Lock()
_number_of_pools = 0
_threads_queues = {}            # thread: queue, until it has ended


def _python_exit():
    with _pools_lock:
        items = list(_threads_queues.items())
    for _, queue in items:
        queue.put(None)
    for thread, _ in items:
        thread.join()


_register_atexit(_python_exit)


class ThreadPoolExecutor(Executor):
    def __init__(self, max_workers=None, thread_name_prefix="",
                 initializer=None, initargs=()):
        global _number_of_pools
        if max_workers is None:
            max_workers = 8
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        if not thread_name_prefix:
            with _pools_lock:
                thread_name_prefix = f"ThreadPoolExecutor-{_number_of_pools}"
                _number_of_pools += 1
        self._max_workers = max_workers
        self._prefix = thread_name_prefix
        self._pool = _Pool(initializer, initargs)
        self._threads = []
        self._shutdown = False

    def submit(self, function, /, *args, **kwargs):
        pool = self._pool
        with pool.lock:
            if self._shutdown:
                raise RuntimeError(
                    "cannot schedule new futures after shutdown")
            future = Future()
            pool.queue.put(_WorkItem(future, function, args, kwargs))
            if pool.idle > 0:
                pool.idle -= 1
            elif len(self._threads) < self._max_workers:
                self._add_thread()
            return future

    def _add_thread(self):
        thread = Thread(name=f"{self._prefix}_{len(self._threads)}",
                        target=self._pool.work)
        thread.start()
        self._threads.append(thread)
        with _pools_lock:
            _threads_queues[thread] = self._pool.queue

    def shutdown(self, wait=True, *, cancel_futures=False):
        pool = self._pool
        with pool.lock:
            self._shutdown = True
            if cancel_futures:
                while not pool.queue.empty():
                    item = pool.queue.get_nowait()
                    if item is not None:
                        item.future.cancel()
            pool.queue.put(None)
        if wait:
            for thread in self._threads:
                thread.join()
                with _pools_lock:
                    _threads_queues.pop(thread, None)

    def __del__(self):
        pool = getattr(self, "_pool", None)
        if pool is not None:
            pool.queue.put(None)


class ProcessPoolExecutor(Executor):
    """Over a pool of multiprocessing."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None,
                 initargs=(), *, max_tasks_per_child=None):
        from multiprocessing.pool import Pool
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._pool = Pool(max_workers, initializer, initargs,
                          max_tasks_per_child)

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            self._pool.apply_async(fn, args, kwargs, future.set_result,
                                   future.set_exception)
        except ValueError:
            raise RuntimeError("cannot schedule new futures after shutdown") \
                from None
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._pool.close()
        if wait:
            self._pool.join()


class _Waiter:
    """Counts futures down; `finished` in the order of their ends."""

    def __init__(self, futures):
        self.changed = Condition(Lock())
        self.finished = []
        for future in futures:
            future.add_done_callback(self._done)

    def _done(self, future):
        with self.changed:
            self.finished.append(future)
            self.changed.notify_all()


class DoneAndNotDoneFutures:
    def __init__(self, done, not_done):
        self.done = done
        self.not_done = not_done

    def __iter__(self):
        return iter((self.done, self.not_done))

    def __getitem__(self, index):
        return (self.done, self.not_done)[index]


def _has_failed(future):
    return not future.cancelled() and future.exception() is not None


def wait(fs, timeout=None, return_when=ALL_COMPLETED):
    futures = set(fs)
    waiter = _Waiter(futures)

    def enough():
        finished = waiter.finished
        if len(finished) >= len(futures):
            return True
        if return_when == FIRST_COMPLETED:
            return len(finished) > 0
        if return_when == FIRST_EXCEPTION:
            return any([_has_failed(future) for future in finished])
        return False

    with waiter.changed:
        waiter.changed.wait_for(enough, timeout)
        done = set(waiter.finished)
    return DoneAndNotDoneFutures(done, futures - done)


def as_completed(fs, timeout=None):
    end = None if timeout is None else timeout + _time()
    futures = set(fs)
    waiter = _Waiter(futures)
    given = 0
    while given < len(futures):
        left = None if end is None else end - _time()
        with waiter.changed:
            ready = waiter.changed.wait_for(
                lambda: len(waiter.finished) > given, left)
            batch = waiter.finished[given:]
        if not ready:
            raise TimeoutError(f"{len(futures) - given} (of {len(futures)}) "
                               "futures unfinished")
        given += len(batch)
        for future in batch:
            yield future
