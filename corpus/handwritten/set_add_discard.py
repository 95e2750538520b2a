# One set: adding, discarding, testing, iterating.
from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS):
    items = set()

    def work(number):
        for i in range(20):
            items.add((number, i))
            assert (number, i) in items
        try:
            for item in items:
                assert len(item) == 2
        except RuntimeError:
            pass
        for i in range(10):
            items.discard((number, i))

    together(work)
    assert len(items) == THREADS * 10
