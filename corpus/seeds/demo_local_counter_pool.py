# Four threads count in local variables: nothing is shared, nothing is lost.
from concurrent.futures import ThreadPoolExecutor

ROUNDS = 5000


def count():
    counter = 0
    for _ in range(ROUNDS):
        counter += 1
    return counter


with ThreadPoolExecutor(max_workers=4) as pool:
    results = [pool.submit(count) for _ in range(4)]
    print(sum(future.result() for future in results))
