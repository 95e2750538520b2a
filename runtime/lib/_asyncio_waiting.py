"""Waiting for one, for some, for all of several; not too long."""

from _asyncio_events import get_event_loop, get_running_loop
from _asyncio_exceptions import CancelledError, TimeoutError
from _asyncio_futures import Future, _set_unless_done, isfuture
from _asyncio_queues import Queue
from _asyncio_tasks import ensure_future, iscoroutine
from _asyncio_timeouts import Timeout

FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"
ALL_COMPLETED = "ALL_COMPLETED"


class _Bare:
    """Lets the others go on, once."""

    def __await__(self):
        yield


async def sleep(delay, result=None):
    if delay <= 0:
        await _Bare()
        return result
    loop = get_running_loop()
    future = loop.create_future()
    handle = loop.call_later(delay, _set_unless_done, future, result)
    try:
        return await future
    finally:
        handle.cancel()


class _GatheringFuture(Future):
    def __init__(self, children, *, loop):
        super().__init__(loop=loop)
        self._children = children
        self._asked = False

    def cancel(self, msg=None):
        if self.done():
            return False
        cancelled = False
        for child in self._children:
            if child.cancel(msg=msg):
                cancelled = True
        if cancelled:
            self._asked = True
        return cancelled


def _result_of(child):
    if child.cancelled():
        return child._cancelled_error()
    return child.exception() or child.result()


def _gather(items, loop, return_exceptions):
    children, known = [], {}
    for item in items:
        if id(item) not in known:
            known[id(item)] = ensure_future(item, loop=loop)
        children.append(known[id(item)])
    outer = _GatheringFuture(children, loop=loop)
    left = len(known)

    def done(child):
        nonlocal left
        left -= 1
        if outer.done():
            return
        if not return_exceptions:
            if child.cancelled():
                outer.set_exception(child._cancelled_error())
                return
            if child.exception() is not None:
                outer.set_exception(child.exception())
                return
        if left == 0:
            if outer._asked:
                outer.set_exception(CancelledError())
            else:
                outer.set_result([_result_of(child) for child in children])

    for child in known.values():
        child.add_done_callback(done)
    return outer


def gather(*items, return_exceptions=False):
    if not items:
        future = get_event_loop().create_future()
        future.set_result([])
        return future
    loop = items[0]._loop if isfuture(items[0]) else get_running_loop()
    return _gather(items, loop, return_exceptions)


def shield(item):
    inner = ensure_future(item)
    if inner.done():
        return inner
    outer = inner._loop.create_future()

    def inner_done(_):
        if outer.cancelled():
            return
        if inner.cancelled():
            outer.cancel()
        elif inner.exception() is not None:
            outer.set_exception(inner.exception())
        else:
            outer.set_result(inner.result())

    inner.add_done_callback(inner_done)
    outer.add_done_callback(
        lambda _: inner.remove_done_callback(inner_done))
    return outer


async def wait_for(item, timeout):
    if timeout is not None and timeout <= 0:
        item = ensure_future(item)
        if item.done():
            return item.result()
        item.cancel()
        try:
            return await item
        except CancelledError as error:
            raise TimeoutError from error
    loop = get_running_loop()
    when = None if timeout is None else loop.time() + timeout
    async with Timeout(when):
        return await item


async def wait(items, *, timeout=None, return_when=ALL_COMPLETED):
    items = set(items)
    if not items:
        raise ValueError("Set of Tasks/Futures is empty.")
    for item in items:
        if iscoroutine(item):
            raise TypeError("Passing coroutines is forbidden, use tasks "
                            "explicitly.")
    loop = get_running_loop()
    waiter = loop.create_future()
    left = len(items)

    def done(future):
        nonlocal left
        left -= 1
        if left <= 0 or return_when == FIRST_COMPLETED or \
                (return_when == FIRST_EXCEPTION and not future.cancelled() and
                 future.exception() is not None):
            _set_unless_done(waiter, None)

    handle = None
    if timeout is not None:
        handle = loop.call_later(timeout, _set_unless_done, waiter, None)
    for item in items:
        item.add_done_callback(done)
    try:
        await waiter
    finally:
        if handle is not None:
            handle.cancel()
        for item in items:
            item.remove_done_callback(done)
    finished = {item for item in items if item.done()}
    return finished, items - finished


def as_completed(items, *, timeout=None):
    queue = Queue()
    futures = [ensure_future(item) for item in items]
    loop = get_running_loop()

    async def next_one():
        future = await queue.get()
        if future is None:
            raise TimeoutError
        return future.result()

    def expire():
        for _ in futures:
            queue.put_nowait(None)

    if timeout is not None:
        loop.call_later(timeout, expire)
    for future in futures:
        future.add_done_callback(queue.put_nowait)
    for _ in futures:
        yield next_one()


async def to_thread(function, *args, **kwargs):
    loop = get_running_loop()
    return await loop.run_in_executor(None, lambda: function(*args, **kwargs))


def run_coroutine_threadsafe(coro, loop):
    """Of another thread: a future of concurrent.futures."""
    from concurrent.futures import Future as ThreadFuture
    outer = ThreadFuture()

    def done(task):
        if task.cancelled():
            outer.cancel()
        elif task.exception() is not None:
            outer.set_exception(task.exception())
        else:
            outer.set_result(task.result())

    def start():
        ensure_future(coro, loop=loop).add_done_callback(done)

    loop.call_soon_threadsafe(start)
    return outer
