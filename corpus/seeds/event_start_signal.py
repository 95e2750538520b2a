# Threads wait for one event; a timeout that passes.
import threading

start = threading.Event()
order = []


def work(i):
    start.wait()
    order.append(i)


print(start.is_set(), start.wait(timeout=0.001))
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
print(order)
start.set()
for thread in threads:
    thread.join()
print(sorted(order), start.is_set(), start.wait(0))
start.clear()
print(start.is_set())
