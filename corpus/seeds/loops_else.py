# while and for with else, break and continue, nested loops.
def find(items, wanted):
    for i, item in enumerate(items):
        if item == wanted:
            print("found", i)
            break
    else:
        print("not found", wanted)


find([3, 1, 2], 1)
find([3, 1, 2], 7)
n = 27
steps = 0
while n != 1:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    steps += 1
else:
    print("reached 1 after", steps)
primes = []
for n in range(2, 50):
    for p in primes:
        if n % p == 0:
            break
    else:
        primes.append(n)
print(primes)
total = 0
for i in range(10):
    for j in range(10):
        if j > i:
            continue
        if i + j > 12:
            break
        total += i * j
print(total)
