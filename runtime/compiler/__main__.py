"""Compiles a program: python3 runtime/compiler SOURCE OUTPUT [NAME].

SOURCE - is standard input; NAME is what tracebacks call it. Exit status: 0; 1
the source is no Python (the message is CPython's); 65 it uses what the runtime
does not have (FILE:LINE:COLUMN: what); 66 it cannot be read.
"""

import os
import pathlib
import sys
import traceback

from compiler import compile_source
from errors import Unsupported
from writer import encode


def read(path):
    if path == "-":
        return sys.stdin.buffer.read()
    return pathlib.Path(path).read_bytes()


def write(path, data):
    """Whole or not at all, whoever else writes it."""
    if path == "-":
        sys.stdout.buffer.write(data)
        return
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def main(arguments):
    source, output = arguments[:2]
    name = arguments[2] if len(arguments) > 2 else source
    sys.setrecursionlimit(5000)
    try:
        data = encode(compile_source(read(source), name))
    except SyntaxError as error:
        traceback.print_exception(type(error), error, None)
        return 1
    except ValueError as error:         # null bytes
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except Unsupported as error:
        print(error.describe(name), file=sys.stderr)
        return 65
    except OSError as error:
        print(f"{name}: {error.strerror}", file=sys.stderr)
        return 66
    write(output, data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
