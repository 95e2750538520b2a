# A countdown latch and an exchanger of values between two threads.
import threading


class Latch:
    def __init__(self, n):
        self.n = n
        self.cond = threading.Condition()

    def count_down(self):
        with self.cond:
            self.n -= 1
            if self.n == 0:
                self.cond.notify_all()

    def wait(self):
        with self.cond:
            self.cond.wait_for(lambda: self.n == 0)


latch = Latch(3)
ready = []


def prepare(i):
    ready.append(i)
    latch.count_down()


for i in range(3):
    threading.Thread(target=prepare, args=(i,)).start()
latch.wait()
print(sorted(ready))
slots = {}
barrier = threading.Barrier(2)
got = {}


def exchange(me, other, value):
    slots[me] = value
    barrier.wait()
    got[me] = slots[other]


pair = [threading.Thread(target=exchange, args=args) for args in (("a", "b", 1), ("b", "a", 2))]
for thread in pair:
    thread.start()
for thread in pair:
    thread.join()
print(sorted(got.items()))
