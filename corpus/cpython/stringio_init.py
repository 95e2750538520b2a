# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, io, sys
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = io.StringIO('line 1\nline 2\nline 3\n')
bodies = [
    lambda: work(lambda: a.__init__('<a/>'), lambda: sys.getsizeof(a)),
    lambda: work(lambda: a.__exit__(1), lambda: a.readline(None)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
