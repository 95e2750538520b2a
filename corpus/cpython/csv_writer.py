# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until DATA_RACE
import _thread, io, csv
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = csv.writer(io.StringIO())
bodies = [
    lambda: work(lambda: a.writerow(b'a'), lambda: a.__reduce_ex__(0), lambda: a.writerow(b'a')),
    lambda: work(lambda: a.writerow(b'a')),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
