# Each thread has keys of its own in one dict, and all share a few.
from rounds import ROUNDS, THREADS, together

for _ in range(ROUNDS):
    items = {}

    def work(number):
        for i in range(20):
            items[(number, i)] = [i]
            items["shared"] = [number]
            assert items.get("shared") is not None
        for i in range(10):
            assert items.pop((number, i)) == [i]

    together(work)
    assert len(items) == THREADS * 10 + 1
