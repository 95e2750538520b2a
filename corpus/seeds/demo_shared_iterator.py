# A list iterator shared by threads: no item is invented.
import threading

items = list(range(500))
shared = iter(items)
taken = []


def take():
    for item in shared:
        taken.append(item)


threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(set(taken) <= set(items), len(set(taken)) > 0)
