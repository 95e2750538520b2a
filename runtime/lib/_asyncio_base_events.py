"""The loop: what is ready, and timers."""

import heapq
import itertools
import threading
import time
from collections import deque

from _asyncio_events import (AbstractEventLoop, Handle, TimerHandle,
                             _get_running_loop, _local)
from _asyncio_futures import Future, wrap_future
from _asyncio_tasks import Task, ensure_future


class BaseEventLoop(AbstractEventLoop):
    def __init__(self):
        self._ready = deque()
        self._timers = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        self._closed = False
        self._running = False
        self._exception_handler = None
        self._tasks = []
        self._executor = None

    def time(self):
        return time.monotonic()

    def is_running(self):
        return self._running

    def is_closed(self):
        return self._closed

    def get_debug(self):
        return False

    def _check_closed(self):
        if self._closed:
            raise RuntimeError("Event loop is closed")

    # ---- Callbacks.

    def call_soon(self, callback, *args, context=None):
        self._check_closed()
        handle = Handle(callback, args, self)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(self, callback, *args, context=None):
        self._check_closed()
        handle = Handle(callback, args, self)
        with self._wake:
            self._ready.append(handle)
            self._wake.notify()
        return handle

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self.time() + delay, callback, *args)

    def call_at(self, when, callback, *args, context=None):
        self._check_closed()
        handle = TimerHandle(when, callback, args, self)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    def set_exception_handler(self, handler):
        self._exception_handler = handler

    def call_exception_handler(self, context):
        if self._exception_handler is not None:
            self._exception_handler(self, context)
            return
        error = context.get("exception")
        print(context["message"], repr(error))

    # ---- Running.

    def _drop_cancelled(self):
        while self._timers and self._timers[0][2]._cancelled:
            heapq.heappop(self._timers)

    def _wait(self):
        """Until something is ready, or the first timer is due."""
        timeout = None
        if self._timers:
            timeout = max(0, self._timers[0][0] - self.time())
        with self._wake:
            if not self._ready and timeout != 0:
                self._wake.wait(timeout)

    def _run_once(self):
        self._drop_cancelled()
        if not self._ready and not self._stopping:
            self._wait()
        now = self.time()
        while self._timers and self._timers[0][0] <= now:
            self._ready.append(heapq.heappop(self._timers)[2])
        # Those that come meanwhile wait for the next round.
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _check_running(self):
        if self._running:
            raise RuntimeError("This event loop is already running")
        if _get_running_loop() is not None:
            raise RuntimeError(
                "Cannot run the event loop while another loop is running")

    def run_forever(self):
        self._check_closed()
        self._check_running()
        self._running = True
        _local.loop = self
        try:
            while True:
                self._run_once()
                if self._stopping:
                    break
        finally:
            self._stopping = False
            self._running = False
            _local.loop = None

    def run_until_complete(self, future):
        self._check_closed()
        self._check_running()
        future = ensure_future(future, loop=self)
        future.add_done_callback(_stop_loop)
        try:
            self.run_forever()
        finally:
            future.remove_done_callback(_stop_loop)
        if not future.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return future.result()

    def stop(self):
        self._stopping = True

    def close(self):
        if self._running:
            raise RuntimeError("Cannot close a running event loop")
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None

    # ---- What runs.

    def create_future(self):
        return Future(loop=self)

    def create_task(self, coro, *, name=None, context=None):
        self._check_closed()
        return Task(coro, loop=self, name=name)

    def run_in_executor(self, executor, function, *args):
        self._check_closed()
        if executor is None:
            if self._executor is None:
                from concurrent.futures import ThreadPoolExecutor
                self._executor = ThreadPoolExecutor()
            executor = self._executor
        return wrap_future(executor.submit(function, *args), loop=self)

    async def shutdown_asyncgens(self):
        pass

    async def shutdown_default_executor(self, timeout=None):
        if self._executor is not None:
            executor, self._executor = self._executor, None
            executor.shutdown()


def _stop_loop(future):
    future._loop.stop()


def new_event_loop():
    return BaseEventLoop()
