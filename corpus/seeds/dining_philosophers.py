# Five philosophers, forks taken in one global order: nobody starves, nothing deadlocks.
import threading

forks = [threading.Lock() for _ in range(5)]
meals = [0] * 5


def dine(i):
    first, second = sorted((i, (i + 1) % 5))
    for _ in range(20):
        with forks[first]:
            with forks[second]:
                meals[i] += 1


threads = [threading.Thread(target=dine, args=(i,)) for i in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(meals)
