# Executor.map keeps the order; exceptions come out where results are asked for; callbacks.
from concurrent.futures import ThreadPoolExecutor, wait

called = []


def divide(a, b):
    return a // b


with ThreadPoolExecutor(3) as pool:
    print(list(pool.map(divide, [10, 20, 30], [3, 4, 5])))
    good = pool.submit(divide, 7, 2)
    bad = pool.submit(divide, 1, 0)
    good.add_done_callback(lambda f: called.append(f.result()))
    done, not_done = wait([good, bad])
    print(len(done), len(not_done), good.result(), type(bad.exception()).__name__)
    try:
        bad.result()
    except ZeroDivisionError as error:
        print("raised", error)
    print(good.done(), good.cancelled(), good.cancel())
print(called)
try:
    pool.submit(divide, 1, 1)
except RuntimeError as error:
    print(error)
