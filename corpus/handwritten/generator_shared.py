# One generator: a thread that comes while another is in it gets a ValueError.
from rounds import ROUNDS, together


def numbers():
    for i in range(100):
        yield [i]


for _ in range(ROUNDS):
    generator = numbers()
    seen = []

    def work(number):
        for _ in range(30):
            try:
                seen.append(next(generator)[0])
            except (StopIteration, ValueError):
                pass

    together(work)
    assert len(seen) == len(set(seen))
