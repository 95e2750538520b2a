# A token bucket with a condition: releases are bounded, waiters are served.
import threading


class Bucket:
    def __init__(self, size):
        self.size = size
        self.tokens = size
        self.cond = threading.Condition()

    def take(self):
        with self.cond:
            while self.tokens == 0:
                self.cond.wait()
            self.tokens -= 1

    def refill(self):
        with self.cond:
            self.tokens = min(self.size, self.tokens + 2)
            self.cond.notify_all()


bucket = Bucket(3)
served = []


def client(i):
    for _ in range(5):
        bucket.take()
        served.append(i)


def filler():
    while len(served) < 20:
        bucket.refill()


threads = [threading.Thread(target=client, args=(i,)) for i in range(4)] + [threading.Thread(target=filler)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(served) == sorted(list(range(4)) * 5), 0 <= bucket.tokens <= 3)
