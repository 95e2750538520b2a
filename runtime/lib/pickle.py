"""pickle: dumps, loads, dump, load; protocol 4, and what older ones wrote.

For plain data, functions and classes by their names, exceptions, instances
of classes of programs (by __reduce__, __getstate__, __dict__, __slots__).
What is written is what CPython's pickle writes for the same objects.
"""

HIGHEST_PROTOCOL = 5
DEFAULT_PROTOCOL = 4
_FRAME_TARGET = 65536
_BATCH = 1000
_missing = object()


class PickleError(Exception):
    pass


class PicklingError(PickleError):
    pass


class UnpicklingError(PickleError):
    pass


class _Stop(Exception):
    def __init__(self, value):
        self.value = value


# ---------------------------------------------------------------------------
# Numbers as bytes.

def _float_bytes(x):
    """The IEEE 754 double, big endian."""
    text = x.hex()
    sign = 1 << 63 if text.startswith("-") else 0
    text = text.lstrip("-")
    if text == "inf":
        bits = 0x7ff << 52
    elif text == "nan":
        bits = 0x7ff8 << 48
    else:
        digits, _, exponent = text[2:].partition("p")
        whole, _, fraction = digits.partition(".")
        bits = int((fraction + 13 * "0")[:13], 16)
        if whole == "1":
            bits |= int(exponent) + 1023 << 52
    return (sign | bits).to_bytes(8, "big")


def _float_of(data):
    bits = int.from_bytes(data, "big")
    sign = -1.0 if bits >> 63 else 1.0
    exponent = bits >> 52 & 0x7ff
    fraction = bits & (1 << 52) - 1
    if exponent == 0x7ff:
        return sign * float("nan" if fraction else "inf")
    if exponent == 0:
        return sign * (fraction * 2.0 ** -1074)
    return sign * ((1 << 52 | fraction) * 2.0 ** (exponent - 1075))


def _long_bytes(x):
    if x == 0:
        return b""
    size = (x.bit_length() >> 3) + 1
    result = x.to_bytes(size, "little", signed=True)
    if x < 0 and size > 1 and result[-1] == 0xff and result[-2] & 0x80:
        result = result[:-1]
    return result


def _little(n, size):
    return n.to_bytes(size, "little")


# ---------------------------------------------------------------------------
# Writing.

