# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread
shared = [((x for x in range(20)),) for _ in range(3)]
def work(*ops):
    for objects in shared:
        for op in ops:
            try: op(*objects)
            except Exception: pass
bodies = [
    lambda: work(lambda a: tuple(a)),
    lambda: work(lambda a: tuple(a), lambda a: a.__le__(0), lambda a: a.__init__(b'a')),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
