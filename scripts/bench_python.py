"""The loops and objects of `ftfuzz bench loops` and `memory`, for CPython.

  python3 scripts/bench_python.py loops|memory

Prints one JSON object: name of the figure -> nanoseconds of an iteration (the
least of many rounds, of CPU time), or bytes of an object with what belongs to
it alone.
"""

import json
import sys
import time

ROUNDS, ITERATIONS = 40, 40000


def counter(n):
    i = 0
    while i < n:
        i = i + 1
    return i


def sum_of_squares(n):
    s = 0
    for i in range(n):
        s = s + i * i
    return s


def list_items(n, thing):
    for i in range(n):
        x = thing[1]
        thing[2] = i


def dict_items(n, thing):
    for i in range(n):
        x = thing["a"]
        thing["a"] = i


def attribute(n, thing):
    for i in range(n):
        x = thing.a
        thing.a = i


def f(x):
    return x


def call(n):
    for i in range(n):
        x = f(i)


class Point:
    pass


def instance(*names):
    point = Point()
    for name in names:
        setattr(point, name, 0)
    return point


def measure(function, arguments):
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        function(ITERATIONS, *arguments)
        least = min(least, time.thread_time() - start)
    return 1e9 * least / ITERATIONS


def loops():
    cases = {
        "counter": (counter, ()),
        "sum of squares": (sum_of_squares, ()),
        "list items": (list_items, ([0] * 4,)),
        "dict items": (dict_items, ({"a": 0},)),
        "attribute": (attribute, (instance("a"),)),
        "call": (call, ()),
    }
    return {name: measure(*case) for name, case in cases.items()}


def appended(n):
    items = []
    for _ in range(n):
        items.append(None)
    return items


def size(*objects):
    """Of containers, the header of the collector is included."""
    return sum(map(sys.getsizeof, objects))


def memory():
    point = instance("x", "y", "z")
    return {
        "int": size(100000),
        "float": size(0.5),
        "str of 8": size("00000000"),
        "tuple of 3": size((None,) * 3),
        "empty list": size([]),
        "list of 3": size([None] * 3),
        "list of 10, appended": size(appended(10)),
        "empty dict": size({}),
        "dict of 3": size(dict.fromkeys(range(3))),
        "dict of 10": size({k: None for k in range(10)}),
        # Its values are no object of their own; CPython does not tell them.
        "instance, 3 attributes": size(point) + 8 * 3,
        "function": size(lambda: None),
    }


if __name__ == "__main__":
    print(json.dumps({"loops": loops, "memory": memory}[sys.argv[1]]()))
