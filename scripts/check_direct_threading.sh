#!/usr/bin/env bash
# In a release build each handler of the interpreter loop jumps to the next one
# itself: the loop has about as many indirect jumps as handlers, not one that
# all of them share.
#
#   scripts/check_direct_threading.sh LIBRUNTIME.a OPCODES.def FUSED.def
set -euo pipefail

library=$1
handlers=$(cat "$2" "$3" | grep -cE '^RT_(OPCODE|FUSED)\(')
jumps=$(objdump -d --no-show-raw-insn "$library" 2>/dev/null |
    awk '/^[0-9a-f]+ </ { inside = /<RtEvalOp_RunFrame>:/ }
         inside && /jmp +\*|br +x[0-9]+$/ { n++ }
         END { print n + 0 }')
# A few handlers never go on: they return or raise.
if [ "$jumps" -lt "$handlers" ]; then
    echo "check_direct_threading: $jumps indirect jumps for $handlers" \
        "handlers: they share jumps" >&2
    exit 1
fi
echo "$jumps indirect jumps for $handlers handlers"
