// fz_image.h: names for code addresses of this process, from the program's own
// symbol table (static functions too). For reports: not fast, no state that a
// run could see.

#ifndef FZ_IMAGE_H
#define FZ_IMAGE_H

#include "fz_base.h"

// Reads the symbols, so that nothing does it in a handler of signals. The
// others call it, too.
void FzImage_Load(void);
// The function that contains pc, or NULL. The name lives as long as the
// process.
const char *FzImage_FunctionAt(uintptr_t pc);
// The variable of the program that addr lies in, or NULL; *offset into it.
const char *FzImage_VariableAt(uintptr_t addr, size_t *offset);
// "name", or "name+0x10". Returns buf.
const char *FzImage_PrintPlace(const char *name, size_t offset, char *buf,
                               size_t size);
// Offset of pc in the file it was loaded from, as addr2line takes it: the same
// in every process. pc itself if it lies in no file.
uintptr_t FzImage_Offset(uintptr_t pc);

#endif  // FZ_IMAGE_H
