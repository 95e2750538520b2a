# zygote.py: what ftpython starts with: imports what programs use, then waits
# for jobs. In a fork of each it compiles the program and runs it as the first
# thread of a controlled run. The program is a script like any other: it starts
# its threads itself.

import _ast
import _ftfuzz
import gc
import importlib.machinery
import importlib.util
import os
import sys
import threading
import traceback
import warnings


class OfFolder:
    """Finds modules of the user's folder by name. The usual finder lists a
    folder: then a run would depend on what else lies there."""

    def __init__(self, folder):
        self.folder = folder
        self.suffixes = (importlib.machinery.EXTENSION_SUFFIXES +
                         importlib.machinery.SOURCE_SUFFIXES)

    def find_spec(self, name, path=None, target=None):
        base = os.path.join(self.folder, name)
        package = os.path.join(base, "__init__.py")
        if path is None and os.path.isfile(package):
            return importlib.util.spec_from_file_location(
                name, package, submodule_search_locations=[base])
        for file in (base + suffix for suffix in self.suffixes):
            if path is None and os.path.isfile(file):
                return importlib.util.spec_from_file_location(name, file)
        return None


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
if sys.argv[2]:
    sys.meta_path.append(OfFolder(sys.argv[2]))
prepare(sys.argv[3:])
# CPython walks its whole heap when the first thread starts.
thread = threading.Thread(target=len, args=((),))
if _ftfuzz.warm_up(lambda: (thread.start(), thread.join())) != 0:
    sys.exit("zygote: a thread cannot be run")
del thread
gc.collect()
gc.freeze()
_ftfuzz.serve(int(sys.argv[1]), int(sys.argv[1]) + 1, child)
