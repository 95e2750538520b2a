# list.append from many threads loses nothing; sort afterwards.
import threading

items = []


def add(start):
    for i in range(start, start + 200):
        items.append(i)


threads = [threading.Thread(target=add, args=(i * 200,)) for i in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
items.sort()
print(len(items), items == list(range(1000)))
