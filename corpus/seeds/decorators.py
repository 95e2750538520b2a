# Decorators of functions and classes, with arguments, stacked, with wraps.
from functools import wraps


def trace(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        print("call", function.__name__, args, kwargs)
        result = function(*args, **kwargs)
        print("result", result)
        return result
    return wrapper


def times(n):
    def decorate(function):
        @wraps(function)
        def wrapper(*args):
            return [function(*args) for _ in range(n)]
        return wrapper
    return decorate


@trace
@times(3)
def add(a, b=10):
    """Adds."""
    return a + b


print(add(1), add(1, 2), add.__name__, add.__doc__)


def register(cls):
    cls.registered = True
    return cls


@register
class Thing:
    @staticmethod
    def static(x):
        return x + 1

    @classmethod
    def make(cls):
        return cls.__name__

    @property
    def seven(self):
        return 7


print(Thing.registered, Thing.static(1), Thing.make(), Thing().make(), Thing().seven)
