# Threads change attributes of a class and of instances while others read them.
import threading


class Config:
    value = (0, 0)


seen_bad = []


def write(n):
    for i in range(100):
        Config.value = (n * i, n * i)


def read():
    config = Config()
    for _ in range(200):
        a, b = config.value
        if a != b:
            seen_bad.append((a, b))


threads = [threading.Thread(target=write, args=(n,)) for n in (1, 2)]
threads += [threading.Thread(target=read) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(seen_bad, Config.value in [(99, 99), (198, 198)])
