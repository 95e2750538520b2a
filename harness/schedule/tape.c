// tape.c: the record of choices, as ranks. Most choices are "go on", so a tape
// is a list of (number of go-ons, rank) pairs; go-ons at its end are implied.
//
// Any bytes can be read as a tape: what does not decode reads as its end.

#include "fz_schedule.h"

void
FzTape_Clear(FzTape *tape)
{
    FzBuf_Clear(&tape->bytes);
    tape->pending_zeros = 0;
    tape->choices = 0;
}

void
FzTape_Free(FzTape *tape)
{
    FzBuf_Free(&tape->bytes);
    *tape = (FzTape){0};
}

static void
append_varint(FzBuf *buf, uint64_t value)
{
    while (value >= 0x80) {
        FzBuf_AppendByte(buf, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    FzBuf_AppendByte(buf, (uint8_t)value);
}

void
FzTape_RecordSwitch(FzTape *tape, uint32_t rank)
{
    FZ_ASSERT(rank > 0 && rank < FZ_MAX_THREADS);
    append_varint(&tape->bytes, tape->pending_zeros);
    FzBuf_AppendByte(&tape->bytes, (uint8_t)rank);
    tape->pending_zeros = 0;
}

// Decodes the next pair; an incomplete one is the end.
static void
load_pair(FzTapeReader *reader)
{
    reader->zeros = 0;
    reader->rank = 0;
    const uint8_t *at = reader->at;
    uint64_t zeros = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at == reader->end) {
            break;
        }
        uint8_t byte = *at++;
        zeros |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (at != reader->end && *at != 0) {
                reader->zeros = zeros;
                reader->rank = *at;
                reader->at = at + 1;
                return;
            }
            break;
        }
    }
    reader->at = reader->end;
}

void
FzTapeReader_Init(FzTapeReader *reader, const uint8_t *bytes, size_t n)
{
    reader->at = bytes;
    reader->end = bytes + n;
    load_pair(reader);
}

uint32_t
FzTapeReader_Next(FzTapeReader *reader)
{
    if (reader->zeros > 0) {
        reader->zeros--;
        return 0;
    }
    uint32_t rank = reader->rank;
    if (rank != 0) {
        load_pair(reader);
    }
    return rank;
}
