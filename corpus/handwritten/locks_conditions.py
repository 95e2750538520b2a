# Exclusion by each kind of lock, and waiting with and without an end.
from threading import Condition, Event, Lock, RLock, Semaphore

from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS // 2):
    counts = [0, 0, 0, 0]
    locks = [Lock(), RLock(), Semaphore(1), Condition()]
    event = Event()

    def work(number):
        for i in range(20):
            for k, lock in enumerate(locks):
                with lock:
                    counts[k] += 1
        with locks[3]:
            locks[3].wait(0.0005)
            locks[3].notify_all()
        if number == 0:
            event.set()
        assert event.wait(60)

    together(work)
    assert counts == [THREADS * 20] * 4, counts
