"""Compiles programs for fuzz_source: python3 compile_server.py COMPILER.

A request is a size (4 bytes, little-endian) and a source. The answer is one
byte - 0 compiled, 1 no Python, 2 refused, 3 the compiler failed -, a size and
the code file (or what is wrong), and the blocks of the compiler that ran since
the request before, a byte each, BLOCKS of them. Ends with its input.

The compiler (COMPILER: its folder) is loaded with a mark at the beginning of
each block of its functions: so fuzzers see which of it an input reaches.
"""

import ast
import builtins
import importlib.machinery
import os
import sys
import traceback

BLOCKS = 4096

ftfuzz_blocks = builtins.ftfuzz_blocks = bytearray(BLOCKS)


class Marker(ast.NodeTransformer):
    """Puts `ftfuzz_blocks[N] = 1` in front of each block of a function."""

    def __init__(self, first):
        self.next = first
        self.depth = 0

    def mark(self, body):
        statement = ast.parse(f"ftfuzz_blocks[{self.next % BLOCKS}] = 1").body
        self.next += 1
        at = 1 if isinstance(body[0], ast.Expr) and \
            isinstance(body[0].value, ast.Constant) else 0
        return body[:at] + statement + body[at:]

    def generic_visit(self, node):
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        self.depth += is_function
        super().generic_visit(node)
        if self.depth:
            for name in ("body", "orelse", "finalbody"):
                body = getattr(node, name, None)
                if isinstance(body, list) and body:
                    setattr(node, name, self.mark(body))
        self.depth -= is_function
        return node


class Loader(importlib.machinery.SourceFileLoader):
    blocks = 0

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        marker = Marker(Loader.blocks)
        tree = marker.visit(ast.parse(self.get_data(path), path))
        Loader.blocks = marker.next
        return compile(ast.fix_missing_locations(tree), path, "exec")


def watch(folder):
    """Modules of the folder are loaded with marks."""
    def hook(path):
        if os.path.realpath(path) != os.path.realpath(folder):
            raise ImportError
        return importlib.machinery.FileFinder(path, (Loader, [".py"]))
    sys.path_hooks.insert(0, hook)
    sys.path.insert(0, folder)


def answer(source):
    try:
        return 0, encode(compile_source(source, "<fuzz>"))
    except (SyntaxError, ValueError) as error:
        return 1, str(error).encode()
    except Unsupported as error:
        return 2, error.describe("<fuzz>").encode()
    except Exception:
        return 3, traceback.format_exc().encode()


def main():
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.setrecursionlimit(5000)
    while len(size := requests.read(4)) == 4:
        source = requests.read(int.from_bytes(size, "little"))
        ftfuzz_blocks[:] = bytes(BLOCKS)
        status, data = answer(source)
        answers.write(bytes([status]) + len(data).to_bytes(4, "little") + data)
        answers.write(ftfuzz_blocks)
        answers.flush()


if __name__ == "__main__":
    watch(sys.argv[1])
    from compiler import compile_source
    from errors import Unsupported
    from writer import encode
    main()
