"""From a syntax tree to the units of its code objects."""

import ast

from desugar import Desugar
from errors import Unsupported
from expressions import Expressions
from patterns import Patterns
from statements import Statements
from symbols import analyse
from unit import VARARGS, VARKEYWORDS, Unit


class Compiler(Expressions, Statements, Patterns):
    def __init__(self, tree, filename):
        self.filename = filename
        self.scopes = analyse(tree)
        self.u = None

    def begin_unit(self, node, name):
        """A unit inside the one in hand."""
        outer = self.u
        scope = self.scopes[node]
        qualname = name
        if outer is not None and outer.scope.kind != "module" and \
                name not in outer.scope.globals:
            dot = "." if outer.scope.kind == "class" else ".<locals>."
            qualname = outer.qualname + dot + name
        return Unit(scope, self.filename, qualname, outer)

    def module(self, tree):
        self.u = unit = self.begin_unit(tree, "<module>")
        unit.firstlineno = 1
        doc = ast.get_docstring(tree, clean=False)
        if doc is not None:
            unit.load_const(doc)
            unit.emit_name("STORE_GLOBAL", "__doc__")
        self.body(tree.body)
        unit.load_const(None)
        unit.emit("RETURN_VALUE")
        return unit

    # ---- Functions.

    def function(self, node, name, body):
        """Pushes the function."""
        outer = self.u
        inner = self.begin_unit(node, name)
        self.u = inner
        arguments = node.args
        inner.posonlyargcount = len(arguments.posonlyargs)
        inner.argcount = inner.posonlyargcount + len(arguments.args)
        inner.kwonlyargcount = len(arguments.kwonlyargs)
        inner.flags |= (VARARGS if arguments.vararg else 0) | \
            (VARKEYWORDS if arguments.kwarg else 0)
        inner.line = node.lineno
        inner.make_cells()
        if isinstance(body, list):
            inner.doc = ast.get_docstring(node, clean=False)
            self.body(body)
            inner.load_const(None)
        else:
            self.expr(body)
        inner.emit("RETURN_VALUE")
        self.u = outer
        outer.line = node.lineno
        self.make_function(inner)
        self.defaults(arguments)

    def make_function(self, inner):
        """Pushes a function of the unit's code."""
        u = self.u
        code = u.const(inner)
        if not inner.scope.frees:
            u.emit("MAKE_FUNCTION", code)
            return
        for name in inner.scope.frees:
            u.emit("LOAD_CLOSURE", u.derefs[name])
        u.emit("BUILD_TUPLE", len(inner.scope.frees))
        u.emit("MAKE_CLOSURE", code)

    def defaults(self, arguments):
        u = self.u
        if arguments.defaults:
            self.tuple(arguments.defaults)
            u.emit("SET_FUNCTION_ATTRIBUTE", 0)
        pairs = [(arg, value) for arg, value in
                 zip(arguments.kwonlyargs, arguments.kw_defaults)
                 if value is not None]
        if pairs:
            for arg, value in pairs:
                u.load_const(u.mangle(arg.arg))
                self.expr(value)
            u.emit("BUILD_MAP", len(pairs))
            u.emit("SET_FUNCTION_ATTRIBUTE", 1)

    # ---- Classes.

    def class_unit(self, node):
        """The body: a function of the namespace."""
        outer = self.u
        inner = self.begin_unit(node, node.name)
        self.u = inner
        inner.argcount = 1
        inner.locals = {".namespace": 0}
        inner.line = node.lineno
        inner.make_cells()
        inner.emit_name("LOAD_GLOBAL", "__name__")
        inner.store("__module__")
        inner.load_const(inner.qualname)
        inner.store("__qualname__")
        doc = ast.get_docstring(node, clean=False)
        if doc is not None:
            inner.load_const(doc)
            inner.store("__doc__")
        self.body(node.body)
        if "__class__" in inner.scope.cells:
            inner.emit("LOAD_CLOSURE", inner.derefs["__class__"])
        else:
            inner.load_const(None)
        inner.emit("RETURN_VALUE")
        self.u = outer
        return inner


def compile_source(source, filename):
    """The module's unit. Raises SyntaxError, Unsupported."""
    # CPython's own compiler finds all that is wrong with the source.
    compile(source, filename, "exec", dont_inherit=True)
    return compile_tree(ast.parse(source, filename), filename)


def compile_tree(tree, filename):
    tree = Desugar().visit(tree)
    try:
        return Compiler(tree, filename).module(tree)
    except RecursionError:
        raise Unsupported(tree, "an expression nested so deeply") from None
