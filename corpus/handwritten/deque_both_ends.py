# Items enter a deque at one end and leave it at the other.
from collections import deque

from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS):
    items = deque()
    short = deque([], 3)
    taken = []

    def work(number):
        for i in range(20):
            items.append((number, i))
            short.appendleft([number])
            taken.append(items.popleft())
        try:
            for item in short:
                assert len(item) == 1
        except RuntimeError:
            pass

    together(work)
    assert len(set(taken)) == THREADS * 20
    assert len(items) == 0 and len(short) == 3
