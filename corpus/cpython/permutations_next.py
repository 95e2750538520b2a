# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, itertools
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = itertools.permutations(range(5), 3)
b = itertools.accumulate(range(20))
bodies = [
    lambda: work(lambda: b.__setstate__(1), lambda: a.__class__(a), lambda: b.__init__(), lambda: b.__eq__(1)),
    lambda: work(lambda: a.__class__(a)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
