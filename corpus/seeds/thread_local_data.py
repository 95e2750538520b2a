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
