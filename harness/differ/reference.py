"""What a program is seen to do on CPython, and the child that runs programs.

observe.c writes the same text of our builds: change both. As a script without
arguments it serves ftfuzz differ: messages on standard input and output.
"""

import gc
import re
import signal
import sys
import threading
from collections import deque
from weakref import getweakrefcount

MAX_DEPTH, MAX_VALUES, MAX_CHAIN = 4, 100, 3
PLAIN = {type(None), bool, float, str, bytes, bytearray, range}
COMPOUND = {list, tuple, dict, set, frozenset, deque}
address = re.compile("0x[0-9a-f]*")
iterators = re.compile("(?:list|tuple|str|str_ascii|bytes|bytearray)_iterator"
                       "|list_reverseiterator|reversed")
type_name = type.__dict__["__name__"].__get__

log = []
messages = True
values_left = 0


def clear_frames(error):
    """Drops what calls held that an exception has left; here it holds that."""
    while error is not None:
        if isinstance(error, AttributeError):
            error.obj = None
        frames, traceback = [], error.__traceback__
        while traceback is not None:
            frames.append(traceback.tb_frame)
            traceback = traceback.tb_next
        for frame in reversed(frames):
            try:
                frame.clear()
            except RuntimeError:
                pass            # it runs
        frame = frames = error.__traceback__ = None
        error = error.__cause__ or error.__context__


def to_text(convert, value):
    try:
        return address.sub("0x", convert(value))
    except Exception:
        return "<error>"


def to_message(error):
    """Without what depends on how a type is made: C or Python, with a table of
    sequences or without, one type of iterators or many; and without the names
    of variables, which generated code here has not."""
    text = to_text(str, error)
    if " positional argument" in text:
        return "wrong arguments"
    text = text.replace("doesn't support item", "does not support item")
    return iterators.sub("iterator", text)


def write_items(items, depth, order=list):
    """Of the first values; those of a set by their text."""
    texts, error = [], ""
    try:
        for item in items:
            texts.append(write_value(item, depth))
            if len(texts) == MAX_VALUES:
                break
    except Exception:
        error = "<error>"
    return error + ", ".join(order(texts))


def write_dict(items, depth):
    return "{" + write_items(items.items(), depth) + "}"


def write_instance(value, name, depth):
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        attributes = None
    text = write_dict(attributes, depth) if type(attributes) is dict else ""
    return f"<{name} {text}>"


def write_compound(value, kind, depth):
    name = type_name(kind)
    if depth == 0 or values_left <= 0:
        return name + "..."
    depth -= 1
    if kind is list:
        return "[" + write_items(value, depth) + "]"
    if kind is tuple:
        return "(" + write_items(value, depth) + ")"
    if kind is dict:
        return write_dict(value, depth)
    if kind is set or kind is frozenset:
        return f"{name}({write_items(value, depth, sorted)})"
    if kind is deque:
        maxlen = -1 if value.maxlen is None else value.maxlen
        return f"deque({write_items(value, depth)}){maxlen}"
    if issubclass(kind, BaseException):
        return f"{name}({write_items(value.args, depth)})"
    return write_instance(value, name, depth)


def write_value(value, depth):
    global values_left
    values_left -= 1
    kind = type(value)
    if kind is int:
        return str(value) if -2**63 <= value < 2**63 else format(value, "#x")
    if kind in PLAIN:
        return to_text(repr, value)
    if (kind in COMPOUND or issubclass(kind, BaseException) or
            kind.__module__ == "__main__"):
        return write_compound(value, kind, depth)
    if isinstance(value, type):
        return f"<class {type_name(value)}>"
    if hasattr(kind, "__next__"):
        return "<iterator>"
    return f"<{type_name(kind)}>"


def write_whole(value):
    global values_left
    values_left = MAX_VALUES
    return write_value(value, MAX_DEPTH)


def write_exception(error, depth):
    text = type_name(type(error))
    if messages:
        text += ": " + to_message(error)
    other, how = error.__cause__, " from "
    if other is None and not error.__suppress_context__:
        other, how = error.__context__, " after "
    if other is not None and depth > 1:
        text += how + write_exception(other, depth - 1)
    return text


def caught():
    error = sys.exc_info()[1]
    clear_frames(error)
    log.append("! " + write_exception(error, MAX_CHAIN) + "\n")


def seen(value):
    log.append("= " + write_whole(value) + "\n")


def show_line(*values):
    log.append(" ".join(map(str, values)) + "\n")


def set_signal_handler(number, handler):
    """There are no frames to hand over but here."""
    call = handler
    if callable(handler):
        call = lambda number, frame: handler(number, None)
    signal.signal(number, call)


def count_references(value):
    """A local here has one of its own."""
    return getweakrefcount(value) - (type(value) is threading.local)


def prepare(prelude):
    """The globals that each program starts with. Waits end at once."""
    names = {"__name__": "__main__", "print": show_line}
    exec(compile(prelude, "<prelude>", "exec"), names)
    names.update(caught=caught, seen=seen, SOON=0,
                 set_signal_handler=set_signal_handler,
                 getweakrefcount=count_references)
    return names


def run(code, names, count):
    """What is seen of a program with so many shared objects."""
    log.clear()
    names = dict(names)
    try:
        exec(code, names)
    except Exception as error:
        log.append("escaped " + write_exception(error, MAX_CHAIN) + "\n")
    for i in range(count):
        if f"s{i}" in names:
            log.append(f"s{i} = {write_whole(names[f's{i}'])}\n")
    return "".join(log)


def ignore(*args):
    log.append("ignored\n")


def clean_up():
    """What a handler of a signal holds is the program's, too."""
    set_signal_handler(10, signal.SIG_IGN)
    gc.callbacks.clear()
    gc.disable()
    gc.collect()
    log.clear()


def receive(stream):
    size = stream.read(4)
    return stream.read(int.from_bytes(size, "little")) if size else None


def send(stream, data):
    stream.write(len(data).to_bytes(4, "little") + data)
    stream.flush()


def records(batch):
    at = 0
    while at < len(batch):
        size = int.from_bytes(batch[at:at + 4], "little")
        yield batch[at + 4:at + 4 + size]
        at += 4 + size


def serve(stdin, stdout):
    global messages
    send(stdout, sys.version.split()[0].encode())
    options = receive(stdin)
    messages = options[0] != 0
    names = prepare(options[1:].decode())
    gc.collect()
    gc.freeze()
    while (batch := receive(stdin)) is not None:
        results = []
        for record in records(batch):
            code = compile(record[1:], "program.py", "exec")
            text = run(code, names, record[0]).encode("utf-8", "replace")
            results.append(len(text).to_bytes(4, "little") + text)
            code = None
            clean_up()
        send(stdout, b"".join(results))


def main():
    gc.disable()
    threading.excepthook = ignore
    sys.unraisablehook = ignore
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
