# Two locks taken in opposite orders, with a timeout and a retry instead of a deadlock.
import threading

a = threading.Lock()
b = threading.Lock()
done = []


def transfer(first, second, name):
    while True:
        with first:
            if second.acquire(timeout=0.002):
                try:
                    done.append(name)
                    return
                finally:
                    second.release()


threads = [threading.Thread(target=transfer, args=(a, b, "one")),
           threading.Thread(target=transfer, args=(b, a, "two"))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(done), a.locked(), b.locked())
