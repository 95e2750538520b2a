# Containers that do not keep what they hold: weak values, weak keys, weak sets, weak methods; finalizers run once.
import gc
import threading
import weakref


class Thing:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f'Thing({self.name!r})'

    def describe(self):
        return f'a thing named {self.name}'


a, b, c = Thing('a'), Thing('b'), Thing('c')
values = weakref.WeakValueDictionary(first=a, second=b)
values['third'] = c
print(sorted(values), len(values), 'second' in values, values['first'])
del b
gc.collect()
print(sorted(values.items(), key=str), values.get('second', 'gone'))
try:
    values['second']
except KeyError as error:
    print('missing:', error)
print(values.setdefault('first', c), values.pop('third'), len(values))

keys = weakref.WeakKeyDictionary()
keys[a] = 1
keys[c] = 2
print(keys[a], c in keys, len(keys), 5 in keys)
del c
gc.collect()
print(list(keys.items()), keys.get(a))

things = weakref.WeakSet([a])
temporary = Thing('temporary')
things.add(temporary)
print(len(things), temporary in things)
del temporary
gc.collect()
print(list(things))

method = weakref.WeakMethod(a.describe)
print(method()(), method == weakref.WeakMethod(a.describe))
finalizer = weakref.finalize(a, print, 'finalized:', 'a')
print(finalizer.alive, finalizer.peek()[2])
del a
gc.collect()
print(finalizer.alive, method(), finalizer(), len(values), len(keys))

shared = weakref.WeakValueDictionary()


def work(number):
    kept = []
    for i in range(30):
        thing = Thing((number, i))
        shared[i] = thing
        if i % 10 == 0:
            kept.append(thing)
        shared.get(i)
    done.append(len(kept))


done = []
threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
del thread, threads
gc.collect()
print(sum(done), len(shared), list(shared.items()))
last = Thing('last')
weakref.finalize(last, print, 'at the end')
