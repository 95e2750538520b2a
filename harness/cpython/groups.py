# groups.py: which findings are one mistake. Races are folded where they share a
# function of the code that is at fault: what one writes without a lock, all
# read. Functions that serve any type (attribute look-up, calls, the collector)
# fold nothing: such a race, and a crash, belongs to the first race of another
# kind in the same execution.

import re

# Files of functions that work for objects of any type.
GENERIC = re.compile(r"^(object|typeobject|dictobject|call|abstract|ceval|"
                     r"generated_cases|gc_free_threading|brc|descrobject|"
                     r"pystate|weakrefobject|critical_section|object_stack|"
                     r"pycore_\w+|refcount|listobject|tupleobject|longobject|"
                     r"unicodeobject|methodobject|classobject|errors|"
                     r"obmalloc|lock|parking_lot|genericaliasobject)\.")


def party_of(stack, is_plumbing):
    """(function, file) of the innermost function that says something."""
    for function, line in stack:
        if not is_plumbing(function):
            return function, line.rsplit("/", 1)[-1].split(":")[0]
    return None


def is_generic(parties):
    return all(GENERIC.match(file) for _, file in parties)


def fold(items):
    """items: [(key, rule, signature, parties, cause)]. Yields lists of keys,
    one for each mistake. parties: [(function, file)]; cause: the parties of
    what went wrong first in the same execution."""
    leader = {}

    def find(node):
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def join(a, b):
        leader[find(a)] = find(b)

    for key, rule, signature, parties, cause in items:
        join(("finding", key), ("signature", signature))
        # Through what was read in a race come races on what it led to, and
        # crashes.
        if rule != "DATA_RACE" or is_generic(parties):
            parties = cause
        for function, file in parties:
            if not GENERIC.match(file):
                join(("finding", key), ("function", function, file))
    groups = {}
    for key, *_ in items:
        groups.setdefault(find(("finding", key)), []).append(key)
    yield from groups.values()


def cause_of(failures, is_plumbing):
    """The parties of the first race that is not generic."""
    for failure in failures:
        parties = parties_of(failure, is_plumbing)
        if failure.rule == "DATA_RACE" and not is_generic(parties):
            return parties
    return []


def parties_of(failure, is_plumbing):
    return [party_of(stack, is_plumbing) or ("?", "?")
            for _, stack in failure.parties]
