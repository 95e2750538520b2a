# Weak references: gone with the object, callbacks, shared by threads.
import gc
import threading
import weakref


class Thing:
    def __init__(self, n):
        self.n = n


thing = Thing(1)
ref = weakref.ref(thing)
print(ref() is thing)
gone = []
other = weakref.ref(thing, lambda r: gone.append("gone"))
del thing
gc.collect()
print(ref() is None, gone)
things = [Thing(i) for i in range(10)]
refs = [weakref.ref(t) for t in things]
alive = []


def look():
    for r in refs:
        t = r()
        if t is not None:
            alive.append(t.n)


threads = [threading.Thread(target=look) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(alive) == sorted(list(range(10)) * 3))
