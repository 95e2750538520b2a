// verify.h: what the files of the verifier share: the stack (verify.c) and
// loops (verify_loops.c).

#ifndef RT_VM_VERIFY_H
#define RT_VM_VERIFY_H

#include "rtcore_code.h"

// RtVerify_*'s `entry_of`: the innermost exception entry of an instruction.
enum { RT_VERIFY_NO_ENTRY = UINT32_MAX };

// An instruction that such a loop leads to, or -1 if there is none. The
// operands are valid; scratch: two words for each instruction.
ssize_t RtVerify_FindUncheckedLoop(const RtCodeSpec *spec,
                                   const uint32_t *entry_of,
                                   uint32_t *scratch);

#endif  // RT_VM_VERIFY_H