class Pickler:
    def __init__(self, file, protocol=None):
        if protocol is None:
            protocol = DEFAULT_PROTOCOL
        if protocol < 0:
            protocol = HIGHEST_PROTOCOL
        if protocol > HIGHEST_PROTOCOL:
            raise ValueError(f"pickle protocol must be <= {HIGHEST_PROTOCOL}")
        if protocol < 4:
            raise ValueError("pickle protocols below 4 are read only")
        self.proto = protocol
        self._file = file
        self.memo = {}
        self._frame = []
        self._size = 0
        self._out = []

    def clear_memo(self):
        self.memo.clear()

    def dump(self, obj):
        self._out = [b"\x80", bytes([self.proto])]
        self._save(obj)
        self._write(b".")
        self._commit()
        self._file.write(b"".join(self._out))

    def _write(self, data):
        self._frame.append(data)
        self._size += len(data)

    def _commit(self):
        if self._size >= 4:
            self._out.append(b"\x95" + _little(self._size, 8))
        self._out.extend(self._frame)
        self._frame = []
        self._size = 0

    def _write_large(self, head, data):
        """What is too large for a frame stands between frames."""
        if len(data) < _FRAME_TARGET:
            self._write(head + data)
        else:
            if self._size:
                self._commit()
            self._out.append(head)
            self._out.append(data)

    def _memoize(self, obj):
        self.memo[id(obj)] = len(self.memo), obj
        self._write(b"\x94")

    def _recall(self, index):
        self._write(b"h" + _little(index, 1) if index < 256
                    else b"j" + _little(index, 4))

    def _save(self, obj):
        if self._size >= _FRAME_TARGET:
            self._commit()
        known = self.memo.get(id(obj))
        if known is not None:
            self._recall(known[0])
            return
        kind = type(obj)
        save = _savers.get(kind)
        if save is not None:
            save(self, obj)
        elif issubclass(kind, type) or kind in _global_types:
            self._save_global(obj)
        else:
            self._save_reduced(obj)

    def _save_none(self, obj):
        self._write(b"N")

    def _save_bool(self, obj):
        self._write(b"\x88" if obj else b"\x89")

    def _save_int(self, obj):
        if 0 <= obj <= 0xff:
            self._write(b"K" + _little(obj, 1))
        elif 0 <= obj <= 0xffff:
            self._write(b"M" + _little(obj, 2))
        elif -0x80000000 <= obj <= 0x7fffffff:
            self._write(b"J" + _little(obj & 0xffffffff, 4))
        else:
            data = _long_bytes(obj)
            self._write((b"\x8a" + _little(len(data), 1) if len(data) < 256
                         else b"\x8b" + _little(len(data), 4)) + data)

    def _save_float(self, obj):
        self._write(b"G" + _float_bytes(obj))

    def _save_str(self, obj):
        data = obj.encode("utf-8")
        size = len(data)
        self._write_large(b"\x8c" + _little(size, 1) if size <= 0xff
                          else b"X" + _little(size, 4), data)
        self._memoize(obj)

    def _save_bytes(self, obj):
        size = len(obj)
        self._write_large(b"C" + _little(size, 1) if size <= 0xff
                          else b"B" + _little(size, 4), obj)
        self._memoize(obj)

    def _save_bytearray(self, obj):
        if self.proto < 5:
            self._save_call(bytearray, (bytes(obj),) if obj else ())
            self._memoize(obj)
            return
        self._write_large(b"\x96" + _little(len(obj), 8), bytes(obj))
        self._memoize(obj)

    def _save_tuple(self, obj):
        if not obj:
            self._write(b")")
            return
        if len(obj) > 3:
            self._write(b"(")
        for item in obj:
            self._save(item)
        known = self.memo.get(id(obj))
        if known is not None:           # an item holds the tuple itself
            self._write(b"1" if len(obj) > 3 else b"0" * len(obj))
            self._recall(known[0])
            return
        self._write(b"t" if len(obj) > 3 else b"\x85\x86\x87"[len(obj) - 1:
                                                             len(obj)])
        self._memoize(obj)

    def _save_list(self, obj):
        self._write(b"]")
        self._memoize(obj)
        self._appends(obj)

    def _appends(self, items):
        items = list(items)
        for i in range(0, len(items), _BATCH):
            batch = items[i:i + _BATCH]
            if len(batch) > 1:
                self._write(b"(")
            for item in batch:
                self._save(item)
            self._write(b"e" if len(batch) > 1 else b"a")

    def _save_dict(self, obj):
        self._write(b"}")
        self._memoize(obj)
        self._set_items(obj.items())

    def _set_items(self, items):
        items = list(items)
        for i in range(0, len(items), _BATCH):
            batch = items[i:i + _BATCH]
            if len(batch) > 1:
                self._write(b"(")
            for key, value in batch:
                self._save(key)
                self._save(value)
            self._write(b"u" if len(batch) > 1 else b"s")

    def _save_set(self, obj):
        self._write(b"\x8f")
        self._memoize(obj)
        items = list(obj)
        for i in range(0, len(items), _BATCH):
            self._write(b"(")
            for item in items[i:i + _BATCH]:
                self._save(item)
            self._write(b"\x90")

    def _save_frozenset(self, obj):
        self._write(b"(")
        for item in obj:
            self._save(item)
        known = self.memo.get(id(obj))
        if known is not None:
            self._write(b"1")
            self._recall(known[0])
            return
        self._write(b"\x91")
        self._memoize(obj)

    def _save_global(self, obj):
        name = getattr(obj, "__qualname__", None)
        if name is None:
            name = obj.__name__
        module = _module_of(obj)
        found = _find(obj, module, name)
        if found is not obj:
            raise PicklingError(f"Can't pickle {obj!r}: it's not the same "
                                f"object as {module}.{name}")
        self._save(module)
        self._save(name)
        self._write(b"\x93")
        self._memoize(obj)

    def _save_call(self, func, args):
        self._save(func)
        self._save(args)
        self._write(b"R")

    def _save_reduced(self, obj):
        reduced = _reduce(obj)
        if isinstance(reduced, str):
            self._save_global(obj)
            return
        func, args = reduced[0], reduced[1]
        state, items, pairs = (tuple(reduced[2:]) + (None, None, None))[:3]
        if func is _new_object:
            self._save(args[0])
            self._save(args[1:])
            self._write(b"\x81")
        else:
            self._save_call(func, args)
        known = self.memo.get(id(obj))
        if known is not None:
            self._write(b"0")
            self._recall(known[0])
        else:
            self._memoize(obj)
        if items is not None:
            self._appends(items)
        if pairs is not None:
            self._set_items(pairs)
        if state is not None:
            self._save(state)
            self._write(b"b")


_savers = {
    type(None): Pickler._save_none, bool: Pickler._save_bool,
    int: Pickler._save_int, float: Pickler._save_float,
    str: Pickler._save_str, bytes: Pickler._save_bytes,
    bytearray: Pickler._save_bytearray, tuple: Pickler._save_tuple,
    list: Pickler._save_list, dict: Pickler._save_dict,
    set: Pickler._save_set, frozenset: Pickler._save_frozenset,
    type: Pickler._save_global,
}
_global_types = (type(_little), type(len))


