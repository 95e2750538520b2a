# Interpreters that share nothing work through two queues, one for tasks and one for results; without them threads do.
import threading

try:
    from concurrent import interpreters
except ImportError:
    interpreters = None
    import queue


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def work(tasks, results):
    while True:
        task = tasks.get()
        if task is None:
            break
        results.put((task, collatz(task), 0.5, b'done', 10 ** 30))


def new_queue():
    return queue.Queue() if interpreters is None else interpreters.create_queue()


def serve(tasks, results):
    if interpreters is None:
        work(tasks, results)
        return
    interpreter = interpreters.create()
    interpreter.call(work, tasks, results)
    interpreter.close()


def main():
    tasks, results = new_queue(), new_queue()
    threads = [threading.Thread(target=serve, args=(tasks, results))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(1, 9):
        tasks.put(n)
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        thread.join()
    for result in sorted(results.get() for _ in range(8)):
        print(result)
    print('left:', tasks.qsize(), results.empty())


if __name__ == '__main__':
    main()
