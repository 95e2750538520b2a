# An RLock may be taken again by its owner, a Lock may not.
import threading

lock = threading.RLock()


def depth(n):
    with lock:
        return 1 if n == 0 else 1 + depth(n - 1)


print(depth(10))
plain = threading.Lock()
plain.acquire()
print(plain.acquire(blocking=False), plain.acquire(timeout=0.001))
plain.release()
for bad in (plain, lock):
    try:
        bad.release()
    except RuntimeError as error:
        print(type(error).__name__)
other = []


def try_it():
    other.append(lock.acquire(blocking=False))


with lock:
    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
print(other)
