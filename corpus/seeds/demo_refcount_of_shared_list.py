# The reference count of a shared list, read by five threads while they hold references.
import sys
import threading

shared = []
before = sys.getrefcount(shared)
barrier = threading.Barrier(5)
seen = []


def hold():
    mine = [shared] * 10
    barrier.wait()
    seen.append(sys.getrefcount(shared))
    barrier.wait()
    del mine


threads = [threading.Thread(target=hold) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(all(count >= 50 for count in seen), len(seen), sys.getrefcount(shared) == before)
