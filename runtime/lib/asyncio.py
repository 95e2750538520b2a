"""An event loop over coroutines: tasks, futures, timers, locks, queues.

Mirrors Lib/asyncio (CPython 3.13); departs: no sockets, pipes, signals and
subprocesses, so that a loop waits for timers and for call_soon_threadsafe()
only; no context variables, no task groups (there are no exception groups), no
debug mode.
"""

from _asyncio_base_events import BaseEventLoop, new_event_loop
from _asyncio_events import (AbstractEventLoop, Handle, TimerHandle,
                             _get_running_loop, get_event_loop,
                             get_running_loop, set_event_loop)
from _asyncio_exceptions import (CancelledError, InvalidStateError,
                                 QueueEmpty, QueueFull, QueueShutDown,
                                 TimeoutError)
from _asyncio_futures import Future, isfuture, wrap_future
from _asyncio_locks import BoundedSemaphore, Condition, Event, Lock, Semaphore
from _asyncio_queues import LifoQueue, PriorityQueue, Queue
from _asyncio_runners import Runner, run
from _asyncio_tasks import (Task, all_tasks, create_task, current_task,
                            ensure_future, iscoroutine)
from _asyncio_timeouts import Timeout, timeout, timeout_at
from _asyncio_waiting import (ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION,
                              as_completed, gather, run_coroutine_threadsafe,
                              shield, sleep, to_thread, wait, wait_for)
