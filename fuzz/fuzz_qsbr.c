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

static RtMutex mutexes[SLOTS];  // of those who replace the block
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
        // As readers of containers do: being online is what keeps the block.
        Block *block = rt_atomic_load_ptr_acquire(&slots[(a + i) % SLOTS]);
        // More than once: who frees it has time.
        for (int n = times >> 4; block != NULL && n >= 0; n--) {
            if (rt_atomic_load_int_relaxed(&block->magic) != MAGIC) {
                Rt_FatalError("fuzz_qsbr", "a reader saw another block");
            }
        }
    }
}

// With a release, as containers do it: only the sequences order what follows.
static void
replace(uint8_t a, bool large)
{
    Block *block = new_block(large);
    RtMutex_Lock(&mutexes[a % SLOTS]);
    Block *old = rt_atomic_load_ptr_owned(&slots[a % SLOTS]);
    rt_atomic_store_ptr_release(&slots[a % SLOTS], block);
    RtMutex_Unlock(&mutexes[a % SLOTS]);
    RtMem_FreeDelayed(old);
}

static void
step(uint32_t thread, const FuzzStep *st)
{
    (void)thread;
    RtThreadState *tstate = RtThreadState_Get();
    switch (st->what % 7) {
    case 0:
    case 1:
        read_some(st->a, st->b);
        break;
    case 2:
        replace(st->a, st->b % 8 == 0);
        if (st->b % 2 != 0) {
            RtMem_ProcessDelayed(tstate);
        }
        break;
    case 3:
        RtMem_ProcessDelayed(tstate);
        break;
    case 4:
        RtEval_SaveThread();
        RtEval_RestoreThread(tstate);
        // What it reads first depends on nothing but its coming online.
        read_some(st->a, st->b);
        break;
    case 5:
        RtGC_Collect(tstate, 2);
        break;
    default:
#ifdef RT_GIL_DISABLED
        // It leaves it to others to reach its goals, from now on.
        RtQsbr_SetDeferredLimit(tstate, 1 + st->a % 3);
#endif
        break;
    }
}

static void
begin(void)
{
    for (int i = 0; i < SLOTS; i++) {
        mutexes[i] = (RtMutex){0};
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
