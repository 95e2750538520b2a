"""threading: Thread, Timer, Barrier, BoundedSemaphore over _thread.

Locks, conditions, events, semaphores and thread-local data are the runtime's
own. A Thread is a wrapper of _thread.Thread; those that run are in _active.
"""

from _thread import (Condition, Event, Lock, RLock, Semaphore, get_ident,
                     local)
from _thread import Thread as _RawThread
from _thread import _report_exception
from time import monotonic as _time

TIMEOUT_MAX = 9223372036.0
ThreadError = RuntimeError
BrokenBarrierError = BrokenBarrierError

_lock = Lock()
_active = {}
_counter = 0
_here = local()


def _new_number():
    global _counter
    with _lock:
        _counter += 1
        return _counter


class Thread:
    def __init__(self, group=None, target=None, name=None, args=(),
                 kwargs=None, *, daemon=None):
        assert group is None, "group argument must be None for now"
        if name is None:
            name = f"Thread-{_new_number()}"
            function = getattr(target, "__name__", None)
            if function is not None:
                name = f"{name} ({function})"
        self._name = str(name)
        self._target = target
        self._args = args
        self._kwargs = {} if kwargs is None else kwargs
        self._daemon = current_thread().daemon if daemon is None else daemon
        self._ident = None
        self._started = Event()
        self._raw = _RawThread(self._bootstrap, ())

    def start(self):
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        self._raw.setDaemon(self._daemon)
        self._raw.start()
        self._started.wait()

    def run(self):
        try:
            if self._target is not None:
                self._target(*self._args, **self._kwargs)
        finally:
            # What they hold must not live as long as the thread's object.
            del self._target, self._args, self._kwargs

    def _bootstrap(self):
        self._ident = get_ident()
        _here.thread = self
        with _lock:
            _active[self._ident] = self
        self._started.set()
        try:
            self.run()
        except SystemExit:
            pass
        except BaseException as error:
            excepthook(ExceptHookArgs((type(error), error,
                                       error.__traceback__, self)))
        finally:
            with _lock:
                del _active[self._ident]

    def join(self, timeout=None):
        if not self._started.is_set():
            raise RuntimeError("cannot join thread before it is started")
        if self is current_thread():
            raise RuntimeError("cannot join current thread")
        self._raw.join(timeout)

    def is_alive(self):
        return self._started.is_set() and self._raw.is_alive()

    def getName(self):
        return self._name

    def setName(self, name):
        self._name = str(name)

    name = property(getName, setName)

    @property
    def ident(self):
        return self._ident

    native_id = ident

    def isDaemon(self):
        return self._daemon

    def setDaemon(self, daemon):
        if self._started.is_set():
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemon = bool(daemon)

    daemon = property(isDaemon, setDaemon)

    def __repr__(self):
        status = "initial"
        if self._started.is_set():
            status = "started" if self.is_alive() else "stopped"
        if self._daemon:
            status += " daemon"
        if self._ident is not None:
            status += f" {self._ident}"
        return f"<{type(self).__name__}({self._name}, {status})>"


class _MainThread(Thread):
    def __init__(self):
        self._name = "MainThread"
        self._daemon = False
        self._ident = get_ident()
        self._started = Event()
        self._started.set()

    def is_alive(self):
        return True


class _DummyThread(_MainThread):
    """A thread that something else has started."""

    def __init__(self):
        super().__init__()
        self._name = f"Dummy-{_new_number()}"
        self._daemon = True


class ExceptHookArgs:
    def __init__(self, args):
        self.exc_type, self.exc_value, self.exc_traceback, self.thread = args


def excepthook(args):
    name = args.thread.name if args.thread is not None else get_ident()
    _report_exception(f"Exception in thread {name}:", args.exc_value)


__excepthook__ = excepthook
_CRLock = RLock


def current_thread():
    thread = getattr(_here, "thread", None)
    if thread is None:
        thread = _here.thread = _DummyThread()
    return thread


