#!/usr/bin/env python3
"""Style as a test: measures the tree and enforces what CONTRIBUTING.md says.

  scripts/tidy.py              checks the tree; exit code 1 if a rule is broken
  scripts/tidy.py --measure    sizes of files and functions, assertions
  scripts/tidy.py --self-test  every rule finds its own bad example

A rule is a function that yields (line, message) for one file; it stands with an
example that it must find and one that it must leave alone (None where only the
whole tree can be one). What the rules allow
by name (ALLOWED_*) shrinks only: an entry without use is an error too.
"""

import fnmatch
import pathlib
import re
import statistics
import sys

import gen_hooks_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("runtime", "harness", "fuzz", "scripts", "ci", "corpus", ".ci")
SUFFIXES = {".c", ".h", ".def", ".py", ".md", ".txt", ".cmake", ".toml", ""}
GENERATED = ("corpus/work/*", "corpus/regressions/*", "corpus/seeds/*",
             "corpus/cpython/*.py")

MAX_FILE, MAX_HEADER, MAX_FUNCTION, MAX_COLUMNS = 700, 400, 70, 80

# Functions that may be longer than MAX_FUNCTION.
ALLOWED_LONG_FUNCTIONS = {
    "RtEvalOp_RunFrame": "the interpreter loop",
}

# Macros with statements that are no do-while.
ALLOWED_MACROS = {
    "RT_BEGIN_ALLOW_THREADS": "opens a brace that its END closes",
    "RT_END_ALLOW_THREADS": "closes it",
    "RT_BEGIN_CRITICAL_SECTION": "opens a brace that its END closes",
    "RT_BEGIN_CRITICAL_SECTION_MUT": "opens a brace that its END closes",
    "RT_END_CRITICAL_SECTION": "closes it",
    "RT_BEGIN_CRITICAL_SECTION2": "opens a brace that its END closes",
    "RT_BEGIN_CRITICAL_SECTION2_MUT": "opens a brace that its END closes",
    "RT_END_CRITICAL_SECTION2": "closes it",
    "COMPARE_JUMP": "a handler of the interpreter loop, with its label",
    "BINARY_STORE_OF": "likewise",
    "BINARY_BINARY_STORE_OF": "likewise",
    "BINARY_OF": "likewise",
    "SUBSCR_OF": "likewise",
}

# Who may call pthread functions.
ALLOWED_PTHREAD = {
    "runtime/sync/native_world.c": "the world of OS threads",
    "runtime/mem/heap.c": "mimalloc's heaps belong to OS threads, by id",
    "harness/engine/native.c": "the carrier of free OS threads",
    "harness/engine/native_token.c": "OS threads of which one runs at a time",
    "harness/cli/run_stats.c": "counts what threads of any carrier report",
    "harness/bench/locks.c": "what the runtime's locks are measured beside",
    "harness/cpython/cpython_threads.c": "threads that lend their blocks",
    "harness/sct/sct_pthread.c": "defines them for programs under control",
    "harness/sct/sct_thread.c": "defines them for programs under control",
    "harness/sct/sct_threads_h.c": "C11's functions over those",
}

# Who, above state/, may contain points and notes.
ALLOWED_HOOKS = {
    "runtime/objects/object.c": "reference counts, birth and death",
    "runtime/objects/brc.c": "the merge queues",
    "runtime/objects/type_cache.c": "versions of types and their cache",
    "runtime/objects/weakref.c": "the lists of weak references",
    "runtime/modules/atexit.c": "the end of an interpreter begins there",
    "runtime/modules/fork_module.c": "a forked child ends there",
    "runtime/objects/deferred.c": "the life of a deferred mark",
    "runtime/objects/function.c": "code is replaced",
    "runtime/objects/type_slots.c": "descriptors of programs are asked",
    "runtime/objects/member.c": "slots change",
    "runtime/objects/dict.c": "a split dict becomes a combined one",
    "runtime/objects/dict_lookup.c": "a lock-free read takes the lock",
    "runtime/objects/dict_split.c": "the keys of a class gain a name",
    "runtime/objects/instance_dict.c": "dicts come and values go",
    "runtime/objects/cell.c": "shared variables change",
    "runtime/vm/fused.c": "caches of instructions are filled",
    "runtime/vm/generator.c": "frames are claimed and released",
    "runtime/modules/import.c": "an extension is loaded once",
}

