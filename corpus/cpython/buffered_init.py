# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, io
def make():
    a = io.BufferedRandom(io.BytesIO(b'abcdef'))
    return a,
shared = [make() for _ in range(12)]
def work(*ops):
    for objects in shared:
        for op in ops:
            try: op(*objects)
            except Exception: pass
threads = [
    threading.Thread(target=work, args=(lambda a: repr(a), lambda a: max(a),)),
    threading.Thread(target=work, args=(lambda a: a.__dict__.update(x=1), lambda a: a.__init__(io.BytesIO()), lambda a: repr(a),)),
]
for t in threads: t.start()
for t in threads: t.join()
