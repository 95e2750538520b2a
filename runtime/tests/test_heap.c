// test_heap.c: blocks, heap sets, the walk over GC blocks, kept frees.

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "rtcore_heap.h"
#include "rtcore_sanitizer.h"
#include "rtcore_state.h"

enum { NBLOCKS = 200 };

static char *arena;
#define ARENA_SIZE ((size_t)1 << 30)

// ---------------------------------------------------------------------------
// Blocks.

RT_NO_INSTRUMENT static RtBlock
header_of(void *payload)
{
    return *RtBlock_FromPointer(payload);
}

static void
test_blocks(void)
{
    ssize_t before = RtMem_LiveBlocks();
    RtMem_ResetSerial();
    char *a = RtMem_Malloc(13);
    char *b = RtMem_Calloc(7, 11);
    char *c = RtMem_Malloc(0);
    CHECK(a != NULL && b != NULL && c != NULL);
    CHECK((uintptr_t)a % 16 == 0);
    CHECK(a >= arena && a < arena + ARENA_SIZE);
    CHECK(RtMem_LiveBlocks() == before + 3);
    memset(a, 'x', 13);
    for (int i = 0; i < 77; i++) {
        CHECK(b[i] == 0);
    }
    RtBlock header = header_of(a);
    CHECK(header.size == 13);
    CHECK(header.magic == RT_BLOCK_MAGIC);
    CHECK(header.kind == RT_BLOCK_MEM);
#ifdef RT_WITH_HOOKS
    CHECK(header.serial == 1 && header_of(c).serial == 3);
#endif
#ifdef RT_ASAN
    CHECK(__asan_address_is_poisoned(a - 1));
    CHECK(!__asan_address_is_poisoned(a + 12));
    CHECK(__asan_address_is_poisoned(a + 13));
#endif
    RtMem_Free(a);
    RtMem_Free(b);
    RtMem_Free(c);
    RtMem_Free(NULL);
    CHECK(RtMem_LiveBlocks() == before);
}

static void
test_failures(void)
{
    CHECK(RtMem_Malloc(SIZE_MAX) == NULL);
    CHECK(RtMem_Malloc(PTRDIFF_MAX) == NULL);
    CHECK(RtMem_Calloc(SIZE_MAX / 2, 4) == NULL);
    RtMem_FailAllocation(2);
    void *first = RtMem_Malloc(8);
    void *second = RtMem_Malloc(8);
    void *third = RtMem_Malloc(8);
    CHECK(first != NULL && second == NULL && third != NULL);
    RtMem_FailAllocation(1);
    RtMem_FailAllocation(0);
    second = RtMem_Malloc(8);
    CHECK(second != NULL);
    RtMem_Free(first);
    RtMem_Free(second);
    RtMem_Free(third);
}

static RtObject *
new_gc_block(size_t size)
{
#ifdef RT_GIL_DISABLED
    return RtObject_MallocBlock(size, RT_BLOCK_GC);
#else
    char *payload =
        RtObject_MallocBlock(size + sizeof(RtGcHead), RT_BLOCK_GC);
    return (RtObject *)(payload + sizeof(RtGcHead));
#endif
}

static void
free_gc_block(RtObject *op)
{
#ifdef RT_GIL_DISABLED
    RtMem_Free(op);
#else
    RtMem_Free((char *)op - sizeof(RtGcHead));
#endif
}

// A walk that meets a block before its object is made must see zeros.
static void
test_object_heads(void)
{
    static const unsigned char zeros[sizeof(RtObject)];
    for (int i = 0; i < 3; i++) {
        RtObject *op = new_gc_block(sizeof(RtObject) + 100);
        CHECK(memcmp(op, zeros, sizeof(RtObject)) == 0);
        memset(op, 0xff, sizeof(RtObject) + 100);
        free_gc_block(op);
    }
}

// ---------------------------------------------------------------------------
// The walk.

typedef struct Seen {
    RtObject **expected;        // NULL: already seen
    int count;
    int left;                   // stop after so many; -1: never
    int strangers;
} Seen;

static bool
see(RtObject *op, void *arg)
{
    Seen *seen = arg;
    bool found = false;
    for (int i = 0; i < seen->count && !found; i++) {
        if (seen->expected[i] == op) {
            seen->expected[i] = NULL;
            found = true;
        }
    }
    seen->strangers += !found;
    return seen->left < 0 || --seen->left > 0;
}

// Of the heaps; nothing looks inside.
static RtInterpreterState owner;

// Checks that the walk finds exactly these blocks, each once.
static void
check_walk(RtObject *const *blocks, int count)
{
    RtObject *expected[2 * NBLOCKS];
    CHECK(count <= 2 * NBLOCKS);
    for (int i = 0; i < count; i++) {
        expected[i] = blocks[i];
    }
    Seen seen = {.expected = expected, .count = count, .left = -1};
    RtHeap_VisitGc(&owner, see, &seen);
    CHECK(seen.strangers == 0);
    for (int i = 0; i < count; i++) {
        CHECK(expected[i] == NULL);
    }
}

