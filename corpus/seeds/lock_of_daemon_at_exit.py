# What a daemon thread had locked is free for destructors at the end; CPython would wait for ever.
import sys
import threading

lock = threading.Lock()
taken = threading.Event()
never = threading.Event()
limit = 0.1 if hasattr(sys, "implementation") else -1    # of CPython


def hold():
    lock.acquire()
    taken.set()
    never.wait()


class Last:
    def __init__(self):
        self.cycle = self

    def __del__(self, lock=lock, limit=limit):
        print("at the end", lock.locked())
        lock.acquire(timeout=limit)
        lock.release()


threading.Thread(target=hold, daemon=True).start()
taken.wait()
Last()
print("end of the program")
