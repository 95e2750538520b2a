# Stages connected by queues, each in a thread, with a sentinel that passes through.
import queue
import threading

END = object()


def stage(function, source, target):
    while True:
        item = source.get()
        if item is END:
            target.put(END)
            return
        target.put(function(item))


functions = [lambda x: x + 1, lambda x: x * x, str]
queues = [queue.Queue(2) for _ in range(len(functions) + 1)]
threads = [threading.Thread(target=stage, args=(f, queues[i], queues[i + 1]))
           for i, f in enumerate(functions)]


def feed():
    for i in range(20):
        queues[0].put(i)
    queues[0].put(END)


threads.append(threading.Thread(target=feed))
for thread in threads:
    thread.start()
results = list(iter(queues[-1].get, END))
for thread in threads:
    thread.join()
print(results == [str((i + 1) ** 2) for i in range(20)], results[:4])
