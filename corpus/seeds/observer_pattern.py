# Observers held weakly: those that are gone are told nothing.
import gc
import weakref


class Subject:
    def __init__(self):
        self.observers = []

    def attach(self, observer):
        self.observers.append(weakref.ref(observer))

    def notify(self, event):
        told = 0
        for ref in self.observers:
            observer = ref()
            if observer is not None:
                observer.update(event)
                told += 1
        return told


class Observer:
    def __init__(self, log):
        self.log = log

    def update(self, event):
        self.log.append(event)


log = []
subject = Subject()
first, second = Observer(log), Observer(log)
subject.attach(first)
subject.attach(second)
print(subject.notify("one"))
del second
gc.collect()
print(subject.notify("two"), log)
