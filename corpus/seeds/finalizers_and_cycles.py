# __del__ runs once, also in a cycle that the collector finds.
import gc

log = []


class Node:
    def __init__(self, name):
        self.name = name
        self.other = None

    def __del__(self):
        log.append(self.name)


a = Node("alone")
del a
print(log)
b, c = Node("b"), Node("c")
b.other, c.other = c, b
del b, c
gc.collect()
print(sorted(log))


class Phoenix:
    saved = []

    def __del__(self):
        Phoenix.saved.append(self)


Phoenix()
print(len(Phoenix.saved))
Phoenix.saved.clear()
gc.collect()
print(len(Phoenix.saved))
