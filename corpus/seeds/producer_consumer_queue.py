# Producers and consumers over a bounded Queue, with task_done and join.
import queue
import threading

q = queue.Queue(maxsize=4)
done = []
lock = threading.Lock()


def produce(start):
    for i in range(start, start + 20):
        q.put(i)


def consume():
    while True:
        item = q.get()
        if item is None:
            q.task_done()
            return
        with lock:
            done.append(item * item)
        q.task_done()


consumers = [threading.Thread(target=consume) for _ in range(3)]
producers = [threading.Thread(target=produce, args=(i * 20,)) for i in range(3)]
for thread in consumers + producers:
    thread.start()
for thread in producers:
    thread.join()
q.join()
for _ in consumers:
    q.put(None)
for thread in consumers:
    thread.join()
print(sorted(done) == [i * i for i in range(60)], q.empty(), q.qsize())
