// rtcore_dict_object.h: the layout of dict, and what its files share; part of
// rtcore_types.h.
//
// A dict is changed under its own critical section only; the words that readers
// load without it (keys and values pointers, index table, entries, used) are
// stored with the atomics of rtcore_atomic.h.

#ifndef RT_INTERNAL_DICT_OBJECT_H
#define RT_INTERNAL_DICT_OBJECT_H

#include "rt_types.h"
#include "rtcore_object.h"

typedef struct RtDictEntry {
    ssize_t hash;
    RtObject *key;              // written once, then NULL when deleted
    RtObject *value;
} RtDictEntry;

// One block: this header, the index table, the entries. Entries are used from
// the first to the last and never again, so that a key that a reader has seen
// in an entry still belongs to the value that it reads next.
//
// A split block is shared by the instances of a class, which hold the values:
// its entries have none, and what is in it stays until it is freed.
typedef struct RtDictKeysObject {
    uint8_t log2_size;          // slots of the index table
    uint8_t log2_index_bytes;
    bool all_str;               // every key is exactly a str
    bool split;
    RtMutex mutex;              // split: held to insert, never detaches
    ssize_t usable;             // entries left; the dict's lock, or mutex
    ssize_t nentries;           // entries used; read without the lock
    union {
        ssize_t last;           // popitem: no live entry from here on; lock
        ssize_t refcnt;         // split: the class, and each dict; atomic
    };
} RtDictKeysObject;

// The values of a split table: value i belongs to entry i of the keys. After
// the values stand `capacity` bytes, of which the first `size` name the entries
// in the order of their insertion. Guarded by the lock of the dict that points
// at them; embedded behind an instance without a dict, by the instance's lock.
typedef struct RtDictValues {
    uint8_t capacity;           // constant
    uint8_t size;               // values that are not NULL; read without lock
    bool embedded;              // constant: behind an instance, in its block
    uint8_t valid;              // embedded: 1, until they move elsewhere
    bool published;             // embedded: a dict has pointed here
    RtObject *values[];         // read without the lock
} RtDictValues;

typedef struct RtDictObject {
    RtObject ob_base;
    ssize_t ma_used;            // read without the lock
    RtDictKeysObject *ma_keys;  // ditto; never NULL
    RtDictValues *ma_values;    // ditto; NULL unless ma_keys is split
    uintptr_t ma_generation;    // counts changes of ma_keys and ma_values,
                                // stored before them
} RtDictObject;

enum {
    RT_DICT_EMPTY = -1,         // no entry: the key is absent
    RT_DICT_DUMMY = -2,         // a deleted entry
    RT_DICT_ERROR = -3,         // an exception is set
    RT_DICT_CHANGED = -4,       // the dict changed under a lock-free reader
};

static inline bool
RtDict_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_DICT_SUBCLASS);
}

static inline RtDictEntry *
RtDict_ENTRIES(const RtDictKeysObject *keys)
{
    return (RtDictEntry *)((char *)(keys + 1) +
                           ((size_t)1 << keys->log2_index_bytes));
}

ssize_t RtDict_HashKey(RtObject *key);          // -1: exception
int RtDict_GetItemKnownHash(RtDictObject *mp, RtObject *key, ssize_t hash,
                            RtObject **result);

// The index of the entry that has this very str for key, or RT_DICT_EMPTY if it
// is not found at once: a guess, the dict may be changing. No lock.
ssize_t RtDict_GuessEntry(RtDictObject *mp, RtObject *key);

// The caller holds the dict's lock. Lookups may run user code, which suspends
// the section and may change the dict; on return the lock is held again and
// the result is true of the dict as it then is.
ssize_t RtDict_LookupLocked(RtDictObject *mp, RtObject *key, ssize_t hash);
// Increfs key and value. *old: what the caller drops without the lock. The lock
// may have been suspended when these return, after the change.
int RtDict_InsertLocked(RtDictObject *mp, RtObject *key, ssize_t hash,
                        RtObject *value, RtObject **old);
// The same after a lookup of the caller's that found nothing.
int RtDict_InsertAbsentLocked(RtDictObject *mp, RtObject *key, ssize_t hash,
                              RtObject *value);
// Puts an incref'd value in place of that of entry ix, which it returns.
RtObject *RtDict_ReplaceLocked(RtDictObject *mp, ssize_t ix, RtObject *value);
// Takes entry ix out and hands its references to the caller.
void RtDict_RemoveLocked(RtDictObject *mp, ssize_t ix, RtObject **key,
                         RtObject **value);
// The next live entry from *pos on, as new references. False at the end.
bool RtDict_NextLocked(RtDictObject *mp, ssize_t *pos, RtObject **key,
                       RtObject **value);
// The same backwards: the last live entry before *pos.
bool RtDict_PreviousLocked(RtDictObject *mp, ssize_t *pos, RtObject **key,
                           RtObject **value);
// How many positions there are; grows when an item is added, and then only.
ssize_t RtDict_CountPositions(RtDictObject *mp);
// Stores the items of another dict, which is locked too.
int RtDict_MergeLocked(RtDictObject *mp, RtDictObject *other);
// The index of the last live entry of a combined table, or RT_DICT_EMPTY.
ssize_t RtDict_LastLocked(RtDictObject *mp);
// dict(other), in an empty dict that no other thread sees.
int RtDict_CloneLocked(RtDictObject *mp, RtDictObject *other);
// The hash of the entry that RtDict_NextLocked() has just come from.
ssize_t RtDict_HashBefore(RtDictObject *mp, ssize_t pos);
// Makes a split dict a combined one. 0, or -1 with MemoryError.
int RtDict_CombineLocked(RtDictObject *mp);
void RtDict_InitEmpty(RtDictObject *mp);        // right after RtObject_New()
void RtDict_FreeContents(RtDictObject *mp);     // at the end of its life

// One step of an iterator that holds no lock. 1, or 0 at the end. key or value
// may be NULL: not wanted. New references.
int RtDict_NextRef(RtDictObject *mp, ssize_t *pos, RtObject **key,
                   RtObject **value);

typedef enum RtDictPart {
    RT_DICT_KEYS, RT_DICT_VALUES, RT_DICT_ITEMS
} RtDictPart;

RtObject *RtDictIter_New(RtObject *dict, RtDictPart part);
RtObject *RtDictIter_NewReverse(RtObject *dict, RtDictPart part);
RtObject *RtDictView_New(RtObject *dict, RtDictPart part);
// Whether iterating over op goes through a dict and nothing else.
bool RtDict_IsWholeView(RtObject *op, RtDictObject **mp, RtDictPart *part);
// A list of the keys, values or items as they are at one instant.
RtObject *RtDict_Snapshot(RtDictObject *mp, RtDictPart part);

#endif  // RT_INTERNAL_DICT_OBJECT_H
