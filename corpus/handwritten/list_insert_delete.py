# Insertion, deletion and replacement at both ends.
from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS):
    items = [[i] for i in range(100)]

    def work(number):
        for i in range(10):
            items.insert(0, [number])
            items[i] = [i]
            del items[-1]

    together(work)
    assert len(items) == 100
    assert all(type(item) is list for item in items)
