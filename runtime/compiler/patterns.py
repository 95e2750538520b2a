"""The statement match.

The subject stays on the stack until a case is taken. A pattern takes a copy of
what it looks at from the top; where it fails, it jumps to where as many items
are dropped as it has left there.
"""

import ast

from assembler import Label
from errors import Unsupported

EQ, GE = 2, 5                   # of COMPARE_OP
SEQUENCES = ("list", "tuple", "range")
# Types whose one positional pattern is for the subject itself.
MATCH_THEMSELVES = {"bool", "bytearray", "bytes", "dict", "float",
                    "frozenset", "int", "list", "set", "str", "tuple"}


class Failures:
    """Where failures of one case go: `base` items are to stay."""

    def __init__(self, base):
        self.base = base
        self.labels = {}

    def at(self, depth):
        return self.labels.setdefault(depth, Label())


class Patterns:
    """Mixed into Compiler; self.u is the unit in hand."""

    def stmt_Match(self, node):
        u = self.u
        end = Label()
        self.expr(node.subject)
        for case in node.cases:
            self.match_case(case, end)
        u.emit("POP_TOP")
        u.place(end)

    def match_case(self, case, end):
        u = self.u
        u.line = case.pattern.lineno
        failures = Failures(u.depth)
        u.emit("COPY")
        self.pattern(case.pattern, failures)
        if case.guard is not None:
            after = Label()
            self.condition(case.guard, after, False)
            u.emit("POP_TOP")
            self.body(case.body)
            u.jump("JUMP_FORWARD", end)
            u.place(after)
            u.jump("JUMP_FORWARD", failures.at(failures.base))
        else:
            u.emit("POP_TOP")
            self.body(case.body)
            u.jump("JUMP_FORWARD", end)
        self.place_failures(failures)

    def place_failures(self, failures):
        """The deepest first: each drops one item and goes on to the next."""
        u = self.u
        for depth in sorted(failures.labels, reverse=True):
            u.place(failures.labels[depth])
            target = max((d for d in failures.labels if d < depth),
                         default=failures.base)
            if not u.dead:
                for _ in range(depth - target):
                    u.emit("POP_TOP")

    def fail_if(self, failures, jump_if):
        """Pops a truth value."""
        u = self.u
        label = failures.at(u.depth - 1)
        u.jump("POP_JUMP_IF_TRUE" if jump_if else "POP_JUMP_IF_FALSE", label)

    # ---- Patterns: the item on top is taken.

    def pattern(self, node, failures):
        method = getattr(self, "pattern_" + type(node).__name__, None)
        if method is None:
            raise Unsupported(node, f"the pattern {type(node).__name__}")
        method(node, failures)

    def pattern_MatchValue(self, node, failures):
        self.expr(node.value)
        self.u.emit("COMPARE_OP", EQ)
        self.fail_if(failures, False)

    def pattern_MatchSingleton(self, node, failures):
        self.u.load_const(node.value)
        self.u.emit("IS_OP", 0)
        self.fail_if(failures, False)

    def pattern_MatchAs(self, node, failures):
        u = self.u
        if node.pattern is not None:
            u.emit("COPY")
            self.pattern(node.pattern, failures)
        if node.name is None:
            u.emit("POP_TOP")
        else:
            u.store(node.name)

    def pattern_MatchOr(self, node, failures):
        u = self.u
        done = Label()
        depth = u.depth
        for part in node.patterns[:-1]:
            inner = Failures(depth)
            u.emit("COPY")
            self.pattern(part, inner)
            u.emit("POP_TOP")
            u.jump("JUMP_FORWARD", done)
            self.place_failures(inner)
        self.pattern(node.patterns[-1], failures)
        u.place(done)

    def call_builtin(self, name, *arguments):
        """name(the copy of the top, *arguments), arguments by function."""
        u = self.u
        u.emit("COPY")
        u.emit_name("LOAD_BUILTIN", name)
        u.emit("SWAP")
        for argument in arguments:
            argument()
        u.emit("CALL", 1 + len(arguments))

    def load_sequences(self):
        for name in SEQUENCES:
            self.u.emit_name("LOAD_BUILTIN", name)
        self.u.emit("BUILD_TUPLE", len(SEQUENCES))

    def pattern_MatchSequence(self, node, failures):
        u = self.u
        stars = [i for i, part in enumerate(node.patterns)
                 if isinstance(part, ast.MatchStar)]
        n = len(node.patterns)
        self.call_builtin("isinstance", self.load_sequences)
        self.fail_if(failures, False)
        self.call_builtin("len")
        u.load_const(n - len(stars))
        u.emit("COMPARE_OP", GE if stars else EQ)
        self.fail_if(failures, False)
        if stars:
            u.emit("UNPACK_EX", stars[0] | (n - stars[0] - 1) << 8)
        else:
            u.emit("UNPACK_SEQUENCE", n)
        for part in node.patterns:
            self.pattern(part, failures)

    def pattern_MatchStar(self, node, failures):
        if node.name is None:
            self.u.emit("POP_TOP")
        else:
            self.u.store(node.name)

    def pattern_MatchMapping(self, node, failures):
        u = self.u
        if node.rest is not None:
            raise Unsupported(node, "the rest of a mapping in a pattern")
        self.call_builtin("isinstance",
                          lambda: u.emit_name("LOAD_BUILTIN", "dict"))
        self.fail_if(failures, False)
        for key, part in zip(node.keys, node.patterns):
            u.emit("COPY")
            self.expr(key)
            u.emit("SWAP")
            u.emit("CONTAINS_OP", 0)
            self.fail_if(failures, False)
            u.emit("COPY")
            self.expr(key)
            u.emit("BINARY_SUBSCR")
            self.pattern(part, failures)
        u.emit("POP_TOP")

    def pattern_MatchClass(self, node, failures):
        u = self.u
        self.call_builtin("isinstance", lambda: self.expr(node.cls))
        self.fail_if(failures, False)
        itself = isinstance(node.cls, ast.Name) and \
            node.cls.id in MATCH_THEMSELVES
        for i, part in enumerate(node.patterns):
            if itself:
                u.emit("COPY")
            else:
                self.call_builtin("getattr", lambda: self.match_arg(node, i))
            self.pattern(part, failures)
        for name, part in zip(node.kwd_attrs, node.kwd_patterns):
            self.call_builtin("hasattr", lambda: u.load_const(name))
            self.fail_if(failures, False)
            u.emit("COPY")
            u.emit_name("LOAD_ATTR", name)
            self.pattern(part, failures)
        u.emit("POP_TOP")

    def match_arg(self, node, i):
        self.expr(node.cls)
        self.u.emit_name("LOAD_ATTR", "__match_args__")
        self.u.load_const(i)
        self.u.emit("BINARY_SUBSCR")
