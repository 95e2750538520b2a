# An estimate of pi by random points, one generator for each thread.
import random
import threading

hits = [0] * 3
ROUNDS = 2000


def throw(i):
    generator = random.Random(i)
    for _ in range(ROUNDS):
        x, y = generator.random(), generator.random()
        if x * x + y * y < 1:
            hits[i] += 1


threads = [threading.Thread(target=throw, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(hits, 4 * sum(hits) / (3 * ROUNDS))
