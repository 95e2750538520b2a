# A value computed once, whoever asks first: double-checked with a lock.
import threading

calls = []
lock = threading.Lock()
value = None


def get():
    global value
    if value is None:
        with lock:
            if value is None:
                calls.append(1)
                value = {"made": len(calls)}
    return value


seen = []
threads = [threading.Thread(target=lambda: seen.append(get())) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(calls), all(item is seen[0] for item in seen), seen[0])