# Layers of the runtime, bottom first. A file includes headers of its own layer
# or of those before it.
LAYERS = ("base", "sync", "mem", "state", "objects", "gc", "vm", "modules",
          "audit")
HEADERS = {
    "rtcore_atomic.h": "base", "rtcore_hooks.h": "base",
    "rtcore_hooks.def": "base", "rtcore_assert.h": "base",
    "rtcore_sanitizer.h": "base",
    "rt_object.h": "base",      # the layouts of objects and types
    "rtcore_semaphore.h": "sync", "rtcore_lock.h": "sync", "rt_lock.h": "sync",
    "rtcore_lock_order.h": "sync", "lock_order.def": "sync",
    "rtcore_contention.h": "sync",
    "rtcore_local.h": "state",
    "rtcore_wait_queue.h": "sync",
    "rtcore_heap.h": "mem",
    "rtcore_state.h": "state", "rtcore_ceval.h": "state",
    "rtcore_unbroken.h": "state",
    "rt_gilstate.h": "state", "rt_module.h": "objects",
    "rt_critical_section.h": "state",
    "rtcore_breaker.h": "state",
    "rtcore_interp.h": "state", "rtcore_reclaim.h": "state",
    "rtcore_object.h": "objects", "rtcore_object_stack.h": "objects",
    "rtcore_stackref.h": "objects",
    "rtcore_type.h": "objects", "rtcore_types.h": "objects",
    "rtcore_long.h": "objects", "rtcore_number.h": "objects",
    "rtcore_str.h": "objects", "rtcore_str_methods.h": "objects",
    "rtcore_format.h": "objects", "rtcore_bytes.h": "objects",
    "rtcore_weakref.h": "objects",
    "rtcore_dict_object.h": "objects", "rtcore_dict.h": "objects",
    "rt_types.h": "objects",
    "rtcore_deque.h": "objects", "rtcore_iter.h": "objects",
    "rtcore_set.h": "objects",
    "type_slots.def": "objects",
    "rtcore_gc.h": "gc",
    "rtcore_code.h": "vm", "rt_errors.h": "vm", "opcodes.def": "vm",
    "ceval_source.def": "vm",
    "rtcore_traceback.h": "vm",
    "ceval_ops.h": "vm", "verify.h": "vm", "ceval_macros.h": "vm",
    "fused.h": "vm", "fused_int.h": "vm", "fused_cases.h": "vm",
    "fused.def": "vm", "rtcore_long_free.h": "objects",
    "module.h": "modules", "cross_data.h": "modules",
    "sync_objects.h": "modules",
    "rtcore_audit.h": "audit",
}
# Edges that go up, each with its reason: (file, header).
ALLOWED_EDGES = {
    ("runtime/*", "rt_errors.h"): "whoever fails raises, or gives up",
    ("runtime/sync/parking_lot.c", "rtcore_state.h"):
        "a parked thread detaches",
    ("runtime/sync/wait_queue.c", "rtcore_state.h"):
        "an interrupted wait does what the eval breaker asks for",
    ("runtime/state/local_dicts.c", "rt*.h"):
        "a thread's local data are dicts",
    ("runtime/sync/lock.c", "rtcore_state.h"):
        "an interrupted wait does what the eval breaker asks for",
    ("runtime/mem/*.c", "rtcore_state.h"):
        "the memory of an object waits until QSBR's readers are gone",
    ("runtime/state/tstate.c", "rtcore_object.h"):
        "an ending thread drops its references and drains its merge queue",
    ("runtime/state/tstate.c", "rtcore_code.h"):
        "a new thread state has the recursion limit",
    ("runtime/state/ceval_gil.c", "rtcore_object.h"):
        "the eval breaker merges queued objects and runs the collector",
    ("runtime/state/pending_calls.c", "rtcore_object.h"):
        "a queued call may own its argument",
    ("runtime/state/async_exc.c", "rtcore_object.h"):
        "a thread state owns the exception that is to be raised",
    ("runtime/state/signals.c", "rt*_*.h"):
        "handlers are called with ints",
    ("runtime/state/lifecycle.c", "rtcore_*.h"):
        "start and end of everything",
    ("runtime/state/fork.c", "rtcore_*.h"):
        "a forked child makes everything anew",
    ("runtime/state/finalize.c", "rtcore_code.h"):
        "imports of threads that are gone are nobody's any more",
    ("runtime/state/finalize.c", "rtcore_object.h"):
        "a collection that was under way is given up",
    ("runtime/state/interpreter.c", "rtcore_*.h"):
        "start and end of an interpreter",
    ("runtime/objects/object.c", "rtcore_gc.h"):
        "collectable objects are made with a head, and counted",
    ("runtime/objects/brc.c", "rtcore_gc.h"):
        "objects that the collector sees are left to it",
    ("runtime/objects/type*.c", "rtcore_gc.h"):
        "a type's subclasses are found by walking the tracked objects",
    ("runtime/objects/subtype.c", "rtcore_gc.h"):
        "a dying instance leaves the collector's sight",
    ("runtime/objects/code.c", "rtcore_code.h"): "code objects are the vm's",
    ("runtime/objects/cell.c", "rtcore_code.h"): "cells are the vm's",
    ("runtime/objects/types_init.c", "rtcore_code.h"):
        "the types of the vm are readied with the others",
    ("runtime/objects/object.c", "rtcore_code.h"):
        "a dead generator that waits counts what its frame holds",
    ("runtime/objects/function.c", "rtcore_code.h"): "functions run code",
    ("runtime/objects/t*.c", "rtcore_traceback.h"):
        "an entry of a traceback is made of a frame",
    ("runtime/objects/exceptions.c", "rtcore_traceback.h"):
        "exceptions carry them",
    ("runtime/objects/method.c", "rtcore_code.h"): "methods call functions",
    ("runtime/gc/gc_free_threading.c", "rtcore_code.h"):
        "frames hold references that are not counted",
}

