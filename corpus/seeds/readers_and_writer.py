# A readers-writer lock built of a condition: readers never see half a change.
import threading


class RWLock:
    def __init__(self):
        self.cond = threading.Condition()
        self.readers = 0

    def read(self, function):
        with self.cond:
            self.readers += 1
        try:
            return function()
        finally:
            with self.cond:
                self.readers -= 1
                self.cond.notify_all()

    def write(self, function):
        with self.cond:
            self.cond.wait_for(lambda: self.readers == 0)
            function()


lock = RWLock()
pair = [0, 0]
torn = []


def change():
    pair[0] += 1
    pair[1] += 1


def reader():
    for _ in range(50):
        a, b = lock.read(lambda: tuple(pair))
        if a != b:
            torn.append((a, b))


def writer():
    for _ in range(50):
        lock.write(change)


threads = [threading.Thread(target=f) for f in (reader, reader, writer, writer)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(pair, torn)
