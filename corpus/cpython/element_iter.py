# Found by `ftfuzz cpython fuzz`; see README.md.
import threading, collections, xml.etree.ElementTree
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = xml.etree.ElementTree.fromstring('<a><b/><c/><d/><e/></a>').iter()
threads = [
    threading.Thread(target=work, args=(lambda: a.__reduce_ex__(-1), lambda: list(a), lambda: a.__init__(a),)),
    threading.Thread(target=work, args=(lambda: collections.deque(a, 3),)),
]
for t in threads: t.start()
for t in threads: t.join()