used = set()        # entries of the ALLOWED_* tables that were needed
rules = []


def rule(pattern, bad, good):
    """Registers a rule for the files that match `pattern`."""
    def register(check):
        rules.append((check, pattern, bad, good))
        return check
    return register


def allowed(table, key):
    if key in table:
        used.add((id(table), key))
        return True
    return False


def numbered(text):
    return enumerate(text.split("\n"), 1)


def is_source(path):
    return path.endswith((".c", ".h"))


def without_comments(text):
    """Comments and strings blanked out, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', blank, text,
                  flags=re.S)


# ---------------------------------------------------------------------------
# Sizes

@rule(r"\.(c|h|py)$",
      ("runtime/a.h", "\n" * 401), ("runtime/a.c", "\n" * 699))
def file_size(path, text):
    lines = text.count("\n")
    limit = MAX_HEADER if path.endswith(".h") else MAX_FILE
    if lines > limit:
        yield 1, f"{lines} lines; at most {limit}"


def functions_of(text):
    """(name, first line, number of lines) of each function of a C file."""
    name, start = None, 0
    for number, line in numbered(text):
        match = re.match(r"([A-Za-z_]\w*)\(", line)
        if match and not line.rstrip().endswith(";"):
            name, start = match[1], number
        elif line.startswith("}") and name is not None:
            yield name, start, number - start + 1
            name = None


@rule(r"\.[ch]$",
      ("runtime/a.c", "int\nf(void)\n{\n" + "    g();\n" * 80 + "}\n"),
      ("runtime/a.c", "int\nf(void)\n{\n" + "    g();\n" * 60 + "}\n"))
def function_size(path, text):
    for name, start, lines in functions_of(text):
        if lines > MAX_FUNCTION and not allowed(ALLOWED_LONG_FUNCTIONS, name):
            yield start, f"{name}() has {lines} lines; at most {MAX_FUNCTION}"


# ---------------------------------------------------------------------------
# Text

@rule(r".", ("runtime/a.c", "\tx\n"), ("runtime/a.c", "    x\n"))
def tabs(path, text):
    for number, line in numbered(text):
        if "\t" in line:
            yield number, "a tab"


@rule(r".", ("runtime/a.c", "x \n"), ("runtime/a.c", "x\n"))
def trailing_space(path, text):
    for number, line in numbered(text):
        if line != line.rstrip():
            yield number, "space at the end of the line"


@rule(r"^(?!.*\.(def|toml)$)",
      ("runtime/a.c", "x" * 81), ("a.md", "| " + "x" * 90 + " |"))
def columns(path, text):
    for number, line in numbered(text):
        if len(line) > MAX_COLUMNS and not (path.endswith(".md") and
                                            line.startswith("|")):
            yield number, f"{len(line)} columns; at most {MAX_COLUMNS}"


@rule(r"^(?!scripts/tidy\.py$)",
      ("runtime/a.c", "// TODO: later.\n"), ("runtime/a.c", "// Done.\n"))
def unfinished(path, text):
    if path.endswith(".md"):
        return
    for number, line in numbered(text):
        match = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
        if match:
            yield number, f"{match[1]}: finish it or open an issue"


@rule(r"\.[ch]$",
      ("runtime/tests/a.c", "#include <stdio.h>\n"),
      ("runtime/tests/a.c", "// a.c: tests a.\n"))
def head(path, text):
    name = path.split("/")[-1]
    if not text.startswith(f"// {name}: "):
        yield 1, f"the head comment '// {name}: …' is missing"


@rule(r"^runtime/(?!tests/|include/).*\.c$",
      ("runtime/sync/a.c", "// a.c: a lock.\n#include <a.h>\n"),
      ("runtime/sync/a.c",
       "// a.c: a lock.\n// Mirrors Python/a.c (CPython 3.13).\n"))
def mirrors(path, text):
    comment = re.match(r"(//[^\n]*\n)*", text)[0]
    if "Mirrors " not in comment:
        yield 1, "the head comment does not say what the file mirrors"


# ---------------------------------------------------------------------------
# Code

@rule(r"\.[ch]$",
      ("runtime/a.h", "#define F(x) \\\n    f(x); \\\n    g(x)\n"),
      ("runtime/a.h",
       "#define F(x) \\\n    do { \\\n        f(x); \\\n    } while (0)\n"))
def statement_macros(path, text):
    for match in re.finditer(
            r"^#[ ]*define (\w+)(\([^)]*\))?((?:[^\n]*\\\n)*[^\n]*)$",
            without_comments(text), re.M):
        body = " ".join(match[3].replace("\\\n", " ").split())
        number = text.count("\n", 0, match.start()) + 1
        if body.startswith("do {"):
            if not body.endswith("while (0)"):
                yield number, f"{match[1]}: ends with more than 'while (0)'"
        elif is_statement(body) and not allowed(ALLOWED_MACROS, match[1]):
            yield number, f"{match[1]}: statements without do … while (0)"


def is_statement(body):
    """Whether a macro's text, used as a statement, could fall apart. A macro
    that defines or declares something at file level cannot."""
    if ";" not in body and not re.match(r"(if|for|while|switch|return)\b",
                                        body):
        return False
    return not re.match(r"(static|extern|typedef|RT_\w+_FUNC|\w+ \*?\w+##|"
                        r"case |RACE\d\()", body)


@rule(r"^runtime/(?!tests/)",
      ("runtime/sync/a.c", "x = __atomic_load_n(&y, __ATOMIC_RELAXED);\n"),
      ("runtime/include/internal/rtcore_atomic.h", "__ATOMIC_RELAXED\n"))
def memory_orders(path, text):
    if path.endswith("/rtcore_atomic.h") or not is_source(path):
        return
    for number, line in numbered(without_comments(text)):
        if re.search(r"__ATOMIC_|memory_order_|__sync_", line):
            yield number, "only rtcore_atomic.h names memory orders"


@rule(r"^(runtime|harness|fuzz)/(?!tests/)",
      ("runtime/state/a.c", "pthread_mutex_lock(&m);\n"),
      ("runtime/sync/native_world.c", "pthread_mutex_lock(&m);\n"))
def pthreads(path, text):
    # The programs of the benchmarks are what is tested.
    if not is_source(path) or "/tests/" in path or \
            re.search("/bench/(sct|races)/", path):
        return
    for number, line in numbered(without_comments(text)):
        if re.search(r"\bpthread_", line) and \
                not allowed(ALLOWED_PTHREAD, path):
            yield number, "pthread call outside the carriers of OS threads"


@rule(r"^runtime/(objects|vm|modules)/.*\.[ch]$",
      ("runtime/objects/list.c", "    RT_NOTE(FINALIZE, op, 0);\n"),
      ("runtime/objects/brc.c", "    RT_NOTE(REF_QUEUED, op, 0);\n"))
def hooks_in_primitives(path, text):
    for number, line in numbered(without_comments(text)):
        if re.search(r"\bRT_(NOTE|SCHED_POINT)\(", line) and \
                not allowed(ALLOWED_HOOKS, path):
            yield number, "points and notes stand in the primitives"


@rule(r"^runtime/(?!tests/)",
      ("runtime/objects/a.c", '#include "fz_engine.h"\n'),
      ("runtime/objects/a.c", '#include "rt_object.h"\n'))
def runtime_alone(path, text):
    for number, line in numbered(text):
        if re.match(r'\s*#\s*include\s*["<].*\bfz_', line):
            yield number, "the runtime knows nothing of the harness"


@rule(r"^fuzz/.*\.[ch]$",
      ("fuzz/a.c", '#include "rtcore_state.h"\n'),
      ("fuzz/a.c", '#include "fz_exec.h"\n'))
def fuzz_above_harness(path, text):
    for number, name in includes(text):
        if not name.startswith(("fz_", "fuzz_")) and not (
                '#include "mechanism.h"' in text or path.endswith(
                    ("mechanism.h", "mechanism.c"))):
            yield number, ("fuzz/ includes fz_*.h only, and what drives a "
                           f"mechanism the runtime's, not {name}")


@rule(r"^runtime/(?!sync/|tests/|include/)",
      ("runtime/state/a.c", '#include "rtcore_semaphore.h"\n'),
      ("runtime/sync/a.c", '#include "rtcore_semaphore.h"\n'))
def semaphores(path, text):
    for number, name in includes(text):
        if name == "rtcore_semaphore.h":
            yield number, "only sync/ waits on semaphores"


def includes(text):
    for number, line in numbered(text):
        match = re.match(r'\s*#\s*include\s*"(?:.*/)?([\w.]+)"', line)
        if match:
            yield number, match[1]


def layer_of(path):
    parts = path.split("/")
    if parts[1] == "include":
        return HEADERS.get(parts[-1])
    return parts[1]


@rule(r"^runtime/(?!tests/).*\.[ch]$",
      ("runtime/sync/lock.c", '#include "rtcore_types.h"\n'),
      ("runtime/sync/parking_lot.c", '#include "rtcore_state.h"\n'))
def layers(path, text):
    layer = layer_of(path)
    if layer not in LAYERS:
        yield 1, "has no layer: give it one in HEADERS of scripts/tidy.py"
        return
    for number, name in includes(text):
        if name not in HEADERS:
            yield number, f"{name} has no layer in scripts/tidy.py"
        elif LAYERS.index(HEADERS[name]) > LAYERS.index(layer) and \
                not edge_is_allowed(path, name):
            yield number, (f"{layer} includes {name} of the higher layer "
                           f"{HEADERS[name]}")


def edge_is_allowed(path, name):
    for edge in ALLOWED_EDGES:
        if fnmatch.fnmatchcase(path, edge[0]) and \
                fnmatch.fnmatchcase(name, edge[1]):
            return allowed(ALLOWED_EDGES, edge)
    return False


# ---------------------------------------------------------------------------
# READMEs

@rule(r"^harness/README\.md$", None, None)
def generated_tables(path, text):
    if gen_hooks_table.generate(text) != text:
        yield 1, "a table is not current: run scripts/gen_hooks_table.py"


@rule(r"^runtime/README\.md$",
      ("runtime/README.md", "## From CPython's names to ours\n"
       "| `PyMutex_Lock` | `RtMutex_Gone` | `sync/lock.c` | – |\n"),
      ("runtime/README.md", "## From CPython's names to ours\n"
       "| `PyMutex_Lock` | `RtMutex_Lock` | `sync/lock.c` | – |\n"))
def map_names(path, text):
    """Each name of the map's second column stands in the file of the third."""
    start = text.find("## From CPython's names to ours")
    end = text.find("\n## ", start + 1)
    first = text.count("\n", 0, start)
    for number, line in numbered(text[start:end if end > 0 else None]):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[2].startswith("`"):
            continue
        file = ROOT / "runtime" / cells[2].strip("`")
        if not file.exists():
            yield first + number, f"there is no runtime/{cells[2].strip('`')}"
            continue
        words = set(re.findall(r"\w+", file.read_text()))
        for name in re.findall(r"`(\w+)`", cells[1]):
            if name not in words:
                yield first + number, f"there is no {name} in {cells[2]}"


