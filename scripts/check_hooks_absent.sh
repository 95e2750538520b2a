#!/usr/bin/env bash
# In a release build no trace of the seam is left in the runtime: neither the
# pointer to the hooks, nor a point, nor a note.
#
#   scripts/check_hooks_absent.sh LIBRUNTIME.a
#
# The two tables of names (RtPoint_Name, RtNote_Name) stay: they are data that
# nothing in the runtime calls.
set -euo pipefail

library=$1
symbols=$(nm "$library" 2>/dev/null)
if ! grep -q ' T RtMutex_Lock$' <<<"$symbols"; then
    echo "check_hooks_absent: $library is no libruntime.a" >&2
    exit 2
fi
found=0
if grep -E ' [A-Za-z] rt_hooks$' <<<"$symbols" >&2; then
    echo "check_hooks_absent: $library refers to rt_hooks" >&2
    found=1
fi
# A point or note calls through the hooks or asks for its name: no object file
# of the library may refer to either.
if grep -E ' U (RtPoint_Name|RtNote_Name|Fz\w*|fz_\w*)$' <<<"$symbols" >&2; then
    echo "check_hooks_absent: $library refers to what only a driver has" >&2
    found=1
fi
exit $found
