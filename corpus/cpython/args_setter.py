# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until DATA_RACE
import _thread
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = OSError(2, 'no', 'file')
bodies = [
    lambda: work(lambda: setattr(a, 'args', (1,))),
    lambda: work(lambda: setattr(a, 'args', (1,))),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
