# An iterator made safe by a lock: every value once.
import threading


class LockedIterator:
    def __init__(self, iterable):
        self.it = iter(iterable)
        self.lock = threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return next(self.it)


shared = LockedIterator(x * 2 for x in range(400))
results = [[] for _ in range(4)]


def take(mine):
    for value in shared:
        mine.append(value)


threads = [threading.Thread(target=take, args=(r,)) for r in results]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(sum(results, [])) == [x * 2 for x in range(400)])
