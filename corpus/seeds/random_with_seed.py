# The Mersenne Twister with a seed gives the numbers that CPython's gives.
import random

for seed in (0, 1, 42, 12345678901234567890, -7):
    random.seed(seed)
    print([random.randint(1, 1000) for _ in range(5)], random.random(), random.getrandbits(100))
r = random.Random(7)
items = list(range(10))
r.shuffle(items)
print(items, r.choice("abcdef"), r.sample(range(1000), 5), r.sample([1, 2, 3, 4], 2))
print(r.choices("xyz", k=6), r.choices([1, 2, 3], weights=[1, 5, 1], k=8), r.uniform(1, 2))
print(r.randrange(0, 100, 7), r.randrange(10), r.getrandbits(5))
state = r.getstate()
first = [r.random() for _ in range(3)]
r.setstate(state)
print(first == [r.random() for _ in range(3)])
try:
    random.randrange(5, 5)
except ValueError:
    print("empty range")