def main_thread():
    return _main_thread


def enumerate():
    with _lock:
        return list(_active.values())


def active_count():
    with _lock:
        return len(_active)


def get_native_id():
    return get_ident()


currentThread = current_thread
activeCount = active_count


_exit_functions = []


def _register_atexit(function, *args, **kwargs):
    """To be called when the main thread has nothing to do any more."""
    _exit_functions.append((function, args, kwargs))


def _shutdown():
    """The program's last statement is over (vm/run.c)."""
    while _exit_functions:
        function, args, kwargs = _exit_functions.pop()
        function(*args, **kwargs)
    for thread in enumerate():
        if thread is not _main_thread and not thread.daemon:
            thread.join()


class Timer(Thread):
    """Calls the function after so many seconds, unless cancelled before."""

    def __init__(self, interval, function, args=None, kwargs=None):
        super().__init__()
        self.interval = interval
        self.function = function
        self.args = [] if args is None else args
        self.kwargs = {} if kwargs is None else kwargs
        self.finished = Event()

    def cancel(self):
        self.finished.set()

    def run(self):
        self.finished.wait(self.interval)
        if not self.finished.is_set():
            self.function(*self.args, **self.kwargs)
        self.finished.set()


class BoundedSemaphore:
    def __init__(self, value=1):
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._cond = Condition(Lock())
        self._value = value
        self._limit = value

    def acquire(self, blocking=True, timeout=None):
        if not blocking and timeout is not None:
            raise ValueError(
                "can't specify timeout for non-blocking acquire")
        with self._cond:
            if self._value == 0 and blocking:
                self._cond.wait_for(lambda: self._value > 0, timeout)
            if self._value == 0:
                return False
            self._value -= 1
            return True

    def release(self, n=1):
        if n < 1:
            raise ValueError("n must be one or more")
        with self._cond:
            if self._value + n > self._limit:
                raise ValueError("Semaphore released too many times")
            self._value += n
            self._cond.notify(n)

    def __enter__(self):
        return self.acquire()

    def __exit__(self, kind, value, traceback):
        self.release()


class Barrier:
    """States: filling (0), draining (1), resetting (-1), broken (-2)."""

    def __init__(self, parties, action=None, timeout=None):
        if parties < 1:
            raise ValueError("parties must be > 0")
        self._cond = Condition(Lock())
        self._action = action
        self._timeout = timeout
        self._parties = parties
        self._state = 0
        self._count = 0

    def wait(self, timeout=None):
        if timeout is None:
            timeout = self._timeout
        with self._cond:
            while self._state in (-1, 1):
                self._cond.wait()
            if self._state < 0:
                raise BrokenBarrierError
            index = self._count
            self._count += 1
            try:
                if index + 1 == self._parties:
                    self._release()
                else:
                    self._wait(timeout)
                return index
            finally:
                self._count -= 1
                self._exit()

    def _release(self):
        try:
            if self._action is not None:
                self._action()
            self._state = 1
            self._cond.notify_all()
        except BaseException:
            self._break()
            raise

    def _wait(self, timeout):
        if not self._cond.wait_for(lambda: self._state != 0, timeout):
            self._break()
            raise BrokenBarrierError
        if self._state < 0:
            raise BrokenBarrierError

    def _exit(self):
        if self._count == 0 and self._state in (-1, 1):
            self._state = 0
            self._cond.notify_all()

    def _break(self):
        self._state = -2
        self._cond.notify_all()

    def reset(self):
        with self._cond:
            if self._count > 0:
                self._state = -1
            else:
                self._state = 0
            self._cond.notify_all()

    def abort(self):
        with self._cond:
            self._break()

    @property
    def parties(self):
        return self._parties

    @property
    def n_waiting(self):
        return self._count if self._state == 0 else 0

    @property
    def broken(self):
        return self._state == -2


_main_thread = _here.thread = _MainThread()
_active[_main_thread._ident] = _main_thread
