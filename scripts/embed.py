#!/usr/bin/env python3
"""Files as constants of a C file.

usage: embed.py OUTPUT NAME=FILE …

Each NAME becomes `const char NAME[]`, the bytes of FILE and a NUL.
"""

import pathlib
import sys


def main():
    lines = []
    for argument in sys.argv[2:]:
        name, path = argument.split("=", 1)
        data = pathlib.Path(path).read_bytes() + b"\0"
        lines.append(f"extern const char {name}[];\nconst char {name}[] = {{")
        for at in range(0, len(data), 16):
            lines.append("    " + " ".join(f"{byte},"
                                           for byte in data[at:at + 16]))
        lines.append("};")
    pathlib.Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
