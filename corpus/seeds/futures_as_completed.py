# as_completed gives each future once, whatever the order of ends.
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

with ThreadPoolExecutor(max_workers=2) as pool:
    futures = {pool.submit(pow, 2, n): n for n in range(8)}
    results = {futures[f]: f.result() for f in as_completed(futures)}
print(sorted(results.items()))
future = Future()
print(future.done(), future.running())
future.set_result("by hand")
print(future.result(), future.done())
failed = Future()
failed.set_exception(KeyError("k"))
print(repr(failed.exception()))
