"""The reading half of ftfuzz repl: python3 repl.py ANSWERS CODE.

Reads statements from standard input, with a prompt and a history if that is a
terminal, compiles them, and writes them to the descriptor CODE: a size (4
bytes, little-endian) and a code file. Then a byte comes from ANSWERS: they have
run. Ends with its input, or when nobody answers.
"""

import ast
import codeop
import os
import sys
import traceback

from compiler import compile_tree
from errors import Unsupported
from writer import encode

NAME = "<stdin>"
PROMPT, CONTINUED = ">>> ", "... "
DISPLAY = "<display>"         # what the runtime calls its function


class Input:
    def __init__(self):
        self.prompts = sys.stdin.isatty()
        self.ended = False
        if self.prompts:
            try:
                import readline             # line editing and a history
                readline.set_auto_history(True)
            except ImportError:
                pass

    def line(self, prompt):
        if self.prompts:
            return input(prompt)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def statement(self, compile_command):
        """The source of what is complete; EOFError. The end of the input ends
        a block, too."""
        lines = []
        while True:
            try:
                if self.ended:
                    raise EOFError
                lines.append(self.line(CONTINUED if lines else PROMPT))
            except EOFError:
                if not lines or self.ended:
                    raise
                self.ended = True
                lines.append("")
            source = "\n".join(lines)
            if compile_command(source, NAME, "single") is not None:
                return source


class Show(ast.NodeTransformer):
    """The values of expressions are shown, unless functions and classes say
    them."""

    def visit_Expr(self, node):
        name = ast.Name(DISPLAY, ast.Load())
        call = ast.Expr(ast.Call(name, [node.value], []))
        for new in (name, call.value, call):
            ast.copy_location(new, node)
        return call

    def visit_FunctionDef(self, node):
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef


def code_file(source):
    tree = Show().visit(ast.parse(source + "\n", NAME))
    return encode(compile_tree(tree, NAME))


def complain(error):
    if isinstance(error, Unsupported):
        print(error.describe(NAME), file=sys.stderr)
    else:
        traceback.print_exception(type(error), error, None)


def next_file(source_of, compile_command):
    """None: it cannot be compiled."""
    try:
        return code_file(source_of.statement(compile_command))
    except KeyboardInterrupt:
        print("\nKeyboardInterrupt", file=sys.stderr)
    except (SyntaxError, ValueError, OverflowError, Unsupported) as error:
        complain(error)
    return None


def send(descriptor, data):
    message = len(data).to_bytes(4, "little") + data
    while message:
        message = message[os.write(descriptor, message):]


def answer(descriptor):
    """b"" if the runtime is gone."""
    while True:
        try:
            return os.read(descriptor, 1)
        except KeyboardInterrupt:
            pass                        # meant for the program


def main(answers, code):
    source_of = Input()
    compile_command = codeop.CommandCompiler()
    sys.setrecursionlimit(5000)
    while True:
        try:
            file = next_file(source_of, compile_command)
        except EOFError:
            if source_of.prompts:
                print()
            return
        if file is not None:
            send(code, file)
            if not answer(answers):
                return


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except BrokenPipeError:
        pass                            # the runtime is gone
