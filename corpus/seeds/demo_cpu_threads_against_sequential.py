# The same CPU work in eight threads and one after the other: equal results, both take time.
import time
from threading import Thread


def work(n, results, i):
    total = 0
    for k in range(n):
        total += k * k % 7
    results[i] = total


def sequential(n):
    results = [None] * 8
    for i in range(8):
        work(n, results, i)
    return results


def threaded(n):
    results = [None] * 8
    threads = [Thread(target=work, args=(n, results, i)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


start = time.perf_counter()
first = sequential(3000)
middle = time.perf_counter()
second = threaded(3000)
end = time.perf_counter()
print(first == second, first[0], middle > start, end > middle)
