"""Which variable is what: locals, cells, free variables, globals.

One Scope for each code object. A first walk collects what is bound and used
where; resolve() then finds the scope of each name, inner functions last.
"""

import ast

from errors import Unsupported

FAST, CELL, FREE, GLOBAL, NAME, NAME_OR_FREE = (
    "fast", "cell", "free", "global", "name", "name or free")

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    def __init__(self, kind, name, node, parent, private):
        self.kind = kind        # "module", "function", "class"
        self.name = name
        self.node = node
        self.parent = parent
        self.private = private  # name of the class around it, or None
        self.children = []
        self.params = []        # in the order of the frame's slots
        self.bound = {}         # names bound here, in order of appearance
        self.used = {}
        self.globals = set()
        self.nonlocals = set()
        self.is_generator = False
        self.is_coroutine = False
        self.is_comprehension = False
        self.cells = []
        self.frees = []
        self.locals = []
        if parent is not None:
            parent.children.append(self)

    def bind(self, name):
        self.bound.setdefault(name)

    def use(self, name):
        self.used.setdefault(name)

    def where(self, name):
        """How code of this scope reaches the name."""
        if name in self.globals:
            return GLOBAL
        if name in self.cells and self.kind == "function":
            return CELL
        if name in self.frees:
            bound = self.kind == "class" and name not in self.nonlocals
            return NAME_OR_FREE if bound else FREE
        if self.kind == "class":
            return NAME
        if self.kind == "function" and name in self.locals:
            return FAST
        return GLOBAL

    def is_local(self, name):
        return name in self.bound and name not in self.globals and \
            name not in self.nonlocals


def mangle(private, name):
    if private is None or not name.startswith("__") or \
            name.endswith("__") or "." in name:
        return name
    private = private.lstrip("_")
    return f"_{private}{name}" if private else name