# The invariants: letter of the group -> how many it has.
INVARIANTS = {"H": 15, "B": 9, "R": 5, "W": 6, "M": 15, "C": 9, "Q": 9, "A": 9,
              "G": 14, "S": 10, "E": 8, "L": 9, "T": 14, "K": 11, "Y": 5,
              "N": 4}


def check_row(cells):
    """What is wrong with a row of the table of invariants: each name stands in
    the file named before it, each verdict is one."""
    words = set()
    for name in re.findall(r"`([^`]+)`", cells[2]):
        if "/" in name:
            file = ROOT / name
            words = set(re.findall(r"\w+", file.read_text())
                        if file.exists() else ())
        elif name not in words:
            yield f"{cells[0]}: {name} does not stand in the file before it"
    verdicts = set(re.findall(
        r"FZ_RULE\((\w+)", (ROOT / "harness/oracle/verdict.def").read_text()))
    for name in re.findall(r"`([^`]+)`", cells[3]):
        if name not in verdicts:
            yield f"{cells[0]}: there is no verdict {name}"


@rule(r"^harness/README\.md$",
      ("harness/README.md", "## Invariants and what checks them\n"
       "| H1 | x | `runtime/objects/brc.c` `gone` | – |\n"), None)
def invariants(path, text):
    """Each invariant has a row, and what its row names is there."""
    start = text.find("## Invariants and what checks them")
    end = text.find("\n## ", start + 1)
    first = text.count("\n", 0, start)
    seen = set()
    for number, line in numbered(text[start:end if end > 0 else None]):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] not in ("id", "---"):
            seen.add(cells[0])
            for message in check_row(cells):
                yield first + number, message
    for letter, count in INVARIANTS.items():
        for number in range(1, count + 1):
            if f"{letter}{number}" not in seen:
                yield first + 1, f"{letter}{number} has no row"


