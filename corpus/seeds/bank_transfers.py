# Transfers between accounts in several threads, locks in a global order: money is conserved.
import threading


class Account:
    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    first, second = (source, target) if source.number < target.number else (target, source)
    with first.lock, second.lock:
        if source.balance >= amount:
            source.balance -= amount
            target.balance += amount


accounts = [Account(i, 100) for i in range(4)]


def work(seed):
    for k in range(100):
        a = (seed + k) % 4
        b = (seed * 3 + k * 7 + 1) % 4
        if a != b:
            transfer(accounts[a], accounts[b], (k * 13 + seed) % 30)


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(account.balance for account in accounts), all(account.balance >= 0 for account in accounts))
