# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until DATA_RACE
import _thread, functools
def work(*ops):
    for op in ops:
        try: op()
        except Exception: pass
a = functools.singledispatch(lambda x: x)
bodies = [
    lambda: work(lambda: setattr(a, '__annotations__', {}), lambda: a.dispatch(list)),
    lambda: work(lambda: setattr(a, '__dict__', {'x': 2})),
]
threads = [_thread.start_joinable_thread(body) for body in bodies]
for thread in threads: thread.join()
