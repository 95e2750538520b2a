# groups.py: which findings are one mistake. Races are folded where they share a
# function of the code that is at fault: what one writes without a lock, all
# read. Functions that serve any type (attribute look-up, calls, the collector)
# fold nothing: such a race, and a crash, belongs to the first race of another
# kind in the same execution. Of a minimised program, which does little else,
# any race belongs to the first one of the same file.

import collections
import re

# Files of functions that work for objects of any type, or on values.
GENERIC = re.compile(r"^(object|typeobject|dictobject|call|abstract|ceval|"
                     r"generated_cases|gc_free_threading|brc|descrobject|"
                     r"pystate|weakrefobject|critical_section|object_stack|"
                     r"pycore_\w+|refcount|listobject|tupleobject|longobject|"
                     r"longintrepr|bytesobject|unicodeobject|methodobject|"
                     r"classobject|errors|obmalloc|lock|parking_lot|"
                     r"genericaliasobject|pyatomic\w*|structmember|"
                     r"bltinmodule|sysmodule|floatobject|gcmodule|"
                     r"find_max_char|transmogrify)\.")
# Of these, those of functions that do to a value what their caller asks for: a
# race in one is a race of the caller.
VALUES = re.compile(r"^(object|abstract|listobject|tupleobject|longobject|"
                    r"longintrepr|bytesobject|unicodeobject|floatobject|"
                    r"find_max_char|transmogrify|pycore_\w+)\.")
VALUE = re.compile(r"^(_?PyDict_Next|PyBuffer_ToContiguous)$")
# Functions of one type in such files, and those that replace what all read.
SPECIFIC = re.compile(r"^(\w+_reduce(_general)?|\w+_setstate|"
                      r"(list|dict|tuple|unicode|str|long)(rev)?iter_\w+|"
                      r"unicode_ascii_iter_\w+|property_\w+|type_set_\w+|"
                      r"set_tp_\w+|PyObject_GenericSetDict|"
                      r"_PyObject_IsInstanceDictEmpty)$")


def is_specific(function, file):
    return bool(SPECIFIC.match(function)) or not GENERIC.match(file)


def party_of(stack, is_plumbing):
    """(function, file) of the innermost function that says something."""
    innermost = None
    for function, line in stack:
        if is_plumbing(function):
            if function == "_Py_Dealloc" and innermost:
                break           # who drops the last reference is chance
            continue
        party = function, line.rsplit("/", 1)[-1].split(":")[0]
        innermost = innermost or party
        if is_specific(*party) and not VALUE.match(function):
            return party
        if not VALUES.match(party[1]) and not VALUE.match(function):
            break
    return innermost


def is_generic(parties):
    return not any(is_specific(*party) for party in parties)


def files_of(parties):
    return {file for function, file in parties if is_specific(function, file)}


def fold(items):
    """items: [(key, rule, signature, parties, cause, minimized)]. Yields lists
    of keys, one for each mistake. parties: [(function, file)]; cause: the
    parties of what went wrong first in the same execution."""
    leader = {}

    def find(node):
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def join(a, b):
        leader[find(a)] = find(b)

    count = collections.Counter()       # findings that are of one file
    others = []
    for key, rule, signature, parties, cause, minimized in items:
        join(("finding", key), ("signature", signature))
        # Through what was read in a race come races on what it led to, and
        # crashes.
        if rule != "DATA_RACE" or is_generic(parties):
            parties = cause
        elif minimized and files_of(parties) & files_of(cause):
            parties = [*parties, *cause]
        places = {("function", *party) for party in parties
                  if is_specific(*party)}
        if parties and not places:
            join(("finding", key), ("pair", *sorted(map(tuple, parties))))
        if len(files_of(parties)) > 1:
            others.append((key, places))
            continue
        for place in places:
            join(("finding", key), place)
            count[place] += 1
    # Of functions of two files one is at fault: the one that others name.
    for key, places in others:
        join(("finding", key), max(places, key=lambda at: (count[at], at)))
    groups = {}
    for key, *_ in items:
        groups.setdefault(find(("finding", key)), []).append(key)
    yield from groups.values()


def cause_of(failures, is_plumbing, result=None):
    """The parties of the first race that is not generic; if the result of it is
    named, rather of one by a function that the result was in. Else the parties
    of the first race of all."""
    races = [parties_of(failure, is_plumbing) for failure in failures
             if failure.rule == "DATA_RACE"]
    named = [parties for parties in races if not is_generic(parties)]
    if result is not None and (result.rule != "DATA_RACE" or is_generic(
            parties_of(result, is_plumbing))):
        inside = {function for _, stack in result.parties
                  for function, _ in stack}
        for parties in named:
            if any(function in inside and is_specific(function, file)
                   for function, file in parties):
                return parties
    return (named or races or [[]])[0]


def parties_of(failure, is_plumbing):
    return [party_of(stack, is_plumbing) or ("?", "?")
            for _, stack in failure.parties]
