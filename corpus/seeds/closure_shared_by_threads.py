# A nonlocal variable guarded by a lock, counted by threads through a closure.
import threading


def make_counter():
    count = 0
    lock = threading.Lock()

    def increment():
        nonlocal count
        with lock:
            count += 1
            return count

    return increment, lambda: count


increment, get = make_counter()
returned = []
threads = [threading.Thread(target=lambda: returned.append([increment() for _ in range(100)])) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(get(), sorted(sum(returned, [])) == list(range(1, 401)), all(r == sorted(r) for r in returned))
