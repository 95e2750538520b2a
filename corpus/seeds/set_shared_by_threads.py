# Threads add to and discard from one set.
import threading

shared = set()


def work(start):
    for i in range(start, start + 100):
        shared.add(i % 150)
    for i in range(start, start + 50):
        shared.discard(i)


threads = [threading.Thread(target=work, args=(i * 50,)) for i in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(shared <= set(range(150)))
