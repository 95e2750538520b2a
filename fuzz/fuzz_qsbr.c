// fuzz_qsbr.c: blocks that are read without a lock while others replace them
// and free the old ones late. A read of a freed block is what oracles see.

#include "mechanism.h"
#include "rt_lock.h"
#include "rtcore_heap.h"
#include "rtcore_reclaim.h"

enum { SLOTS = 3, MAGIC = 4711 };

typedef struct Block {
    int magic;                  // relaxed
    char rest[44];
} Block;

static Block *slots[SLOTS];     // atomic

static Block *
new_block(bool large)
{
    Block *block = RtMem_Malloc(large ? 40000 : sizeof(Block));
    if (block != NULL) {
        rt_atomic_store_int_relaxed(&block->magic, MAGIC);
    }
    return block;
}

static void
read_some(uint8_t a, uint8_t times)
{
    for (int i = 0; i <= times % 4; i++) {
        Block *block = rt_atomic_load_ptr(&slots[(a + i) % SLOTS]);
        if (block != NULL &&
            rt_atomic_load_int_relaxed(&block->magic) != MAGIC) {
            Rt_FatalError("fuzz_qsbr", "a reader saw another block");
        }
    }
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    RtThreadState *tstate = RtThreadState_Get();
    switch (st->what % 6) {
    case 0:
    case 1:
        read_some(st->a, st->b);
        break;
    case 2:
        RtMem_FreeDelayed(rt_atomic_exchange_ptr(&slots[st->a % SLOTS],
                                                 new_block(st->b % 8 == 0)));
        break;
    case 3:
        RtMem_ProcessDelayed(tstate);
        break;
    case 4:
        RtEval_SaveThread();
        RtEval_RestoreThread(tstate);
        break;
    default:
        RtGC_Collect(tstate, 2);
        break;
    }
}

static void
begin(void)
{
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = new_block(false);
    }
}

static void
end(void)
{
    for (int i = 0; i < SLOTS; i++) {
        RtMem_Free(rt_atomic_exchange_ptr(&slots[i], NULL));
    }
}

const FuzzMechanism fuzz_qsbr = {"fuzz_qsbr", begin, step, NULL, end};
