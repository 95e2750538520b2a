"""weakref: ref, proxy, WeakValueDictionary, WeakKeyDictionary, WeakSet,
WeakMethod, finalize.

What a reference's callback removes may have been replaced meanwhile by another
thread: looking and removing is one step, under the container's lock, which may
be taken again by a callback that runs inside it. Iteration is over a copy.
"""

from _thread import RLock
import atexit as _atexit

ref = ref
proxy = proxy
getweakrefs = getweakrefs
ProxyType = ProxyType
CallableProxyType = CallableProxyType
ProxyTypes = ProxyType, CallableProxyType
getweakrefcount = getweakrefcount
ReferenceType = ref
_missing = object()


class WeakValueDictionary:
    def __init__(self, other=(), /, **kw):
        self._lock = RLock()
        self.data = {}
        self.update(other, **kw)

    def _refer(self, key, value):
        self_ref = ref(self)

        def remove(dead):
            self = self_ref()
            if self is not None:
                with self._lock:
                    if self.data.get(key) is dead:
                        del self.data[key]
        return ref(value, remove)

    def __getitem__(self, key):
        value = self.data[key]()
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key, value):
        reference = self._refer(key, value)
        with self._lock:
            self.data[key] = reference

    def __delitem__(self, key):
        with self._lock:
            del self.data[key]

    def __len__(self):
        return sum(reference() is not None
                   for reference in list(self.data.values()))

    def __contains__(self, key):
        reference = self.data.get(key)
        return reference is not None and reference() is not None

    def __iter__(self):
        for key, value in self.items():
            yield key

    keys = __iter__

    def values(self):
        for key, value in self.items():
            yield value

    def items(self):
        for key, reference in list(self.data.items()):
            value = reference()
            if value is not None:
                yield key, value

    def valuerefs(self):
        return list(self.data.values())

    def get(self, key, default=None):
        reference = self.data.get(key)
        value = None if reference is None else reference()
        return default if value is None else value

    def setdefault(self, key, default=None):
        reference = self._refer(key, default)
        with self._lock:
            value = self.get(key)
            if value is None:
                self.data[key] = reference
                return default
            return value

    def pop(self, key, default=_missing):
        with self._lock:
            reference = self.data.pop(key, None)
        value = None if reference is None else reference()
        if value is None:
            if default is _missing:
                raise KeyError(key)
            return default
        return value

    def popitem(self):
        while True:
            with self._lock:
                key, reference = self.data.popitem()
            value = reference()
            if value is not None:
                return key, value

    def clear(self):
        with self._lock:
            self.data.clear()

    def update(self, other=(), /, **kw):
        pairs = other.items() if hasattr(other, "items") else other
        for key, value in list(pairs):
            self[key] = value
        for key, value in kw.items():
            self[key] = value

    def copy(self):
        return type(self)(self)

    __copy__ = copy

    def __repr__(self):
        return f"<{type(self).__name__} at {id(self):#x}>"


class WeakKeyDictionary:
    def __init__(self, dict=None):
        self._lock = RLock()
        self.data = {}
        if dict is not None:
            self.update(dict)

    def _refer(self, key):
        self_ref = ref(self)

        def remove(dead):
            self = self_ref()
            if self is not None:
                with self._lock:
                    self.data.pop(dead, None)
        return ref(key, remove)

    def __getitem__(self, key):
        return self.data[ref(key)]

    def __setitem__(self, key, value):
        reference = self._refer(key)
        with self._lock:
            self.data[reference] = value

    def __delitem__(self, key):
        with self._lock:
            del self.data[ref(key)]

    def __len__(self):
        return sum(reference() is not None for reference in list(self.data))

    def __contains__(self, key):
        try:
            return ref(key) in self.data
        except TypeError:
            return False

    def __iter__(self):
        for key, value in self.items():
            yield key

    keys = __iter__

    def values(self):
        for key, value in self.items():
            yield value

    def items(self):
        for reference, value in list(self.data.items()):
            key = reference()
            if key is not None:
                yield key, value

    def keyrefs(self):
        return list(self.data)

    def get(self, key, default=None):
        return self.data.get(ref(key), default)

    def setdefault(self, key, default=None):
        reference = self._refer(key)
        with self._lock:
            return self.data.setdefault(reference, default)

    def pop(self, key, *default):
        with self._lock:
            return self.data.pop(ref(key), *default)

    def popitem(self):
        while True:
            with self._lock:
                reference, value = self.data.popitem()
            key = reference()
            if key is not None:
                return key, value

    def clear(self):
        with self._lock:
            self.data.clear()

    def update(self, other=(), /):
        pairs = other.items() if hasattr(other, "items") else other
        for key, value in list(pairs):
            self[key] = value

    def copy(self):
        return type(self)(self)

    __copy__ = copy

    def __repr__(self):
        return f"<{type(self).__name__} at {id(self):#x}>"


