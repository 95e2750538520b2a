// input_file.c: the container of an input on disk. Everything that can be wrong
// with a file is told apart, in one line that says what to do.

#include <string.h>
#include <sys/stat.h>

#include "fz_finding.h"

enum { HEADER_SIZE = 20, VERSION = 1 };

static void
put_le(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t
get_le(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << 8 * i;
    }
    return value;
}

void
FzInputFile_Encode(const FzInput *input, FzBuf *out)
{
    FzBuf payload = {0};
    FzInput_Encode(input, &payload);
    uint8_t header[HEADER_SIZE] = {'F', 'T', 'F', 'Z', VERSION};
    put_le(header + 8, payload.size, 4);
    put_le(header + 12, FzHash_Bytes(payload.data, payload.size), 8);
    FzBuf_Append(out, header, sizeof(header));
    FzBuf_Append(out, payload.data, payload.size);
    FzBuf_Free(&payload);
}

// The reason why the bytes are no container, or NULL.
static const char *
find_fault(const FzBuf *bytes)
{
    if (bytes->size == 0) {
        return "is empty";
    }
    if (bytes->size < 4 || memcmp(bytes->data, "FTFZ", 4) != 0) {
        return "is no ftfuzz input (give --raw if it is a libFuzzer or AFL++ "
               "file)";
    }
    if (bytes->size < HEADER_SIZE) {
        return "is truncated: its header is incomplete; copy it again";
    }
    if (bytes->data[4] != VERSION) {
        return "has a version that this ftfuzz does not know; rebuild ftfuzz";
    }
    uint64_t length = get_le(bytes->data + 8, 4);
    if (bytes->size - HEADER_SIZE < length) {
        return "is truncated: it holds less than its header says; copy it "
               "again";
    }
    if (bytes->size - HEADER_SIZE > length) {
        return "is oversized: it holds more than its header says; copy it "
               "again";
    }
    if (FzHash_Bytes(bytes->data + HEADER_SIZE, length) !=
        get_le(bytes->data + 12, 8)) {
        return "is damaged: its contents do not match their hash; copy it "
               "again";
    }
    return NULL;
}

static bool
check_size(const char *path, char *why, size_t why_size)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        snprintf(why, why_size, "%s: no such file", path);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        snprintf(why, why_size, "%s is not a regular file", path);
        return false;
    }
    if (status.st_size > FZ_INPUT_MAX_BYTES) {
        snprintf(why, why_size,
                 "%s is oversized: %lld bytes, at most %d are an input", path,
                 (long long)status.st_size, FZ_INPUT_MAX_BYTES);
        return false;
    }
    return true;
}

bool
FzInputFile_IsInput(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && name[0] != '.' && (strcmp(name + n - 4, ".ftz") == 0 ||
                                       strcmp(name + n - 4, ".txt") == 0);
}

static bool
decode(const FzBuf *bytes, const char *path, FzInput *input, char *why,
       size_t why_size)
{
    const char *fault = find_fault(bytes);
    if (fault != NULL) {
        snprintf(why, why_size, "%s %s", path, fault);
        return false;
    }
    FzInput_Decode(input, bytes->data + HEADER_SIZE,
                   bytes->size - HEADER_SIZE);
    return true;
}

bool
FzInputFile_Read(const char *path, bool raw, FzInput *input, char *why,
                 size_t why_size)
{
    FzBuf bytes = {0};
    char reason[400];
    bool ok = check_size(path, why, why_size) &&
              FzFile_Read(path, &bytes, why, why_size);
    if (ok && raw) {
        FzInput_Decode(input, bytes.data, bytes.size);
    }
    else if (ok && FzInputText_IsText(bytes.data, bytes.size)) {
        ok = FzInputText_Parse(FzBuf_CString(&bytes), input, reason,
                               sizeof(reason));
        if (!ok) {
            snprintf(why, why_size, "%s: %s", path, reason);
        }
    }
    else if (ok) {
        ok = decode(&bytes, path, input, why, why_size);
    }
    FzBuf_Free(&bytes);
    return ok;
}
