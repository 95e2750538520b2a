# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, io, pickle
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = pickle.Pickler(io.BytesIO())
threads = [
    threading.Thread(target=work, args=(lambda: a.dump('a'),)),
    threading.Thread(target=work, args=(lambda: a.clear_memo(), lambda: a.dump('a'),)),
]
for t in threads: t.start()
for t in threads: t.join()
