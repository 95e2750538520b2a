"""concurrent.interpreters: create, call, close.

A call hands over the function's code and plain data (None, bools, ints, strs,
tuples of these); globals are those of the other interpreter.
"""


class InterpreterError(Exception):
    pass


class ExecutionFailed(InterpreterError):
    pass


class Interpreter:
    def __init__(self, id):
        self._id = id

    @property
    def id(self):
        return self._id

    def call(self, callable, /, *args):
        try:
            return interp_run(self._id, callable, *args)
        except RuntimeError as error:
            raise ExecutionFailed(str(error)) from None

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
