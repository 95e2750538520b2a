# Threads write different keys of one dict, and the same key: nothing is torn.
import threading

shared = {}


def own_keys(i):
    for k in range(100):
        shared[i, k] = k


def same_key(i):
    for _ in range(100):
        shared["same"] = (i, i)


threads = [threading.Thread(target=f, args=(i,)) for i in range(3) for f in (own_keys, same_key)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
a, b = shared.pop("same")
print(len(shared), a == b, all(shared[i, k] == k for i in range(3) for k in range(100)))
