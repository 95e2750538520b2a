"""A folder of modules as C: embed.py OUTPUT FOLDER [VARIABLE].

Compiles each module of the folder; one in a subfolder has a dotted name, and
__init__.py is its package. The variable is the library, rt_library, or another.
"""

import pathlib
import sys

from compiler import compile_source
from writer import encode


def module_name(path):
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def array(name, data):
    lines = [f"static const uint8_t {name}[] = {{"]
    for i in range(0, len(data), 16):
        lines.append("".join(f"{byte}," for byte in data[i:i + 16]))
    lines.append("};")
    return lines


def main(output, folder, table="rt_library"):
    lines = ["// Made by runtime/compiler/embed.py.",
             '#include "rt_module.h"',
             f"extern const RtSourceModule {table}[];"]
    rows = []
    for path in sorted(pathlib.Path(folder).rglob("*.py")):
        name = module_name(path.relative_to(folder))
        unit = compile_source(path.read_bytes(), f"<{name}>")
        variable = "module_" + name.replace(".", "_")
        lines += array(variable, encode(unit))
        rows.append(f'    {{ "{name}", {variable}, sizeof({variable}) }},')
    lines += [f"const RtSourceModule {table}[] = {{", *rows,
              "    { NULL, NULL, 0 },", "};", ""]
    pathlib.Path(output).write_text("\n".join(lines), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
