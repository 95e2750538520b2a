# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until DATA_RACE
import _thread, enum
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = enum.Enum('E', 'A B C')
bodies = [
    lambda: work(lambda: setattr(a, '__bases__', a.__bases__), lambda: setattr(a, '__qualname__', 'n')),
    lambda: work(lambda: hash(a), lambda: setattr(a, '__bases__', a.__bases__)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
