# CPU work of the two executors: threads share the interpreter, processes share nothing.
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import as_completed

seen = []


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def work(n):
    seen.append(n)
    return n, fibonacci(n)


def main():
    for executor_class in (ThreadPoolExecutor, ProcessPoolExecutor):
        seen.clear()
        with executor_class(max_workers=2) as executor:
            print(list(executor.map(work, range(5, 10))))
            futures = [executor.submit(work, n) for n in (1, 2, 3)]
            print(sorted(future.result() for future in as_completed(futures)))
            error = executor.submit(work, 'x').exception()
            print(type(error).__name__)
        print(executor_class.__name__, 'left here:', len(seen))


if __name__ == '__main__':
    main()
