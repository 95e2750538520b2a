# When references are dropped, and which place in a set is taken again.
import collections
import gc
import itertools
import threading
import weakref


class Thing:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


# An item takes the place of one that was removed.
numbers = set((0, 1, 2))
numbers.discard(1)
numbers.add(True)
print(numbers)
numbers = set((0, 1))
numbers.pop()
numbers.add(0)
print(numbers)

# A chain at its end holds nothing.
chain = itertools.chain([Thing("in a list")], (Thing("in a tuple"),))
for thing in chain:
    print("at", thing.name)
thing = None
print("end")
chain = None

# A lock, a recursive one and a local can have weak references.
for make in (threading.Lock, threading.RLock, threading.local):
    item = make()
    reference = weakref.ref(item, lambda _: print("callback"))
    print(reference() is item)
    item = None
    print(reference() is None)


# Attributes go in the order in which the class came to know them.
class Pair:
    pass


first = Pair()
first.b = first.a = None
second = Pair()
second.a = Thing("a")
second.b = Thing("b")
second = None

# What a hash cannot be had from is not hashable.
class Refusing:
    def __get__(self, instance, owner):
        raise AttributeError("not now")


class Odd:
    __hash__ = Refusing()


try:
    hash(Odd())
except TypeError as error:
    print(error)

# The attributes of a local are a dict, but not any dict.
local = threading.local()
local.x = 1
print(local.__dict__)
for name, value in (("__dict__", {}), ("__class__", Pair)):
    try:
        setattr(local, name, value)
    except (AttributeError, TypeError) as error:
        print(type(error).__name__)

# Backwards.
print(list([1, 2].__reversed__()))
queue = collections.deque()
backwards = reversed(queue)
queue.append(1)
print(list(backwards))

# A super that is bound to nothing.
try:
    super(Pair, None).x
except AttributeError as error:
    print(error)


# What an instruction that raises has taken goes in the usual order.
class Named:
    def __init__(self, name):
        self.name = name

    __hash__ = None

    def __del__(self):
        print("gone", self.name)


def store():
    {}[Named("key")] = Named("value")


attempts = (
    store,
    lambda: Named("left") + Named("right"),
    lambda: Named("left") < Named("right"),
    lambda: Named("container")[Named("index")],
    lambda: Named("item") in Named("container"),
)


for attempt in attempts:
    try:
        attempt()
    except TypeError as error:
        print(type(error).__name__)


# A function that is being called lives, whoever forgets it meanwhile.
def forgotten(item, found=None):
    return item, gc.collect() >= 0


def forget():
    global forgotten
    forgotten = None
    gc.collect()
    return "arguments"


print(forgotten(forget()))
print(forgotten)


# A class that makes its instances itself, in a thread too.
class Counted:
    made = 0

    def __new__(cls, *args):
        cls.made += 1
        return object.__new__(cls)


thread = threading.Thread(target=Counted, args=(1,))
thread.start()
thread.join()
print(type(Counted()).__name__, Counted.made)
