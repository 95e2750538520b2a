# A small thread pool with futures, written with a queue and events.
import queue
import threading


class Future:
    def __init__(self):
        self.event = threading.Event()
        self.value = None
        self.error = None

    def result(self):
        self.event.wait()
        if self.error is not None:
            raise self.error
        return self.value


class Pool:
    def __init__(self, n):
        self.tasks = queue.Queue()
        self.threads = [threading.Thread(target=self.work) for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def work(self):
        for function, args, future in iter(self.tasks.get, None):
            try:
                future.value = function(*args)
            except Exception as error:
                future.error = error
            future.event.set()

    def submit(self, function, *args):
        future = Future()
        self.tasks.put((function, args, future))
        return future

    def close(self):
        for _ in self.threads:
            self.tasks.put(None)
        for thread in self.threads:
            thread.join()


pool = Pool(3)
futures = [pool.submit(pow, i, 2) for i in range(10)]
bad = pool.submit(int, "x")
print([future.result() for future in futures])
try:
    bad.result()
except ValueError as error:
    print(error)
pool.close()
