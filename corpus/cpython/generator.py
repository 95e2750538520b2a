# Found by `ftfuzz cpython fuzz`; see README.md.
import threading
def make():
    a = (x for x in range(20))
    return a,
shared = [make() for _ in range(3)]
def work(*ops):
    for objects in shared:
        for op in ops:
            try: op(*objects)
            except Exception: pass
threads = [
    threading.Thread(target=work, args=(lambda a: tuple(a),)),
    threading.Thread(target=work, args=(lambda a: tuple(a), lambda a: a.__le__(0), lambda a: a.__init__(b'a'),)),
]
for t in threads: t.start()
for t in threads: t.join()
