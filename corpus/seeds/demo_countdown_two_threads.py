# A countdown in one thread, and the same split over two.
import threading

COUNT = 20000


def countdown(n, out):
    while n > 0:
        n -= 1
    out.append(n)


one = []
countdown(COUNT, one)
two = []
halves = [threading.Thread(target=countdown, args=(COUNT // 2, two)) for _ in range(2)]
for half in halves:
    half.start()
for half in halves:
    half.join()
print(one, two)
