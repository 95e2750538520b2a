# A sum split over threads by slices, and by a shared index under a lock.
import threading

data = [(i * 31) % 17 for i in range(2000)]
partial = [0] * 4


def slice_sum(i):
    partial[i] = sum(data[i::4])


position = 0
total = 0
lock = threading.Lock()


def chunks():
    global position, total
    while True:
        with lock:
            start = position
            position += 100
        if start >= len(data):
            return
        value = sum(data[start:start + 100])
        with lock:
            total += value


threads = [threading.Thread(target=slice_sum, args=(i,)) for i in range(4)]
threads += [threading.Thread(target=chunks) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(partial) == sum(data) == total)
