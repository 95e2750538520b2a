#!/usr/bin/env python3
"""The tables of harness/README.md that are generated from .def files.

  scripts/gen_hooks_table.py            rewrites them
  scripts/gen_hooks_table.py --check    exit code 1 if one is not current

A table stands between "<!-- generated: NAME -->" and "<!-- end -->".
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "harness" / "README.md"
HOOKS = ROOT / "runtime" / "include" / "internal" / "rtcore_hooks.def"
WORLD = ROOT / "runtime" / "include" / "internal" / "rtcore_hooks.h"
VERDICTS = ROOT / "harness" / "oracle" / "verdict.def"
STRING = r'"((?:[^"\\]|\\.)*)"'


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    lines += ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |"
              for row in rows]
    return "\n".join(lines)


def points():
    rows = re.findall(r"^RT_POINT_ROW\((\w+),\s*" + STRING + r"\)",
                      HOOKS.read_text(), re.M)
    return table(("point", "when"), [(f"`{n}`", text) for n, text in rows])


def notes():
    rows = re.findall(r"^RT_NOTE_ROW\((\w+),\s*" +
                      r",\s*".join([STRING] * 3) + r"\)",
                      HOOKS.read_text(), re.M)
    return table(("note", "a", "b", "what happened"),
                 [(f"`{n}`", a, b, text) for n, a, b, text in rows])


def world():
    """The members of RtWorld, each with the comment above it."""
    body = re.search(r"typedef struct RtWorld \{\n(.*?)\n\} RtWorld;",
                     WORLD.read_text(), re.S)[1]
    rows, comment = [], []
    for line in body.splitlines():
        line = line.strip()
        if line.startswith("//"):
            comment.append(line[2:].strip())
        else:
            name = re.search(r"\(\*(\w+)\)", line)
            if name:
                rows.append((f"`{name[1]}`", " ".join(comment) or "–"))
                comment = []
    return table(("call", "contract"), rows)


def verdicts():
    rows = re.findall(r"^FZ_RULE\((\w+),\s*([\w-]+),\s*" + STRING + r"\)",
                      VERDICTS.read_text(), re.M)
    return table(("rule", "oracle", "what is wrong"),
                 [(f"`{n}`", oracle, text) for n, oracle, text in rows])


TABLES = {"points": points, "notes": notes, "world": world,
          "verdicts": verdicts}


def generate(text):
    """The README's text with every table made anew."""
    for name, make in TABLES.items():
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)"
        made = make()
        text, found = re.subn(
            pattern, lambda m, made=made: f"{m[1]}{made}\n{m[2]}", text,
            flags=re.S)
        if found != 1:
            raise SystemExit(f"gen_hooks_table.py: {README.name} has {found} "
                             f"places for the table '{name}', not one")
    return text


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.stderr.write(__doc__)
        return 2
    text = README.read_text()
    made = generate(text)
    if sys.argv[1:] == ["--check"]:
        if text != made:
            sys.stderr.write("harness/README.md is not current: run "
                             "scripts/gen_hooks_table.py\n")
        return int(text != made)
    README.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
