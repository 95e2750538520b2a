# A generator shared by threads: each value is given once; who comes at the wrong moment gets ValueError.
import threading


def numbers(n):
    for i in range(n):
        yield i


shared = numbers(300)
taken = []
refused = []


def take():
    mine = []
    while True:
        try:
            mine.append(next(shared))
        except ValueError:
            refused.append(1)
        except StopIteration:
            break
    taken.extend(mine)


threads = [threading.Thread(target=take) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(taken) == list(range(300)))
