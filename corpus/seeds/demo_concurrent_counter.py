# A counter class with a lock and a property: correct with any number of threads.
import threading


class ConcurrentCounter:
    def __init__(self, value=0):
        self._value = value
        self._lock = threading.Lock()

    @property
    def value(self):
        with self._lock:
            return self._value

    def increment(self, by=1):
        with self._lock:
            self._value += by

    def decrement(self, by=1):
        with self._lock:
            self._value -= by


counter = ConcurrentCounter()


def up():
    for _ in range(1000):
        counter.increment()


def down():
    for _ in range(500):
        counter.decrement()


threads = [threading.Thread(target=f) for f in (up, up, up, down)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(counter.value)
