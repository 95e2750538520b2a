# Found by `ftfuzz cpython fuzz`; see README.md.
# Options: --until WRONG_OUTCOME --no-races --plain 1
import _thread, itertools
threads = [[lambda a: a.strip()], [lambda a: a.clear()]]
def said(op, a):
    try: return "itself" if (value := op(a)) is a else repr(value).split(" at 0x")[0]
    except Exception as error: return type(error).__name__
def outcome(step):
    a, said_by, rest = bytearray(b'hello world'), [[] for _ in threads], [iter(ops) for ops in threads]
    step(lambda n: said_by[n].append(said(next(rest[n]), a)))
    return said_by, said(repr, a)
def at_once(do):
    started = [_thread.start_joinable_thread(lambda n=n: [do(n) for _ in threads[n]]) for n in range(len(threads))]
    for thread in started: thread.join()
got = outcome(at_once)
orders = set(itertools.permutations([n for n, ops in enumerate(threads) for _ in ops]))
if all(outcome(lambda do: [do(n) for n in order]) != got for order in orders): print("WRONG_OUTCOME bytearray clear strip: %r" % (got,))