class WeakSet:
    def __init__(self, data=()):
        self._lock = RLock()
        self.data = set()
        self.update(data)

    def add(self, item):
        self_ref = ref(self)

        def remove(dead):
            self = self_ref()
            if self is not None:
                with self._lock:
                    self.data.discard(dead)
        reference = ref(item, remove)
        with self._lock:
            self.data.add(reference)

    def update(self, items):
        for item in items:
            self.add(item)

    def discard(self, item):
        with self._lock:
            self.data.discard(ref(item))

    def remove(self, item):
        with self._lock:
            self.data.remove(ref(item))

    def pop(self):
        while True:
            with self._lock:
                if not self.data:
                    raise KeyError("pop from empty WeakSet")
                item = self.data.pop()()
            if item is not None:
                return item

    def clear(self):
        with self._lock:
            self.data.clear()

    def copy(self):
        return type(self)(self)

    def __contains__(self, item):
        try:
            return ref(item) in self.data
        except TypeError:
            return False

    def __iter__(self):
        for reference in list(self.data):
            item = reference()
            if item is not None:
                yield item

    def __len__(self):
        return sum(reference() is not None for reference in list(self.data))


class WeakMethod:
    """A bound method whose object goes: the method itself is made anew."""

    def __init__(self, meth, callback=None):
        try:
            obj, func = meth.__self__, meth.__func__
        except AttributeError:
            raise TypeError(f"argument should be a bound method, not "
                            f"{type(meth)}") from None
        self._type = type(meth)
        self._alive = True
        self_ref = ref(self)

        def gone(_):
            self = self_ref()
            if self is not None and self._alive:
                self._alive = False
                if callback is not None:
                    callback(self)
        self._object = ref(obj, gone)
        self._function = ref(func, gone)

    def __call__(self):
        obj, func = self._object(), self._function()
        return None if obj is None or func is None else self._type(func, obj)

    def __eq__(self, other):
        if not isinstance(other, WeakMethod):
            return NotImplemented
        if not self._alive or not other._alive:
            return self is other
        return self() == other()

    def __hash__(self):
        return hash(self._function)


class finalize:
    """Calls the function once: when the object goes, when it is called, or at
    the program's end."""

    _registry = {}
    _lock = RLock()
    _hooked = False

    def __init__(self, obj, func, /, *args, **kwargs):
        self.atexit = True
        self._call = func, args, kwargs
        reference = ref(obj, self)
        with finalize._lock:
            if not finalize._hooked:
                finalize._hooked = True
                _atexit.register(finalize._run_all)
            finalize._registry[self] = reference

    def __call__(self, _=None):
        with finalize._lock:
            known = finalize._registry.pop(self, None)
        if known is not None:
            func, args, kwargs = self._call
            return func(*args, **kwargs)

    def detach(self):
        with finalize._lock:
            known = finalize._registry.pop(self, None)
        obj = None if known is None else known()
        return None if obj is None else (obj, *self._call)

    def peek(self):
        known = finalize._registry.get(self)
        obj = None if known is None else known()
        return None if obj is None else (obj, *self._call)

    @property
    def alive(self):
        return self in finalize._registry

    @staticmethod
    def _run_all():
        for item in reversed(list(finalize._registry)):
            if item.atexit:
                item()
