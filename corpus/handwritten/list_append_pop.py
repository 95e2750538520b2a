# Items that are appended are popped once each, by whomever.
from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS):
    items = []
    popped = []

    def work(number):
        for i in range(20):
            items.append((number, i))
        for i in range(10):
            popped.append(items.pop())

    together(work)
    assert len(popped) == THREADS * 10
    assert len(items) == THREADS * 10
    assert len(set(items + popped)) == THREADS * 20
