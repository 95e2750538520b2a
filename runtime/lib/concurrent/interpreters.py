"""concurrent.interpreters: create, call, close, queues.

A call hands over the function's code and plain data (None, bools, ints,
floats, strs, bytes, tuples of these); globals are those of the other
interpreter. What is not plain goes as a pickle, the function then by its name:
the other interpreter imports the program. A queue is known by its id in every
interpreter.
"""

from threading import Thread


class InterpreterError(Exception):
    pass


class ExecutionFailed(InterpreterError):
    pass


class NotShareableError(TypeError, ValueError):
    pass


class QueueError(Exception):
    pass


class QueueNotFoundError(QueueError):
    pass


class QueueEmpty(QueueError):
    pass


class QueueFull(QueueError):
    pass


def _is_plain(obj):
    if type(obj) is tuple:
        return all(_is_plain(item) for item in obj)
    return obj is None or type(obj) in (bool, int, float, str, bytes)


def is_shareable(obj):
    if type(obj) is tuple:
        return all(is_shareable(item) for item in obj)
    return type(obj) is Queue or _is_plain(obj)


def _to_plain(obj):
    """(is pickled, data)."""
    if _is_plain(obj):
        return False, obj
    import pickle
    try:
        return True, pickle.dumps(obj)
    except (pickle.PicklingError, TypeError, AttributeError):
        raise NotShareableError(
            f"object could not be shared: {obj!r}") from None


def _from_plain(message):
    pickled, data = message
    if pickled:
        import pickle
        return pickle.loads(data)
    return data


def _run_pickled(data):
    """In the other interpreter."""
    from multiprocessing.worker import run
    return run(data)


class Interpreter:
    def __init__(self, id):
        self._id = id

    @property
    def id(self):
        return self._id

    def call(self, callable, /, *args, **kwargs):
        try:
            if kwargs or not _is_plain(args):
                return self._call_pickled(callable, args, kwargs)
            return interp_run(self._id, callable, *args)
        except RuntimeError as error:
            raise ExecutionFailed(str(error)) from None

    def _call_pickled(self, callable, args, kwargs):
        import pickle
        data = pickle.dumps((callable, args, kwargs))
        worked, value, _ = pickle.loads(
            interp_run(self._id, _run_pickled, data))
        if worked:
            return value
        raise ExecutionFailed(f"{type(value).__name__}: {value}")

    def call_in_thread(self, callable, /, *args, **kwargs):
        thread = Thread(target=self.call, args=(callable, *args),
                        kwargs=kwargs)
        thread.start()
        return thread

    def is_running(self):
        return interp_is_running(self._id)

    def close(self):
        interp_destroy(self._id)

    def __eq__(self, other):
        return isinstance(other, Interpreter) and self._id == other._id

    def __hash__(self):
        return hash(self._id)

    def __repr__(self):
        return f"Interpreter({self._id})"


def create():
    return Interpreter(interp_create())


def get_current():
    return Interpreter(interp_current())


def get_main():
    return Interpreter(0)


# ---------------------------------------------------------------------------

class Queue:
    def __init__(self, id):
        self._id = id

    @property
    def id(self):
        return self._id

    def put(self, obj, block=True, timeout=None):
        message = _to_plain(obj)
        try:
            queue_put(self._id, message, timeout if block else 0)
        except RuntimeError as error:
            raise _queue_error(error, QueueFull) from None

    def get(self, block=True, timeout=None):
        try:
            message = queue_get(self._id, timeout if block else 0)
        except RuntimeError as error:
            raise _queue_error(error, QueueEmpty) from None
        return _from_plain(message)

    def put_nowait(self, obj):
        self.put(obj, block=False)

    def get_nowait(self):
        return self.get(block=False)

    def qsize(self):
        return queue_count(self._id)

    def empty(self):
        return self.qsize() == 0

    def __reduce__(self):
        return Queue, (self._id,)

    def __eq__(self, other):
        return isinstance(other, Queue) and self._id == other._id

    def __hash__(self):
        return hash(self._id)

    def __repr__(self):
        return f"Queue({self._id})"


def _queue_error(error, not_now):
    return (QueueNotFoundError if str(error).endswith("not found")
            else not_now)(str(error))


def create_queue(maxsize=0):
    return Queue(queue_create(maxsize))
