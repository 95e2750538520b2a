# Four threads add to one global counter without a lock: increments may be lost, never invented.
# All but two: who read 0 first may store 1 before the last increment of another, which stores 2 last.
from concurrent.futures import ThreadPoolExecutor

counter = 0
ROUNDS = 5000


def add():
    global counter
    for _ in range(ROUNDS):
        counter += 1


with ThreadPoolExecutor(max_workers=4) as pool:
    futures = [pool.submit(add) for _ in range(4)]
    for future in futures:
        future.result()
print(2 <= counter <= 4 * ROUNDS or counter, counter % 1 == 0)
