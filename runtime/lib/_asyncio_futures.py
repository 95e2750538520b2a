"""Futures of one loop."""

from _asyncio_events import get_event_loop
from _asyncio_exceptions import CancelledError, InvalidStateError


class Future:
    _state = "PENDING"

    def __init__(self, *, loop=None):
        self._loop = loop if loop is not None else get_event_loop()
        self._result = None
        self._exception = None
        self._callbacks = []
        self._message = None
        self._blocking = False

    def __repr__(self):
        return f"<{type(self).__name__} {self._info()}>"

    def _info(self):
        text = self._state.lower()
        if self._state == "FINISHED":
            if self._exception is not None:
                text += f" exception={self._exception!r}"
            else:
                text += f" result={self._result!r}"
        return text

    def get_loop(self):
        return self._loop

    def cancelled(self):
        return self._state == "CANCELLED"

    def done(self):
        return self._state != "PENDING"

    def _cancelled_error(self):
        if self._message is None:
            return CancelledError()
        return CancelledError(self._message)

    def result(self):
        if self._state == "CANCELLED":
            raise self._cancelled_error()
        if self._state != "FINISHED":
            raise InvalidStateError("Result is not ready.")
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self):
        if self._state == "CANCELLED":
            raise self._cancelled_error()
        if self._state != "FINISHED":
            raise InvalidStateError("Exception is not set.")
        return self._exception

    def add_done_callback(self, callback, *, context=None):
        if self.done():
            self._loop.call_soon(callback, self)
        else:
            self._callbacks.append(callback)

    def remove_done_callback(self, callback):
        kept = [item for item in self._callbacks if item != callback]
        removed = len(self._callbacks) - len(kept)
        self._callbacks = kept
        return removed

    def _schedule_callbacks(self):
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            self._loop.call_soon(callback, self)

    def cancel(self, msg=None):
        if self.done():
            return False
        self._state = "CANCELLED"
        self._message = msg
        self._schedule_callbacks()
        return True

    def _check_pending(self):
        if self.done():
            raise InvalidStateError(f"{self._state}: {self!r}")

    def set_result(self, result):
        self._check_pending()
        self._result = result
        self._state = "FINISHED"
        self._schedule_callbacks()

    def set_exception(self, exception):
        self._check_pending()
        if isinstance(exception, type):
            exception = exception()
        if isinstance(exception, StopIteration):
            new = RuntimeError("StopIteration interacts badly with generators "
                               "and cannot be raised into a Future")
            new.__cause__ = new.__context__ = exception
            exception = new
        self._exception = exception
        self._state = "FINISHED"
        self._schedule_callbacks()

    def __await__(self):
        if not self.done():
            self._blocking = True
            yield self
        if not self.done():
            raise RuntimeError("await wasn't used with future")
        return self.result()

    __iter__ = __await__


def isfuture(item):
    return isinstance(item, Future)


def wrap_future(future, *, loop=None):
    """A future here for one of concurrent.futures."""
    if isfuture(future):
        return future
    loop = loop if loop is not None else get_event_loop()
    own = loop.create_future()

    def copy(_):
        if own.cancelled():
            return
        if future.cancelled():
            own.cancel()
        elif future.exception() is not None:
            own.set_exception(future.exception())
        else:
            own.set_result(future.result())

    def done(_):
        if not loop.is_closed():
            loop.call_soon_threadsafe(copy, future)

    def cancelled(_):
        if own.cancelled():
            future.cancel()

    own.add_done_callback(cancelled)
    future.add_done_callback(done)
    return own


def _set_unless_done(future, result):
    if not future.done():
        future.set_result(result)
