"""ftfuzz repl: statements from a pipe and from a terminal.

repl.py FTFUZZ
"""

import os
import pty
import select
import subprocess
import sys
import time

ftfuzz = os.path.abspath(sys.argv[1])


def run(text, *options):
    return subprocess.run([ftfuzz, "repl", *options], input=text, timeout=60,
                          capture_output=True, text=True)


def check(condition, result):
    if not condition:
        print("status", result.returncode, result.args)
        print(result.stdout, result.stderr, sep="\n")
        sys.exit(1)


def check_pipe():
    r = run("1 + 1\nx = 'text'\nx\n_\nNone\n")
    check((r.returncode, r.stdout, r.stderr) == (0, "2\n'text'\n'text'\n", ""),
          r)
    # Blocks, lines that go on, several statements in one line.
    r = run("def f(n):\n    return n * 2\n\nf(\n  21)\nfor i in range(2):\n"
            "    i\n    print(i)\n\n1; 2; x = 3; x\n")
    check((r.returncode, r.stdout) == (0, "42\n0\n0\n1\n1\n1\n2\n3\n"), r)
    # A name outlives the statement, a function sees the namespace.
    r = run("n = 1\ndef g():\n    global n\n    n += 1\n    return n\n\n"
            "g()\nn\n'doc'\n__name__\n")
    check(r.stdout == "2\n2\n'doc'\n'__main__'\n", r)
    # The end of the input ends a block, too.
    r = run("while True:\n    print('once')\n    break")
    check((r.returncode, r.stdout) == (0, "once\n"), r)
    r = run("")
    check((r.returncode, r.stdout, r.stderr) == (0, "", ""), r)


def check_errors():
    r = run("1 / 0; print('not run')\nprint('run')\nx = = 1\n3j\n'end'\n")
    check((r.returncode, r.stdout) == (0, "run\n'end'\n"), r)
    lines = r.stderr.split("\n")
    check(lines[0] == "Traceback (most recent call last):" and
          lines[1] == '  File "<stdin>", line 1, in <module>', r)
    check("ZeroDivisionError: division by zero" in lines and
          "SyntaxError: invalid syntax" in lines and
          "<stdin>:1:1: a complex number is not supported" in lines, r)
    r = run("raise SystemExit(7)\nprint('not run')\n")
    check((r.returncode, r.stdout) == (7, ""), r)
    r = run("class C:\n    def __repr__(self):\n        raise KeyError(1)\n\n"
            "C()\n'on'\n")
    check(r.stdout == "'on'\n" and "KeyError: 1" in r.stderr, r)


def check_threads():
    r = run("import threading\nfound = []\n"
            "t = threading.Thread(target=found.append, args=(5,))\n"
            "t.start(); t.join()\nfound\n")
    check((r.returncode, r.stdout) == (0, "[5]\n"), r)


def check_help():
    r = run("", "--help")
    check(r.returncode == 0 and r.stdout.startswith("usage: ftfuzz repl"), r)
    r = run("", "operand")
    check(r.returncode == 2, r)


class Terminal:
    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.text = ""

    def read_until(self, wanted, seconds=60):
        end = time.monotonic() + seconds
        while wanted not in self.text:
            left = end - time.monotonic()
            if left <= 0 or \
                    not select.select([self.descriptor], [], [], left)[0]:
                sys.exit(f"no {wanted!r} in {self.text!r}")
            self.text += os.read(self.descriptor, 4096).decode()
        self.text = self.text.partition(wanted)[2]

    def type(self, text):
        os.write(self.descriptor, text.encode())


def check_terminal():
    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(ftfuzz, [ftfuzz, "repl"])
    terminal = Terminal(descriptor)
    terminal.read_until(">>> ")
    terminal.type("if True:\n")
    terminal.read_until("... ")
    terminal.type("    6 * 7\n\n")
    terminal.read_until("\n42")
    terminal.read_until(">>> ")
    terminal.type("_ + 1000\n")
    terminal.read_until("\n1042")
    terminal.read_until(">>> ")
    terminal.type("\x04")
    _, status = os.waitpid(pid, 0)
    os.close(descriptor)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"status {status} after the end of the input")


check_pipe()
check_errors()
check_threads()
check_help()
check_terminal()
