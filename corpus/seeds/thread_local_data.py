# threading.local: each thread sees its own attributes.
import threading

data = threading.local()
data.value = "main"
results = {}


def work(i):
    try:
        data.value
    except AttributeError:
        results[i, "before"] = "unset"
    data.value = i
    results[i, "after"] = data.value


threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results.items()), data.value)


# What a thread leaves to others may die while it ends, when its own data is
# lost already.
class Late:
    def __del__(self):
        try:
            data.late = "late"
        except RuntimeError:
            pass


def leave():
    held.append(Late())
    left.set()


for _ in range(20):
    held = []
    left = threading.Event()
    thread = threading.Thread(target=leave)
    thread.start()
    left.wait()
    held.clear()
    thread.join()
print(len(held))
