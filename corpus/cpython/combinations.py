# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, itertools, collections
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = itertools.combinations(range(6), 3)
bodies = [
    lambda: work(lambda: a.__class__, lambda: a.__class__, lambda: max(a)),
    lambda: work(lambda: collections.deque(a, 3), lambda: a.__eq__(0)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
