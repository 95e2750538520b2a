# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until LOCK_MISUSE --no-races --plain 1
import _thread, io
shared = [(io.BufferedRandom(io.BytesIO(b'abcdef')),) for _ in range(12)]
def work(*ops):
    for objects in shared:
        for op in ops:
            try: op(*objects)
            except Exception: pass
bodies = [
    lambda: work(lambda a: repr(a), lambda a: max(a)),
    lambda: work(lambda a: a.__dict__.update(x=1), lambda a: a.__init__(io.BytesIO()), lambda a: repr(a)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
