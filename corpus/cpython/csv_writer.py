# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, io, csv
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = csv.writer(io.StringIO())
threads = [
    threading.Thread(target=work, args=(lambda: a.writerow(b'a'), lambda: a.__reduce_ex__(0), lambda: a.writerow(b'a'),)),
    threading.Thread(target=work, args=(lambda: a.writerow(b'a'),)),
]
for t in threads: t.start()
for t in threads: t.join()
