# Cycles made in several threads are found by one collection.
import gc
import threading
import weakref


class Node:
    pass


refs = []


def make():
    for _ in range(10):
        a, b = Node(), Node()
        a.other, b.other = b, a
        refs.append(weakref.ref(a))
        refs.append(weakref.ref(b))


gc.disable()
threads = [threading.Thread(target=make) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
before = sum(ref() is not None for ref in refs)
gc.enable()
gc.collect()
print(before, sum(ref() is not None for ref in refs))
