// pipe.h: messages through pipes, and batches of records in one message.

#ifndef FZ_DIFFER_PIPE_H
#define FZ_DIFFER_PIPE_H

#include "fz_base.h"

// False: the other side is gone, or (Receive) has said nothing for timeout_ms;
// below 0: for ever.
FZ_WARN_UNUSED bool FzPipe_Send(int fd, const void *bytes, size_t n);
FZ_WARN_UNUSED bool FzPipe_Receive(int fd, FzBuf *message, int timeout_ms);

typedef struct FzRecord {
    const uint8_t *data;
    size_t size;
} FzRecord;
void FzBatch_Add(FzBuf *batch, const void *bytes, size_t n);
// The record at *at, which is moved behind it. False: there is none.
bool FzBatch_Next(const FzBuf *batch, size_t *at, FzRecord *record);

#endif  // FZ_DIFFER_PIPE_H