class Collector(ast.NodeVisitor):
    """Makes the scopes of a module; `scopes` maps nodes to them."""

    def __init__(self, tree):
        self.scopes = {}
        self.scope = Scope("module", "<module>", tree, None, None)
        self.scopes[tree] = self.scope
        for statement in tree.body:
            self.visit(statement)

    def mangle(self, name):
        return mangle(self.scope.private, name)

    def enter(self, kind, name, node, private=None):
        if private is None:
            private = self.scope.private
        scope = Scope(kind, name, node, self.scope, private)
        self.scopes[node] = scope
        self.scope = scope
        return scope

    def leave(self):
        self.scope = self.scope.parent

    def visit_all(self, nodes):
        for node in nodes:
            if node is not None:
                self.visit(node)

    # ---- Functions.

    def add_parameters(self, arguments):
        scope = self.scope
        named = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
        for arg in named + [arguments.vararg, arguments.kwarg]:
            if arg is not None:
                name = self.mangle(arg.arg)
                scope.params.append(name)
                scope.bind(name)

    def visit_function(self, node, name, body):
        self.visit_all(getattr(node, "decorator_list", []))
        self.visit_all(node.args.defaults)
        self.visit_all(node.args.kw_defaults)
        scope = self.enter("function", name, node)
        scope.is_coroutine = isinstance(node, ast.AsyncFunctionDef)
        self.add_parameters(node.args)
        self.visit_all(body)
        self.leave()

    def visit_FunctionDef(self, node):
        if getattr(node, "type_params", None):
            raise Unsupported(node.type_params[0], "a type parameter")
        self.scope.bind(self.mangle(node.name))
        self.visit_function(node, node.name, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.visit_function(node, "<lambda>", [node.body])

    def visit_ClassDef(self, node):
        if getattr(node, "type_params", None):
            raise Unsupported(node.type_params[0], "a type parameter")
        self.visit_all(node.decorator_list)
        self.visit_all(node.bases)
        self.visit_all([keyword.value for keyword in node.keywords])
        self.scope.bind(self.mangle(node.name))
        self.enter("class", node.name, node, node.name)
        for name in ("__module__", "__qualname__"):
            self.scope.bind(name)
        self.visit_all(node.body)
        self.leave()

    def visit_comprehension_node(self, node):
        generators = node.generators
        self.visit(generators[0].iter)
        names = {ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>",
                 ast.DictComp: "<dictcomp>", ast.GeneratorExp: "<genexpr>"}
        scope = self.enter("function", names[type(node)], node)
        scope.is_comprehension = True
        scope.is_generator = isinstance(node, ast.GeneratorExp)
        scope.params.append(".0")
        scope.bind(".0")
        for i, generator in enumerate(generators):
            if generator.is_async:
                raise Unsupported(node, "an asynchronous comprehension")
            self.visit(generator.target)
            if i > 0:
                self.visit(generator.iter)
            self.visit_all(generator.ifs)
        if isinstance(node, ast.DictComp):
            self.visit_all([node.key, node.value])
        else:
            self.visit(node.elt)
        self.leave()

    visit_ListComp = visit_SetComp = visit_comprehension_node
    visit_DictComp = visit_GeneratorExp = visit_comprehension_node

    # ---- Names.

    def visit_Name(self, node):
        name = self.mangle(node.id)
        if isinstance(node.ctx, ast.Load):
            self.scope.use(name)
            if name == "super" and self.scope.kind == "function":
                self.use_class_cell()
            if name == "__class__":
                self.use_class_cell()
        else:
            self.scope.bind(name)

    def use_class_cell(self):
        """`__class__`: a variable of the class around the function."""
        scope = self.scope
        while scope is not None and scope.kind == "function":
            scope = scope.parent
        if scope is not None and scope.kind == "class" and \
                self.scope.kind == "function":
            self.scope.use("__class__")

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        name = self.mangle(node.target.id)
        scope = self.scope
        while scope.is_comprehension:
            scope.nonlocals.add(name)
            scope.use(name)
            scope = scope.parent
        scope.bind(name)
        # A comprehension of module level binds a global.
        if scope.kind != "function" or name in scope.globals:
            inner = self.scope
            while inner is not scope:
                inner.nonlocals.discard(name)
                inner.globals.add(name)
                inner = inner.parent

    def visit_Global(self, node):
        for name in node.names:
            self.scope.globals.add(self.mangle(name))

    def visit_Nonlocal(self, node):
        for name in node.names:
            name = self.mangle(name)
            self.scope.nonlocals.add(name)
            self.scope.use(name)

    def bind_alias(self, node):
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            if name != "*":
                self.scope.bind(self.mangle(name))

    visit_Import = visit_ImportFrom = bind_alias

    def visit_ExceptHandler(self, node):
        if node.name is not None:
            self.scope.bind(self.mangle(node.name))
        self.generic_visit(node)

    def visit_AnnAssign(self, node):
        # Annotations are not evaluated.
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_yield(self, node):
        if self.scope.is_coroutine:
            raise Unsupported(node, "an asynchronous generator")
        self.scope.is_generator = True
        self.generic_visit(node)

    visit_Yield = visit_YieldFrom = visit_yield

    # ---- Patterns of match.

    def bind_pattern(self, node):
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name is not None:
            self.scope.bind(self.mangle(name))
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = bind_pattern


def provides(scope, name):
    """Whether functions inside this scope can have the name as free."""
    if scope.kind == "class":
        return name == "__class__"
    return scope.kind == "function" and scope.is_local(name)


def find_owner(scope, name):
    outer = scope.parent
    while outer is not None:
        if provides(outer, name):
            return outer
        if outer.kind == "function" and name in outer.globals:
            return None
        outer = outer.parent
    return None


def capture(scope, name):
    """Makes `name` of an outer function free here and in what is between."""
    owner = find_owner(scope, name)
    if owner is None:
        return
    if name not in owner.cells:
        owner.cells.append(name)
    inner = scope
    while inner is not owner:
        if name not in inner.frees:
            inner.frees.append(name)
        inner = inner.parent


def resolve(scope):
    if scope.kind != "module":
        for name in scope.used:
            mine = scope.is_local(name) and scope.kind != "class"
            if not mine and name not in scope.globals:
                if scope.kind == "class" and scope.is_local(name):
                    continue
                capture(scope, name)
    for child in scope.children:
        resolve(child)
    if scope.kind == "function":
        names = scope.params + [n for n in scope.bound
                                if scope.is_local(n) and n not in scope.cells]
        scope.locals = list(dict.fromkeys(names))


def analyse(tree):
    """The scope of each node that is compiled to a code object."""
    collector = Collector(tree)
    resolve(collector.scope)
    return collector.scopes
