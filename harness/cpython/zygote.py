# zygote.py: what ftpython starts with: imports what programs use, then waits
# for jobs. In a fork of each it compiles the program and runs it as the first
# thread of a controlled run. The program is a script like any other: it starts
# its threads itself.

import _ast
import _ftfuzz
import gc
import sys
import threading
import traceback
import warnings


def child(text):
    try:
        tree = compile(text.decode(), "program", "exec", _ast.PyCF_ONLY_AST)
        code = compile(tree, "program", "exec")
    except SyntaxError as error:
        _ftfuzz.refuse("%s" % error)
    # What it imports is there before the run, where it would be most of it.
    prepare(alias.name for node in tree.body if isinstance(node, _ast.Import)
            for alias in node.names)
    del tree
    _ftfuzz.run(lambda: body(code))


def body(code):
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        exec(code, names)
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    threading._shutdown()
    sys.stdout.flush()
    sys.stderr.flush()


def prepare(modules):
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            if name == "ctypes":        # the interpreter was made without it
                sys.modules[name] = type(sys)(name)


warnings.simplefilter("ignore")
prepare(sys.argv[2:])
# CPython walks its whole heap when the first thread starts.
thread = threading.Thread(target=len, args=((),))
if _ftfuzz.warm_up(lambda: (thread.start(), thread.join())) != 0:
    sys.exit("zygote: a thread cannot be run")
del thread
gc.collect()
gc.freeze()
_ftfuzz.serve(int(sys.argv[1]), int(sys.argv[1]) + 1, child)
