# Closures share a variable: two functions over one cell, and a fresh cell for each call.
def make():
    count = 0

    def up(by=1):
        nonlocal count
        count += by
        return count

    def get():
        return count

    return up, get


up, get = make()
other_up, other_get = make()
up()
up(5)
other_up(100)
print(get(), other_get())
print([f() for f in [lambda i=i: i * i for i in range(5)]])
print([f() for f in [lambda: i for i in range(3)]])