static void
make_gc_blocks(int index, void *arg)
{
    RtObject **blocks = arg;
    (void)index;
    RtHeap_Bind(&owner);
    for (int i = 0; i < NBLOCKS; i++) {
        blocks[i] = new_gc_block(32 + (size_t)(i * 7 % 300));
        CHECK(blocks[i] != NULL);
    }
    RtHeap_Release(RtHeap_Current());
}

static void
test_walk(void)
{
    RtObject *blocks[2 * NBLOCKS];
    // Half of them belong to a thread that has ended.
    CheckThread_RunAll(1, make_gc_blocks, blocks);
    make_gc_blocks(0, blocks + NBLOCKS);
    CHECK(RtHeap_Bind(&owner) == RtHeap_Current());
    void *mem = RtMem_Malloc(100);
    void *object = RtObject_MallocBlock(100, RT_BLOCK_OBJECT);
    check_walk(blocks, 2 * NBLOCKS);

    RtObject *expected[1] = {NULL};
    Seen seen = {.expected = expected, .count = 1, .left = 3};
    RtHeap_VisitGc(&owner, see, &seen);
    CHECK(seen.strangers == 3);

    // Freed here, whoever made them: half of each stay.
    int kept = 0;
    for (int i = 0; i < 2 * NBLOCKS; i++) {
        if (i % 2 == 0) {
            free_gc_block(blocks[i]);
        }
        else {
            blocks[kept++] = blocks[i];
        }
    }
    check_walk(blocks, kept);
    for (int i = 0; i < kept; i++) {
        free_gc_block(blocks[i]);
    }
    check_walk(blocks, 0);
    RtMem_Free(mem);
    RtMem_Free(object);
    RtHeap_ReleaseAll();
}

// ---------------------------------------------------------------------------
// Sets.

static void
get_set(int index, void *arg)
{
    (void)index;
    *(RtHeapSet **)arg = RtHeap_Current();
    RtHeap_Release(RtHeap_Current());
}

static void
test_sets(void)
{
    RtHeapSet *first = RtHeap_Current();
    CHECK(first->in_use);
    RtHeap_Release(first);
    CHECK(RtHeap_Current() == first);

    // Threads that share this OS thread: each its own set, found again.
    RtThreadLocal saved = rt_thread_local;
    RtHeapSet *second[2];
    for (int i = 0; i < 2; i++) {
        rt_thread_local = (RtThreadLocal){0};
        second[i] = RtHeap_Current();
        CHECK(second[i] != first);
        RtHeap_Release(second[i]);
    }
    CHECK(second[0] == second[1]);
    rt_thread_local = saved;

    // A set of this OS thread is never another one's, free or not.
    RtHeapSet *other = NULL;
    CheckThread_RunAll(1, get_set, &other);
    CHECK(other != NULL && other != first && other != second[0]);

    RtHeap_ReleaseAll();
    CHECK(rt_thread_local.heaps == NULL);
    CHECK(RtHeap_Current() == first);
}

// What an interpreter leaves behind is walked by nobody: a thread without an
// interpreter must not allocate among it.
static void
test_lost_objects(void)
{
    RtHeapSet *set = RtHeap_Bind(&owner);
    RtObject *left = new_gc_block(64);
    RtHeap_Release(set);
    RtHeap_ReleaseInterpreter(&owner);
    RtHeapSet *next = RtHeap_Current();
    CHECK(next != set);
    RtHeap_Release(next);
    free_gc_block(left);
    RtHeap_ReleaseAll();
}

static void
leave_one(int index, void *arg)
{
    (void)index;
    *(void **)arg = RtMem_Malloc(40000);
    RtHeap_Release(RtHeap_Current());
}

// What nobody will free is freed, whoever allocated it, and is used again.
static void
test_free_left(void)
{
    enum { ROUNDS = 20, SIZE = 40000 };
    RtHeap_ReleaseAll();
    ssize_t live = RtMem_LiveBlocks();
    size_t bytes = RtHeap_CountBytes();
    for (int i = 0; i < ROUNDS; i++) {
        void *left = NULL;
        CheckThread_RunAll(1, leave_one, &left);
        CHECK(left != NULL);
        CHECK(RtMem_Malloc(SIZE) != NULL);
        CHECK(new_gc_block(64) != NULL);
        CHECK(RtMem_LiveBlocks() == live + 3);
        RtHeap_ReleaseAll();
        CHECK(RtHeap_FreeLeft());
        CHECK(RtMem_LiveBlocks() == live);
        check_walk(NULL, 0);
    }
    CHECK(RtHeap_CountBytes() < bytes + ROUNDS / 2 * SIZE);
}

typedef struct Churn {
    void *slots[64];            // atomic: blocks on their way to another thread
} Churn;

