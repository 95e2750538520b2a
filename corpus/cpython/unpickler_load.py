# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, io, pickle
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = pickle.Unpickler(io.BytesIO(pickle.dumps([1, 2, {}])))
bodies = [
    lambda: work(lambda: a.load()),
    lambda: work(lambda: a.__ne__('a'), lambda: a.load()),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