def _module_of(obj):
    module = getattr(obj, "__module__", None)
    return "builtins" if module is None else module


def _follow(module, name):
    obj = __import__(module, None, None, ("*",))
    for part in name.split("."):
        obj = getattr(obj, part)
    return obj


def _find(obj, module, name):
    if "<locals>" in name:
        raise AttributeError(f"Can't get local object {name!r}")
    try:
        return _follow(module, name)
    except (ImportError, AttributeError):
        raise PicklingError(f"Can't pickle {obj!r}: attribute lookup {name} "
                            f"on {module} failed") from None


def _new_object(cls, *args):
    return cls.__new__(cls, *args)


def _own(obj, name):
    """A method that a class of the program has, or None."""
    method = getattr(type(obj), name, None)
    for base in (object, BaseException):
        if method is getattr(base, name, None):
            return None
    return getattr(obj, name)


def _slots_of(obj):
    state = {}
    for cls in type(obj).__mro__:
        names = getattr(cls, "__slots__", ())
        if isinstance(names, str):
            names = (names,)
        for name in names:
            if name in ("__dict__", "__weakref__"):
                continue
            if name.startswith("__") and not name.endswith("__"):
                owner = cls.__name__.lstrip("_")
                name = f"_{owner}{name}" if owner else name
            value = getattr(obj, name, _missing)
            if value is not _missing:
                state[name] = value
    return state


def _state_of(obj):
    get = _own(obj, "__getstate__")
    if get is not None:
        return get()
    state = getattr(obj, "__dict__", None) or None
    slots = _slots_of(obj)
    if slots:
        return state, slots
    return state


def _reduce(obj):
    cls = type(obj)
    if cls.__module__ != "builtins":
        for name, args in (("__reduce_ex__", (4,)), ("__reduce__", ())):
            method = _own(obj, name)
            if method is not None:
                return method(*args)
    if isinstance(obj, BaseException):
        state = getattr(obj, "__dict__", None)
        return (cls, obj.args, state) if state else (cls, obj.args)
    if cls is range:
        return range, (obj.start, obj.stop, obj.step)
    if cls is slice:
        return slice, (obj.start, obj.stop, obj.step)
    if cls in _opaque or cls.__module__ == "builtins" and cls is not object:
        raise TypeError(f"cannot pickle {cls.__name__!r} object")
    if getattr(cls, "__module__", None) == "_thread":
        raise TypeError(f"cannot pickle '_thread.{cls.__name__}' object")
    return _reduce_instance(obj, cls)


def _reduce_instance(obj, cls):
    new_args = _own(obj, "__getnewargs__")
    args = (cls,)
    if new_args is not None:
        args += tuple(new_args())
    else:
        for base in (int, float, str, bytes, tuple):
            if isinstance(obj, base):
                args += (base(obj),)
    items = iter(list(obj)) if isinstance(obj, list) else None
    pairs = iter(list(obj.items())) if isinstance(obj, dict) else None
    if isinstance(obj, (set, frozenset)):
        return cls, (list(obj),), _state_of(obj)
    return _new_object, args, _state_of(obj), items, pairs


def _generator():
    yield


_opaque = (type(_generator()), type(iter([])), type(iter(())),
           type(_generator))


# ---------------------------------------------------------------------------
# Reading.

