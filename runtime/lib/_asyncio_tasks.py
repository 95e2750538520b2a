"""Tasks: a coroutine that a loop goes on with."""

import itertools

from _asyncio_events import _local, get_event_loop, get_running_loop
from _asyncio_exceptions import CancelledError, InvalidStateError
from _asyncio_futures import Future, isfuture


async def _nothing():
    pass


def _coroutine_type():
    coroutine = _nothing()
    coroutine.close()
    return type(coroutine)


CoroutineType = _coroutine_type()
_task_names = itertools.count(1)


def iscoroutine(item):
    return isinstance(item, CoroutineType)


class Task(Future):
    def __init__(self, coro, *, loop=None, name=None):
        super().__init__(loop=loop)
        if not iscoroutine(coro):
            raise TypeError(f"a coroutine was expected, got {coro!r}")
        self._coro = coro
        self._name = f"Task-{next(_task_names)}" if name is None else str(name)
        self._waiter = None
        self._must_cancel = False
        self._cancels = 0
        self._loop._tasks.append(self)
        self._loop.call_soon(self._step)

    def _info(self):
        return f"{super()._info()} name={self._name!r}"

    def get_name(self):
        return self._name

    def set_name(self, value):
        self._name = str(value)

    def get_coro(self):
        return self._coro

    def set_result(self, result):
        raise RuntimeError("Task does not support set_result operation")

    def set_exception(self, exception):
        raise RuntimeError("Task does not support set_exception operation")

    def cancel(self, msg=None):
        if self.done():
            return False
        self._cancels += 1
        if self._waiter is not None and self._waiter.cancel(msg=msg):
            return True
        self._must_cancel = True
        self._message = msg
        return True

    def cancelling(self):
        return self._cancels

    def uncancel(self):
        if self._cancels > 0:
            self._cancels -= 1
            if self._cancels == 0:
                self._must_cancel = False
        return self._cancels

    def _finish(self):
        if self in self._loop._tasks:
            self._loop._tasks.remove(self)

    def _step(self, error=None):
        if self.done():
            raise InvalidStateError(f"_step(): already done: {self!r}")
        if self._must_cancel:
            if not isinstance(error, CancelledError):
                error = self._cancelled_error()
            self._must_cancel = False
        self._waiter = None
        outer = getattr(_local, "task", None)
        _local.task = self
        try:
            self._advance(error)
        finally:
            _local.task = outer

    def _advance(self, error):
        try:
            if error is None:
                waiter = self._coro.send(None)
            else:
                waiter = self._coro.throw(error)
        except StopIteration as stop:
            self._finish()
            if self._must_cancel:
                self._must_cancel = False
                super().cancel(msg=self._message)
            else:
                super().set_result(stop.value)
        except CancelledError as cancelled:
            self._finish()
            super().cancel(*cancelled.args[:1])
        except (KeyboardInterrupt, SystemExit) as fatal:
            self._finish()
            super().set_exception(fatal)
            raise
        except BaseException as raised:
            self._finish()
            super().set_exception(raised)
        else:
            self._wait_for(waiter)

    def _wait_for(self, waiter):
        problem = None
        if waiter is None:
            self._loop.call_soon(self._step)
            return
        if not isfuture(waiter):
            problem = f"Task got bad yield: {waiter!r}"
        elif waiter._loop is not self._loop:
            problem = f"Task {self!r} got Future {waiter!r} attached to a " \
                      f"different loop"
        elif not waiter._blocking:
            problem = f"yield was used instead of yield from in task {self!r}"
        elif waiter is self:
            problem = f"Task cannot await on itself: {self!r}"
        if problem is not None:
            self._loop.call_soon(self._step, RuntimeError(problem))
            return
        waiter._blocking = False
        waiter.add_done_callback(self._wake_up)
        self._waiter = waiter
        if self._must_cancel and waiter.cancel(msg=self._message):
            self._must_cancel = False

    def _wake_up(self, future):
        try:
            future.result()
        except BaseException as error:
            self._step(error)
        else:
            self._step()


def current_task(loop=None):
    return getattr(_local, "task", None)


def all_tasks(loop=None):
    loop = loop if loop is not None else get_running_loop()
    return {task for task in loop._tasks if not task.done()}


def create_task(coro, *, name=None, context=None):
    return get_running_loop().create_task(coro, name=name)


async def _await(item):
    return await item


def ensure_future(item, *, loop=None):
    if isfuture(item):
        return item
    if not iscoroutine(item):
        if not hasattr(item, "__await__"):
            raise TypeError("An asyncio.Future, a coroutine or an awaitable "
                            "is required")
        item = _await(item)
    return (loop if loop is not None else get_event_loop()).create_task(item)
