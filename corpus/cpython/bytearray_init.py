# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = bytearray(b'hello world')
bodies = [
    lambda: work(lambda: a.__init__(b'a'), lambda: a.__init__(b'a')),
    lambda: work(lambda: a.__init__(b'a'), lambda: a.__buffer__(-1), lambda: a.expandtabs()),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
