# A semaphore lets two threads in at a time.
import threading

semaphore = threading.Semaphore(2)
lock = threading.Lock()
inside = 0
most = 0


def work():
    global inside, most
    for _ in range(10):
        with semaphore:
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1


threads = [threading.Thread(target=work) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(1 <= most <= 2, inside)
bounded = threading.BoundedSemaphore(1)
print(bounded.acquire(), bounded.acquire(blocking=False))
bounded.release()
try:
    bounded.release()
except ValueError as error:
    print(error)
