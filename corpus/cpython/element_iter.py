# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until CRASH --no-races --plain 1
import _thread, collections, xml.etree.ElementTree
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = xml.etree.ElementTree.fromstring('<a><b/><c/><d/><e/></a>').iter()
bodies = [
    lambda: work(lambda: a.__reduce_ex__(-1), lambda: list(a), lambda: a.__init__(a)),
    lambda: work(lambda: collections.deque(a, 3)),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
