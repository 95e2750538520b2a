# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, itertools
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = itertools.combinations_with_replacement(range(5), 3)
bodies = [
    lambda: work(lambda: all(a)),
    lambda: work(lambda: list(map(str, a))),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
