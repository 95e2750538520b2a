"""Small mistakes to make in C files: `scripts/mutants`.

An operator looks at the lines of a function and yields what it would change
there: {line: new text}, with None for a line that goes. All are mistakes that
compile and that somebody could make. What is chosen does not depend on line
numbers: an id is of the file, the operator and the text that changes, and of
the mutants of one operator in a file those with the lowest ids come first.
"""

import collections
import dataclasses
import difflib
import hashlib
import re

ASSIGNMENT = re.compile(r"\s+[\w>.*\[\]-]+ [|&+-]?= [^=].*;$")
LOCK = re.compile(r"\s+Rt(?:Raw|RW|Recursive)?Mutex_R?Lock\w*"
                  r"\(([^,()]+)[,)].*;$")
STORE = re.compile(r"\s+(rt_atomic_store_\w+\(.*\);|"
                   r"[\w>.\[\]-]+(->|\.)[\w.\[\]>-]+ = [^=].*;)$")
# Statements whose absence is no mistake of a mechanism.
HARMLESS = re.compile(r"rt_assert|RT_NOTE|\(void\)|RtLockOrder_|RtErr_|"
                      r"RT_SANITIZER|RT_SCHED|_Fini\(")


@dataclasses.dataclass
class Mutant:
    file: str
    operator: str
    function: str
    line: int               # from 1
    changes: dict
    id: str = ""
    presets: tuple = ()

    def text(self, lines):
        old = " / ".join(lines[n].strip() for n in sorted(self.changes))
        new = " / ".join((self.changes[n] or "").strip()
                         for n in sorted(self.changes))
        return f"{old}  ->  {new or '(gone)'}"


def functions(lines):
    """(name, first line of the body, end), by PEP 7's layout."""
    for start, line in enumerate(lines):
        if line != "{":
            continue
        head = next((n for n in range(start - 1, -1, -1)
                     if re.match(r"\w+\(", lines[n])), None)
        end = next((n for n in range(start, len(lines)) if lines[n] == "}"),
                   None)
        if head is not None and end is not None:
            yield lines[head].split("(")[0], start + 1, end


def remove_lock(lines, start, end):
    """A lock that is not taken, nor given back."""
    for n in range(start, end):
        match = LOCK.match(lines[n])
        if match is None:
            continue
        other = [k for k in range(n + 1, end)
                 if re.match(r"\s+Rt\w*Mutex_R?Unlock\w*\(" +
                             re.escape(match[1]) + r"[,)]", lines[k])
                 and lines[k].endswith(";")]
        if other:
            yield dict.fromkeys([n, *other])


def remove_section(lines, start, end):
    """A critical section that is none."""
    for n in range(start, end):
        match = re.match(r"(\s+)RT_BEGIN_CRITICAL_SECTION(2?)\w*\(.*\);$",
                         lines[n])
        last = match and next(
            (k for k in range(n + 1, end) if lines[k].strip() ==
             f"RT_END_CRITICAL_SECTION{match[2]}();"), None)
        if last:
            yield {n: match[1] + "{", last: match[1] + "}"}


def weaken_atomic(lines, start, end):
    """An order of memory that is not there."""
    for n in range(start, end):
        for match in re.finditer(r"(rt_atomic_(?:load|store)_[a-z0-9]+)"
                                 r"(_acquire|_release)\(", lines[n]):
            yield {n: lines[n][:match.start()] + match[1] + "_relaxed(" +
                   lines[n][match.end():]}


def drop_condition(lines, start, end):
    """One of two conditions is not asked for."""
    for n in range(start, end):
        match = re.match(r"(\s+(?:\} else )?if \()(.+) (&&|\|\|) (.+)\) \{$",
                         lines[n])
        if match and "&&" not in match[2] + match[4] and \
                "||" not in match[2] + match[4] and \
                all(s.count("(") == s.count(")") for s in
                    (match[2], match[4])):
            yield {n: f"{match[1]}{match[2]}) {{"}
            yield {n: f"{match[1]}{match[4]}) {{"}


def swap_branch(lines, start, end):
    for n in range(start, end):
        match = re.match(r"(\s+if \()(.+)(\) \{)$", lines[n])
        if match and match[2].count("(") == match[2].count(")"):
            yield {n: f"{match[1]}!({match[2]}){match[3]}"}


def skip_flag(lines, start, end):
    """What others look at is not set."""
    for n in range(start, end):
        flag = re.match(r"\s+[\w>.-]+(->|\.)\w+ ([|&]?)= (true|false|0|1|NULL|"
                        r"~?[A-Z_]{4,}\w*);$", lines[n])
        atomic = re.match(r"\s+rt_atomic_(store|or|and|add)_\w+\(.*\);$",
                          lines[n])
        if (flag or atomic) and not HARMLESS.search(lines[n]):
            yield {n: None}


