# What getattr with a default takes for missing: empty slots, properties that say so, but no other error.
import math
import queue
import random


class Box:
    __slots__ = 'full', 'empty'

    def __init__(self):
        self.full = 'something'

    @property
    def missing(self):
        raise AttributeError('not here')

    @property
    def broken(self):
        raise LookupError('not this one')

    def __repr__(self):
        return 'a box'

    def open(self):
        return self.full


box = Box()
for name in ('full', 'empty', 'missing', 'none', 'open'):
    print(name, getattr(box, name, 'default'), hasattr(box, name))
for ask in (lambda: getattr(box, 'broken', 1), lambda: hasattr(box, 'broken')):
    try:
        ask()
    except LookupError as error:
        print(error)

# What things are called.
print(Box.open.__qualname__, Box.__module__, int.__module__, len.__name__,
      len.__qualname__, len.__module__)
print(box.open, [box.open], repr(Box), repr(int), queue.Queue, random.Random)


def outer():
    def inner():
        pass

    class Local:
        def method(self):
            pass
    return inner, Local


inner, Local = outer()
print(inner.__qualname__, Local, Local.method.__qualname__)
print(int('ff', base=16), int('z', 36), int(), int('0x1f', base=0))
for call in (lambda: int(base=3), lambda: int(5, base=3)):
    try:
        call()
    except TypeError as error:
        print(error)
numbers = random.Random(5)
print([round(numbers.gauss(0, 1), 12) for _ in range(3)],
      round(numbers.normalvariate(10, 2), 12),
      round(numbers.expovariate(0.5), 12), math.e)
