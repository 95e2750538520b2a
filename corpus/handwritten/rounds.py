# Threads that wait for each other and then do the same, many times: how
# CPython's own tests of free threading are written.
from threading import Barrier, Thread

THREADS = 4
ROUNDS = 100


def together(work, threads=THREADS):
    barrier = Barrier(threads)
    errors = []

    def body(number):
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    running = [Thread(target=body, args=(i,)) for i in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
