# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, collections, struct
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
b = struct.iter_unpack('<h', bytes(40))
bodies = [
    lambda: work(lambda: collections.deque(b, 3)),
    lambda: work(lambda: collections.deque(b, 3)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
