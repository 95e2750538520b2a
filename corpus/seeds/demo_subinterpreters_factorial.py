# Subinterpreters compute factorials, each called from a thread; without them plain calls do.
import threading

try:
    from concurrent import interpreters
except ImportError:
    interpreters = None


def factorial(n):
    result = 1
    for k in range(2, n + 1):
        result *= k
    return result


results = {}


def run(n):
    if interpreters is None:
        results[n] = factorial(n)
        return
    interpreter = interpreters.create()
    results[n] = interpreter.call(factorial, n)
    interpreter.close()


threads = [threading.Thread(target=run, args=(n,)) for n in (5, 10, 15, 20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results.items()))