@rule(r"^runtime/README\.md$",
      ("runtime/README.md", "| x | `y` | `sync/lock.c` | – |\n"), None)
def map_is_whole(path, text):
    """Each source file of the runtime has a row in the map."""
    for layer in LAYERS[1:]:
        for file in sorted((ROOT / "runtime" / layer).glob("*.c")):
            name = f"{layer}/{file.name}"
            if f"| `{name}` |" not in text:
                yield 1, f"{name} is not in the map"


@rule(r"README\.md$",
      ("README.md", "see `runtime/gone.c`\n"),
      ("README.md", "see `runtime/README.md`\n"))
def paths_exist(path, text):
    """What a README names by its path from the root is there."""
    for number, line in numbered(text):
        for name in re.findall(
                r"`((?:runtime|harness|fuzz|scripts|ci|corpus)/[\w./-]+)`",
                line):
            if not (ROOT / name).exists():
                yield number, f"there is no {name}"


# ---------------------------------------------------------------------------

def files():
    paths = [p for p in ROOT.iterdir() if p.is_file()]
    for folder in FOLDERS:
        paths += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    for path in sorted(paths):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in SUFFIXES and "__pycache__" not in name and \
                not any(fnmatch.fnmatchcase(name, g) for g in GENERATED):
            yield name, path.read_text()


