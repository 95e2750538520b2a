# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, csv
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = csv.reader(['a,b', 'c,d'] * 10)
threads = [
    threading.Thread(target=work, args=(lambda: [*a, *a],)),
    threading.Thread(target=work, args=(lambda: any(a),)),
]
for t in threads: t.start()
for t in threads: t.join()
