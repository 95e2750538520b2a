# Whoever iterates over a dict that changes sees pairs, or an error.
from rounds import ROUNDS, together

for _ in range(ROUNDS):
    items = {i: [i] for i in range(10)}

    def work(number):
        for i in range(10):
            if number < 2:
                items[i + 20 * number] = [i + 20 * number]
                items.pop(i, None)
            else:
                try:
                    for key, value in items.items():
                        assert value == [key]
                except RuntimeError:
                    pass

    together(work)
