# An exception ends its thread only; the others and the program go on.
import threading

results = []


def work(i):
    try:
        if i % 2:
            raise ValueError(i)
        results.append(i)
    except ValueError as error:
        results.append(-error.args[0])


threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results))
uncaught = threading.Thread(target=lambda: 1 // 0)
uncaught.start()
uncaught.join()
print("still here", uncaught.is_alive())
