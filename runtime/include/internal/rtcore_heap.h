// rtcore_heap.h: blocks, the heaps of a thread, and walking them.
//
// Every block of the runtime has a 16-byte header of ours in front: mimalloc's
// own page lists show blocks of ended threads and blocks whose free is still
// queued, and the packaged library has no page tags. The first word of a free
// block belongs to mimalloc; everything a heap walk trusts is in the second.
//
// A heap set belongs to an OS-level thread, not to a thread state: sets are
// never deleted but reused by the next thread on the same carrier, so objects
// of an ended thread stay findable by the collector. The first thread state
// that binds a set makes it its interpreter's, until that ends.
// Source: PEP 703 "mimalloc"; CPython Objects/mimalloc, Objects/obmalloc.c.

#ifndef RT_INTERNAL_HEAP_H
#define RT_INTERNAL_HEAP_H

#include "rt_object.h"
#include "rtcore_atomic.h"

typedef enum RtBlockKind {
    RT_BLOCK_MEM = 1,           // raw memory: item arrays, dict keys
    RT_BLOCK_OBJECT = 2,        // object without GC
    RT_BLOCK_GC = 3,            // object seen by the collector
} RtBlockKind;

enum { RT_BLOCK_MAGIC = 0x5246 };       // "FR"

enum {                          // RtBlock.flags
    RT_BLOCK_RETIRED = 1,       // a dead object's, freed as raw memory is
};

typedef struct RtBlock {
    uint64_t size;              // of the payload; mimalloc's once free
    uint32_t serial;            // n-th allocation of this run, from 1; 0 in
                                // builds without hooks
    uint16_t magic;             // RT_BLOCK_MAGIC while live, 0 once free
    uint8_t kind;               // RtBlockKind
    uint8_t flags;
} RtBlock;

struct RtInterpreterState;

typedef struct RtHeapSet {
    _Atomic(struct RtHeapSet *) next;   // all sets
    uintptr_t os_thread;        // the only OS thread that may allocate here
    // Whose objects are here; NULL: nobody's yet. Set by os_thread, cleared by
    // whoever ends the interpreter.
    _Atomic(struct RtInterpreterState *) owner;
    void *mem_heap;             // mi_heap_t *
    void *object_heap;
    void *gc_heap;
    bool in_use;                // taken; read and written by os_thread only
    bool frozen;                // never taken nor walked again
    _Atomic(bool) lost;         // the same, until RtHeap_ReleaseAll()
    ssize_t live;               // blocks allocated minus freed by its users
    size_t gc_changes;          // GC blocks that its users made or freed
    size_t gc_made;             // since the heap was last compacted
} RtHeapSet;

static inline RtBlock *
RtBlock_FromPointer(const void *payload)
{
    return (RtBlock *)((char *)payload - sizeof(RtBlock));
}

// The calling thread's heap set, made or taken from the free sets when first
// asked. Needs no thread state.
RtHeapSet *RtHeap_Current(void);
// The same for a thread state of `interp`: a set without objects of any other.
// The set that the thread has for another interpreter stays taken.
RtHeapSet *RtHeap_Bind(struct RtInterpreterState *interp);
// The interpreter has ended: its sets are free for others, but for those that
// still hold collectable objects, which nobody uses again in this run.
void RtHeap_ReleaseInterpreter(struct RtInterpreterState *interp);
// Whether the calling thread may allocate from the set.
bool RtHeap_IsMine(const RtHeapSet *set);
// Gives the calling thread's set back: its thread ends or unbinds.
void RtHeap_Release(RtHeapSet *set);
// Gives every set back: no thread that took one will run again.
void RtHeap_ReleaseAll(void);
// What has been allocated so far is immortal: its sets are neither walked nor
// allocated from any more. No thread has a set.
void RtHeap_Freeze(void);
// Takes the sets of the calling OS thread, which is about to end, whose heaps
// end with it, out of the registry. Nothing in them is live, other threads own
// sets that stay, and nobody else uses the registry meanwhile.
void RtHeap_ForgetSets(void);
// A driver's, between two runs: frees what threads that had to exit have left,
// and whatever else is in sets that are not frozen. No thread has a set. False:
// no memory to note it all.
bool RtHeap_FreeLeft(void);
// Sum of the sets' `live` counts; exact at rest.
ssize_t RtHeap_CountLive(void);
// Bytes of the blocks in use, headers and slack included; exact at rest.
size_t RtHeap_CountBytes(void);
// A GC block was made or freed by a thread without a heap set.
void RtHeap_CountStrayGcChange(void);
// Reserves one region for all heaps made afterwards, so that a driver can keep
// flat tables beside it. Before the first allocation. 0, or -1.
int RtHeap_ReserveArena(size_t size, void **base);

// NULL without an exception if out of memory. Zero-filled on request.
void *RtMem_Malloc(size_t size);
void *RtMem_Calloc(size_t count, size_t size);
void *RtObject_MallocBlock(size_t size, RtBlockKind kind);
// Any thread may free. NULL is allowed. The memory of an object is reused only
// when no lock-free reader can look at its header any more.
void RtMem_Free(void *payload);
// The memory of a dead object is about to be freed by RtMem_FreeDelayed(): who
// may look at its header or at the rest has gone when that does it.
void RtMem_RetireBlock(void *payload);
// Really frees a block: one that keep_freed() kept, one whose readers are gone,
// or a live one of an abandoned run. Notes nothing.
void RtMem_ReleaseBlock(void *payload);
// Whether its header says so: not that of one that was released.
bool RtMem_IsBlock(const void *payload);
// Whether dead objects may be used again without being freed: not where a
// sanitizer or a driver watches dead memory.
static inline bool
RtMem_MayReuse(void)
{
#if defined(RT_ASAN)
    return false;
#elif defined(RT_WITH_HOOKS)
    return rt_hooks == NULL;
#else
    return true;
#endif
}
// Live blocks now, by the allocator's own count (atomic, exact at rest).
ssize_t RtMem_LiveBlocks(void);
// Restarts serial numbers from 1; between runs only.
void RtMem_ResetSerial(void);

// The n-th allocation from now fails (0: none does). For fault injection.
// Returns what was left of the number before: 0 if that failure has happened.
int64_t RtMem_FailAllocation(int64_t nth);
int64_t RtMem_AllocationsToFailure(void);

// Calls visit for every live block of kind GC in the interpreter's heap sets,
// in the order of allocation (builds with hooks, while there is memory for a
// list of them). Its world is stopped; visit neither allocates nor frees. Stops
// early if visit returns false. Objects may be untracked: see ob_gc_bits.
typedef bool (*RtHeapVisitor)(RtObject *op, void *arg);
void RtHeap_VisitGc(struct RtInterpreterState *interp, RtHeapVisitor visit,
                    void *arg);
// Whether the object lies in a set of the interpreter; immortal ones do in
// none. For checks: slow.
bool RtHeap_Owns(struct RtInterpreterState *interp, RtObject *op);

#endif  // RT_INTERNAL_HEAP_H
