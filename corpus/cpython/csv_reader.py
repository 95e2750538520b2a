# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, csv
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = csv.reader(['a,b', 'c,d'] * 10)
bodies = [
    lambda: work(lambda: [*a, *a]),
    lambda: work(lambda: any(a)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
