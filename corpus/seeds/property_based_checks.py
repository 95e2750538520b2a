# Random inputs with a fixed seed check laws of built-in containers.
import random

random.seed(2024)
for _ in range(30):
    items = [random.randint(-50, 50) for _ in range(random.randint(0, 20))]
    assert sorted(items) == sorted(sorted(items, reverse=True))
    assert list(reversed(list(reversed(items)))) == items
    assert set(items) == set(dict.fromkeys(items)) and len(set(items)) <= len(items)
    k = random.randrange(len(items) + 1)
    assert items[:k] + items[k:] == items
    assert sum(items) == sum(items[::2]) + sum(items[1::2])
    n = random.randint(-10 ** 30, 10 ** 30)
    d = random.randint(1, 10 ** 12)
    q, r = divmod(n, d)
    assert q * d + r == n and 0 <= r < d and int(str(n)) == n
print("laws hold", random.randint(1, 10 ** 6))