class Unpickler:
    def __init__(self, file):
        self._file = file

    def find_class(self, module, name):
        return _follow(module, name)

    def load(self):
        self._data = data = self._file.read()
        self._at = 0
        self._stack = []
        self._marks = []
        self._memo = {}
        try:
            while True:
                if self._at >= len(data):
                    raise EOFError("Ran out of input")
                op = data[self._at]
                self._at += 1
                load = _loaders.get(op)
                if load is None:
                    raise UnpicklingError(
                        f"invalid load key, {chr(op)!r}.")
                load(self)
        except _Stop as stop:
            return stop.value
        except IndexError:
            raise UnpicklingError("unexpected MARK found") from None

    def _take(self, n):
        at = self._at
        if at + n > len(self._data):
            raise UnpicklingError("pickle data was truncated")
        self._at = at + n
        return self._data[at:at + n]

    def _number(self, n, signed=False):
        return int.from_bytes(self._take(n), "little", signed=signed)

    def _push(self, value):
        self._stack.append(value)

    def _since_mark(self):
        items = self._stack
        self._stack = self._marks.pop()
        return items

    def _proto(self):
        if self._number(1) > HIGHEST_PROTOCOL:
            raise ValueError("unsupported pickle protocol")

    def _frame(self):
        self._number(8)

    def _mark(self):
        self._marks.append(self._stack)
        self._stack = []

    def _stop(self):
        raise _Stop(self._stack.pop())

    def _pop(self):
        if self._stack:
            self._stack.pop()
        else:
            self._since_mark()

    def _memoize(self):
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, n):
        index = self._number(n)
        if index not in self._memo:
            raise UnpicklingError(f"Memo value not found at index {index}")
        self._push(self._memo[index])

    def _put(self, n):
        self._memo[self._number(n)] = self._stack[-1]

    def _str(self, n):
        self._push(str(self._take(self._number(n)), "utf-8"))

    def _bytes(self, n):
        self._push(bytes(self._take(self._number(n))))

    def _tuple(self, n):
        items = tuple(self._stack[len(self._stack) - n:])
        if len(items) < n:
            raise IndexError
        del self._stack[len(self._stack) - n:]
        self._push(items)

    def _push_marked(self, kind):
        self._push(kind(self._since_mark()))

    def _append(self):
        value = self._stack.pop()
        self._stack[-1].append(value)

    def _appends(self):
        items = self._since_mark()
        self._stack[-1].extend(items)

    def _item(self):
        value = self._stack.pop()
        key = self._stack.pop()
        self._stack[-1][key] = value

    def _items(self):
        items = self._since_mark()
        target = self._stack[-1]
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    def _add_items(self):
        items = self._since_mark()
        self._stack[-1].update(items)

    def _global(self):
        name = self._stack.pop()
        module = self._stack.pop()
        self._push(self.find_class(module, name))

    def _line(self):
        end = self._data.index(b"\n", self._at)
        line = str(self._data[self._at:end], "utf-8")
        self._at = end + 1
        return line

    def _old_global(self):
        module = self._line()
        self._push(self.find_class(module, self._line()))

    def _reduce(self):
        args = self._stack.pop()
        self._stack[-1] = self._stack[-1](*args)

    def _newobj(self):
        args = self._stack.pop()
        cls = self._stack.pop()
        self._push(cls.__new__(cls, *args))

    def _build(self):
        state = self._stack.pop()
        obj = self._stack[-1]
        set_state = getattr(obj, "__setstate__", None)
        if set_state is not None and not isinstance(obj, BaseException):
            set_state(state)
            return
        slots = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        for values in (state, slots):
            for name, value in (values or {}).items():
                setattr(obj, name, value)


_loaders = {
    0x80: Unpickler._proto, 0x95: Unpickler._frame, 0x28: Unpickler._mark,
    0x2e: Unpickler._stop, 0x30: Unpickler._pop,
    0x31: Unpickler._since_mark, 0x94: Unpickler._memoize,
    0x68: lambda self: self._get(1), 0x6a: lambda self: self._get(4),
    0x71: lambda self: self._put(1), 0x72: lambda self: self._put(4),
    0x4e: lambda self: self._push(None),
    0x88: lambda self: self._push(True),
    0x89: lambda self: self._push(False),
    0x4b: lambda self: self._push(self._number(1)),
    0x4d: lambda self: self._push(self._number(2)),
    0x4a: lambda self: self._push(self._number(4, True)),
    0x8a: lambda self: self._push(self._number(self._number(1), True)),
    0x8b: lambda self: self._push(self._number(self._number(4), True)),
    0x47: lambda self: self._push(_float_of(self._take(8))),
    0x8c: lambda self: self._str(1), 0x58: lambda self: self._str(4),
    0x8d: lambda self: self._str(8), 0x43: lambda self: self._bytes(1),
    0x42: lambda self: self._bytes(4), 0x8e: lambda self: self._bytes(8),
    0x96: lambda self: self._push(bytearray(self._take(self._number(8)))),
    0x29: lambda self: self._push(()),
    0x85: lambda self: self._tuple(1), 0x86: lambda self: self._tuple(2),
    0x87: lambda self: self._tuple(3),
    0x74: lambda self: self._push_marked(tuple),
    0x5d: lambda self: self._push([]),
    0x6c: lambda self: self._push_marked(list),
    0x61: Unpickler._append, 0x65: Unpickler._appends,
    0x7d: lambda self: self._push({}), 0x73: Unpickler._item,
    0x75: Unpickler._items, 0x8f: lambda self: self._push(set()),
    0x90: Unpickler._add_items,
    0x91: lambda self: self._push_marked(frozenset),
    0x93: Unpickler._global, 0x63: Unpickler._old_global,
    0x52: Unpickler._reduce, 0x81: Unpickler._newobj,
    0x62: Unpickler._build,
}


# ---------------------------------------------------------------------------

class _Memory:
    """A file of bytes."""

    def __init__(self, data=b""):
        self.data = data

    def write(self, data):
        self.data += data

    def read(self):
        return self.data


def dumps(obj, protocol=None):
    file = _Memory()
    Pickler(file, protocol).dump(obj)
    return file.data


def loads(data, /):
    return Unpickler(_Memory(bytes(data))).load()


def dump(obj, file, protocol=None):
    Pickler(file, protocol).dump(obj)


def load(file):
    return Unpickler(file).load()
