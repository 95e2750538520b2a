# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, itertools
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = itertools.permutations(range(5), 3)
b = itertools.accumulate(range(20))
threads = [
    threading.Thread(target=work, args=(lambda: b.__setstate__(1), lambda: a.__class__(a), lambda: b.__init__(), lambda: b.__eq__(1),)),
    threading.Thread(target=work, args=(lambda: a.__class__(a),)),
]
for t in threads: t.start()
for t in threads: t.join()
