# Iterators that threads share may skip or repeat, no more; one of a dict may
# say that it lost count.
from rounds import ROUNDS, together

for _ in range(ROUNDS):
    items = [[i] for i in range(20)]
    shared = [iter(items), enumerate(items), zip(items, items),
              reversed(items), iter({i: [i] for i in range(20)})]

    def work(number):
        for iterator in shared:
            try:
                for item in iterator:
                    assert type(item) in (list, tuple, int)
            except RuntimeError:
                pass

    together(work)
