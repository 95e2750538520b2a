# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, itertools, gc
def work(*ops):
    for op in ops * 3:
        try: op()
        except Exception: pass
a = itertools.count(0.5, 0.5)
bodies = [
    lambda: work(lambda: a.__next__(), lambda: repr(a)),
    lambda: work(lambda: list(zip([1, 2], a)), lambda: gc.collect(), lambda: repr(a), lambda: repr(a)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