static void
churn(int index, void *arg)
{
    Churn *c = arg;
    for (int i = 0; i < 20000; i++) {
        size_t size = 16 + (size_t)((i * 13 + index) % 200);
        void *mine = RtMem_Malloc(size);
        CHECK(mine != NULL);
        memset(mine, index, size);
        RtMem_Free(rt_atomic_exchange_ptr(&c->slots[(i * 31) % 64], mine));
    }
    RtHeap_Release(RtHeap_Current());
}

static void
test_cross_thread_frees(void)
{
    static Churn c;
    ssize_t before = RtMem_LiveBlocks();
    CheckThread_RunAll(3, churn, &c);
    int left = 0;
    for (int i = 0; i < 64; i++) {
        left += c.slots[i] != NULL;
    }
    CHECK(RtMem_LiveBlocks() == before + left);
    for (int i = 0; i < 64; i++) {
        RtMem_Free(c.slots[i]);
    }
    CHECK(RtMem_LiveBlocks() == before);
}

enum { MANY = 2000, ROUNDS = 40, FIRST_ROUNDS = 8 };

static void
allocate_many(int index, void *arg)
{
    void **blocks = arg;
    (void)index;
    for (int i = 0; i < MANY; i++) {
        blocks[i] = RtMem_Malloc(200);
        CHECK(blocks[i] != NULL);
    }
    RtHeap_Release(RtHeap_Current());
}

// Blocks outlive their thread, and another one frees them: thread after thread
// uses the same memory, and no pages pile up.
static void
test_memory_of_ended_threads(void)
{
    static void *blocks[MANY];
    size_t most = 0;
    for (int round = 0; round < ROUNDS; round++) {
        CheckThread_RunAll(1, allocate_many, blocks);
        size_t bytes = RtHeap_CountBytes();
        CHECK(bytes >= MANY * 200);
        CHECK(round < FIRST_ROUNDS || bytes <= most + MANY * 200 / 4);
        most = round < FIRST_ROUNDS && bytes > most ? bytes : most;
        for (int i = 0; i < MANY; i++) {
            RtMem_Free(blocks[i]);
        }
    }
}

// ---------------------------------------------------------------------------
// A driver that keeps freed blocks.

#ifdef RT_WITH_HOOKS
static void *kept_block;
static size_t kept_size;
static int notes[RT_NOTE_COUNT];

static void
no_point(RtPoint kind, const void *addr)
{
    (void)kind;
    (void)addr;
}

static void
count_note(RtNote kind, const void *a, uintptr_t b)
{
    (void)a;
    (void)b;
    notes[kind]++;
}

static void
no_atomic(RtPoint kind, const void *addr, unsigned size, RtOrder order)
{
    (void)kind;
    (void)addr;
    (void)size;
    (void)order;
}

static uintptr_t
key_of(const void *addr)
{
    return (uintptr_t)addr;
}

static bool
keep(void *block, size_t size)
{
    kept_block = block;
    kept_size = size;
    return true;
}

static void
test_kept_frees(void)
{
    static const RtHooks hooks = {
        no_point, count_note, no_atomic, key_of, keep,
    };
    RtHooks_Install(&hooks, NULL);
    ssize_t before = RtMem_LiveBlocks();
    RtObject *op = new_gc_block(64);
    memset(op, 0x11, 64);
    free_gc_block(op);
    CHECK(RtMem_LiveBlocks() == before);
    CHECK(notes[RT_NOTE_BLOCK_ALLOC] == 1);
    CHECK(notes[RT_NOTE_BLOCK_FREE] == 1);
    CHECK(kept_block != NULL && kept_size >= 64);
    CHECK(header_of(kept_block).magic == 0);
    check_walk(NULL, 0);
#ifdef RT_GIL_DISABLED
    // The head is left as it died; the rest is not to be touched.
    const unsigned char *bytes = kept_block;
    for (size_t i = 0; i < sizeof(RtObject); i++) {
        CHECK(bytes[i] == 0x11);
    }
#ifdef RT_ASAN
    CHECK(__asan_address_is_poisoned(bytes + 32));
#endif
#endif
    RtMem_ReleaseBlock(kept_block);
    CHECK(notes[RT_NOTE_BLOCK_FREE] == 1);
    // A live block of an abandoned run goes the same way.
    void *live = RtMem_Malloc(10);
    RtMem_ReleaseBlock(live);
    CHECK(RtMem_LiveBlocks() == before);
    RtHooks_Install(NULL, NULL);
}
#endif

int
main(void)
{
    void *base = NULL;
    CHECK(RtHeap_ReserveArena(ARENA_SIZE, &base) == 0);
    CHECK((uintptr_t)base % ((size_t)64 << 20) == 0);
    arena = base;
    test_blocks();
    test_failures();
    test_object_heads();
    test_walk();
    test_sets();
    test_lost_objects();
    test_free_left();
    test_cross_thread_frees();
    test_memory_of_ended_threads();
#ifdef RT_WITH_HOOKS
    test_kept_frees();
#endif
    return 0;
}
