# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, array
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = array.array('i', [1, 2, 3, 4])
bodies = [
    lambda: work(lambda: a.__init__(0), lambda: a.__str__()),
    lambda: work(lambda: a.__delitem__(slice(0, 2))),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
