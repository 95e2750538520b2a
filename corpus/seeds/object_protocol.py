# vars, dir, getattr, isinstance with tuples, callable, type of everything, repr of functions.
class Thing:
    kind = "thing"

    def __init__(self):
        self.a = 1
        self.b = [2]

    def method(self):
        return self.kind


thing = Thing()
print(vars(thing), thing.__dict__ is vars(thing), "method" in dir(thing), callable(thing.method))
print(type(thing).__name__, type(1), type(print).__name__, type(None).__name__, type(Thing), type(lambda: 0))
setattr(thing, "c", 3)
delattr(thing, "a")
print(sorted(vars(thing)), isinstance(thing, (int, Thing)), issubclass(bool, int), getattr(Thing, "kind"))
m = thing.method
thing.kind = "changed"
print(m(), m.__self__ is thing, m.__func__ is Thing.method, Thing.method.__name__)

# A type of a module of the interpreter has two names.
from collections import deque
from weakref import ref
print(deque.__name__, deque.__qualname__, deque.__module__, deque, ref.__name__)
print(list.__name__, list.__module__, list, type(ref(Thing)).__name__)