def reorder_stores(lines, start, end):
    for n in range(start, end - 1):
        a, b = lines[n], lines[n + 1]
        if STORE.match(a) and STORE.match(b) and a != b and \
                "rt_atomic_" in a + b and a.split("=")[0].strip() not in b:
            yield {n: b, n + 1: a}


def off_by_one(lines, start, end):
    for n in range(start, end):
        for match in re.finditer(r" (<|>|<=|>=) ", lines[n]):
            if "#" in lines[n] or "//" in lines[n] or \
                    HARMLESS.search(lines[n]):
                continue
            other = {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}[match[1]]
            yield {n: f"{lines[n][:match.start()]} {other} "
                      f"{lines[n][match.end():]}"}


def remove_call(lines, start, end):
    """Something is not done: not woken, not queued, not counted."""
    for n in range(start, end):
        match = re.match(r"\s+([A-Za-z_]\w+)\(.*\);$", lines[n])
        if match and not HARMLESS.search(lines[n]) and \
                not re.match(r"RT_|rt_atomic_|rt_assert|Rt\w*_R?(Un)?[Ll]ock|"
                             r"return|memset|memcpy|free$|if$|while$|for$",
                             match[1]) and \
                lines[n - 1].rstrip().endswith((";", "{", "}")):
            indent = lines[n][:len(lines[n]) - len(lines[n].lstrip())]
            # So that nothing is unused.
            yield {n: f"{indent}if (false) {{ {lines[n].strip()} }}"}


# The rare ones, and those of concurrency, first.
OPERATORS = {f.__name__: f for f in (
    remove_lock, remove_section, weaken_atomic, reorder_stores,
    drop_condition, skip_flag, off_by_one, remove_call, swap_branch)}


def conditions_around(lines, line, read, opposite):
    """What the directives around a line say of it, from the outside; read()
    takes the text of one that begins."""
    stack = []
    for text in lines[:line]:
        directive = re.match(r"#\s*(if\w*|else|endif)\b", text)
        if directive is None:
            continue
        if directive[1] == "endif":
            stack.pop()
        elif directive[1] == "else":
            stack[-1] = opposite.get(stack[-1], "")
        else:
            stack.append(read(text))
    return stack


def variant_of(lines, line):
    """The build that a line is of: "ft", "gil" or "" (both)."""
    def read(text):
        if "RT_GIL_DISABLED" not in text:
            return ""
        return "gil" if re.match(r"#\s*ifndef", text) else "ft"
    stack = conditions_around(lines, line, read, {"ft": "gil", "gil": "ft"})
    return next((variant for variant in stack if variant), "")


def needs_no_hooks(lines, line):
    """Whether a line is in builds without the hooks alone."""
    def read(text):
        if re.match(r"#\s*ifndef RT_WITH_HOOKS|.*!defined\(RT_WITH_HOOKS\)",
                    text):
            return "without"
        return "with" if re.match(r"#\s*ifdef RT_WITH_HOOKS", text) else ""
    return "without" in conditions_around(lines, line, read,
                                          {"with": "without"})


def mutants_of(file, lines, presets):
    """All of a file: in turn one of each operator, in the operators' order,
    each time the one with the lowest id."""
    made, seen = [], {}
    for function, start, end in functions(lines):
        for name, operator in OPERATORS.items():
            for changes in operator(lines, start, end):
                m = Mutant(file, name, function, min(changes) + 1, changes)
                text = f"{file}|{name}|{function}|{m.text(lines)}"
                seen[text] = seen.get(text, 0) + 1
                m.id = hashlib.sha256(
                    f"{text}|{seen[text]}".encode()).hexdigest()[:8]
                m.presets = presets(name, variant_of(lines, min(changes)),
                                    needs_no_hooks(lines, min(changes)))
                made.append(m)
    turn = collections.Counter()
    order = []
    for m in sorted(made, key=lambda m: m.id):
        order.append((turn[m.operator], list(OPERATORS).index(m.operator), m))
        turn[m.operator] += 1
    return [m for *_, m in sorted(order, key=lambda row: row[:2])]


def patch_of(mutant, lines):
    new = []
    for n, line in enumerate(lines):
        if n not in mutant.changes:
            new.append(line)
        elif mutant.changes[n] is not None:
            new.append(mutant.changes[n])
        elif re.match(r"\s+", line) and lines[n - 1].rstrip().endswith("{") \
                and lines[n + 1].strip().startswith("}"):
            new.append(re.match(r"\s+", line)[0] + ";")
    return "".join(difflib.unified_diff(
        [line + "\n" for line in lines], [line + "\n" for line in new],
        f"a/{mutant.file}", f"b/{mutant.file}"))