def check_tree():
    broken = 0
    for name, text in files():
        for check, pattern, _, _ in rules:
            if re.search(pattern, name):
                for number, message in check(name, text):
                    print(f"{name}:{number}: {message} ({check.__name__})")
                    broken += 1
    for table in (ALLOWED_LONG_FUNCTIONS, ALLOWED_MACROS, ALLOWED_PTHREAD,
                  ALLOWED_HOOKS, ALLOWED_EDGES):
        for key in table:
            if (id(table), key) not in used:
                print(f"scripts/tidy.py: allowed, but not needed: {key}")
                broken += 1
    return broken


def self_test():
    failed = 0
    for check, pattern, bad, good in rules:
        if bad is None:
            continue
        name = check.__name__
        if not re.search(pattern, bad[0]) or not list(check(*bad)):
            print(f"self-test: {name} does not find its bad example")
            failed += 1
        if good is not None and re.search(pattern, good[0]) and \
                list(check(*good)):
            print(f"self-test: {name} complains of its good example")
            failed += 1
    stale = gen_hooks_table.README.read_text().replace("| `LOAD` |", "| |", 1)
    if not list(generated_tables("harness/README.md", stale)):
        print("self-test: a table that is not current is accepted")
        failed += 1
    try:
        gen_hooks_table.generate("no table")
        print("self-test: a README without its tables is accepted")
        failed += 1
    except SystemExit:
        pass
    used.clear()
    return failed


