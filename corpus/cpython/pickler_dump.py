# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, io, pickle
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = pickle.Pickler(io.BytesIO())
bodies = [
    lambda: work(lambda: a.dump('a')),
    lambda: work(lambda: a.clear_memo(), lambda: a.dump('a')),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
