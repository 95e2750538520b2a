"""What a loop calls, and which loop runs in this thread."""

import threading

_local = threading.local()


class Handle:
    def __init__(self, callback, args, loop):
        self._callback = callback
        self._args = args
        self._loop = loop
        self._cancelled = False

    def cancel(self):
        self._cancelled = True
        self._callback = self._args = None

    def cancelled(self):
        return self._cancelled

    def _run(self):
        try:
            self._callback(*self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler({
                "message": "Exception in callback", "exception": error})


class TimerHandle(Handle):
    def __init__(self, when, callback, args, loop):
        super().__init__(callback, args, loop)
        self._when = when

    def when(self):
        return self._when


class AbstractEventLoop:
    pass


def _get_running_loop():
    return getattr(_local, "loop", None)


def get_running_loop():
    loop = _get_running_loop()
    if loop is None:
        raise RuntimeError("no running event loop")
    return loop


def get_event_loop():
    loop = _get_running_loop() or getattr(_local, "default", None)
    if loop is None:
        raise RuntimeError("There is no current event loop in thread %r."
                           % threading.current_thread().name)
    return loop


def set_event_loop(loop):
    _local.default = loop