def measure():
    sizes = {"runtime": [], "harness": []}
    lengths = {"runtime": [], "harness": []}
    for name, text in files():
        part = name.split("/")[0]
        if part in sizes and name.endswith(".c") and "/tests/" not in name:
            sizes[part].append(text.count("\n"))
            lengths[part] += [n for _, _, n in functions_of(text)]
    for part, lines in sizes.items():
        functions = sorted(lengths[part])
        print(f"{part}: {len(lines)} files, median "
              f"{statistics.median(lines):.0f} lines, longest {max(lines)}; "
              f"{len(functions)} functions, median "
              f"{statistics.median(functions):.0f} lines, 95 % under "
              f"{functions[len(functions) * 95 // 100]}")
    for folder in ("sync", "mem", "state", "gc", "objects"):
        text = "".join(t for n, t in files()
                       if n.startswith(f"runtime/{folder}/"))
        asserts = len(re.findall(r"\b(?:rt_assert|static_assert)\w*\(", text))
        print(f"runtime/{folder}: "
              f"{1000 * asserts / text.count(chr(10)):.0f} assertions per "
              f"1,000 lines")


def main():
    options = sys.argv[1:]
    if options == ["--measure"]:
        measure()
        return 0
    if options not in ([], ["--self-test"]):
        sys.stderr.write(__doc__)
        return 2
    broken = self_test() if options else check_tree()
    if broken == 0:
        print(f"tidy: {len(rules)} rules hold" if not options
              else f"tidy: {len(rules)} rules find what they should")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
