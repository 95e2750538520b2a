// rt_object.h: the object and type structures and reference counting.
//
// Every function here needs an attached thread state unless it says so. "New
// reference" means that the caller owns one count; "borrowed" that it does
// not. Functions that return RtObject * return NULL with an exception set in
// the thread state; functions that return int return -1 likewise.
//
// Field names and protocols are CPython 3.13's (Include/object.h).

#ifndef RT_OBJECT_H
#define RT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct RtObject RtObject;
typedef struct RtTypeObject RtTypeObject;

// The one-byte mutex: bit 0 locked, bit 1 has parked waiters (rt_lock.h).
typedef struct RtMutex {
    uint8_t bits;
} RtMutex;

#ifdef RT_GIL_DISABLED
struct RtObject {
    // Id of the owning thread; 0 if merged or immortal. Borrowed by the
    // collector as a link or a count while the world is stopped.
    uintptr_t ob_tid;
    uint16_t ob_padding;
    RtMutex ob_mutex;           // taken by critical sections
    uint8_t ob_gc_bits;         // RT_GC_BITS_*; owner or stopped world
    uint32_t ob_ref_local;      // the owner's references; UINT32_MAX immortal
    ssize_t ob_ref_shared;      // count << 2 | RT_REF_* flags
    RtTypeObject *ob_type;
};
#else
struct RtObject {
    ssize_t ob_refcnt;          // RT_IMMORTAL_REFCNT: immortal
    RtTypeObject *ob_type;
};
#endif

// Objects with a length; the length is read with rt_atomic_load_ssize_relaxed
// by lock-free readers.
typedef struct RtVarObject {
    RtObject ob_base;
    ssize_t ob_size;
} RtVarObject;

typedef int (*visitproc)(RtObject *op, void *arg);
typedef int (*traverseproc)(RtObject *self, visitproc visit, void *arg);
typedef int (*inquiry)(RtObject *self);
typedef void (*destructor)(RtObject *self);
typedef RtObject *(*unaryfunc)(RtObject *self);
typedef RtObject *(*binaryfunc)(RtObject *a, RtObject *b);
typedef RtObject *(*getattrofunc)(RtObject *self, RtObject *name);
typedef int (*setattrofunc)(RtObject *self, RtObject *name, RtObject *value);
typedef ssize_t (*hashfunc)(RtObject *self);
typedef RtObject *(*richcmpfunc)(RtObject *a, RtObject *b, int op);
typedef ssize_t (*lenfunc)(RtObject *self);
typedef int (*objobjproc)(RtObject *self, RtObject *value);
typedef int (*objobjargproc)(RtObject *self, RtObject *key, RtObject *value);
// `self` stands in a class's dict; op is NULL for an access through the class.
typedef RtObject *(*descrgetfunc)(RtObject *self, RtObject *op,
                                  RtObject *type);
typedef int (*descrsetfunc)(RtObject *self, RtObject *op, RtObject *value);
// Positional arguments only; args is borrowed, nargs its length.
typedef RtObject *(*vectorcallfunc)(RtObject *callable, RtObject *const *args,
                                    ssize_t nargs);
typedef RtObject *(*newfunc)(RtTypeObject *type, RtObject *const *args,
                             ssize_t nargs);
typedef RtObject *(*RtCFunction)(RtObject *self, RtObject *const *args,
                                 ssize_t nargs);

// As these, with keywords: `kwnames` is NULL or a tuple of strs, whose values
// follow the positional arguments: args[nargs + i].
typedef RtObject *(*vectorcallkwfunc)(RtObject *callable,
                                      RtObject *const *args, ssize_t nargs,
                                      RtObject *kwnames);
typedef RtObject *(*newkwfunc)(RtTypeObject *type, RtObject *const *args,
                               ssize_t nargs, RtObject *kwnames);
typedef RtObject *(*RtCFunctionKw)(RtObject *self, RtObject *const *args,
                                   ssize_t nargs, RtObject *kwnames);

// A method or function in C: `min_args` to `max_args` positional arguments
// (max_args -1: any number), checked before `func` is called.
typedef struct RtMethodDef {
    const char *ml_name;        // NULL ends a table
    RtCFunction ml_meth;
    int ml_min_args;
    int ml_max_args;
} RtMethodDef;

// A row { name, RT_KEYWORDS(func), 0, RT_METH_KEYWORDS }: func is an
// RtCFunctionKw and checks its arguments itself.
enum { RT_METH_KEYWORDS = -2 };
#define RT_KEYWORDS(func) ((RtCFunction)(void (*)(void))(func))

// An attribute that functions in C read and set. `set` NULL: read-only; value
// NULL deletes.
typedef struct RtGetSetDef {
    const char *name;           // NULL ends a table
    RtObject *(*get)(RtObject *self);
    int (*set)(RtObject *self, RtObject *value);
} RtGetSetDef;

enum {                          // richcompare operations, CPython's numbers
    RT_LT = 0, RT_LE = 1, RT_EQ = 2, RT_NE = 3, RT_GT = 4, RT_GE = 5,
};

enum {                          // tp_flags
    RT_TPFLAGS_HEAPTYPE = 1 << 0,       // created by a program
    RT_TPFLAGS_BASETYPE = 1 << 1,       // a class may derive from it
    RT_TPFLAGS_HAVE_GC = 1 << 2,        // instances are seen by the collector
    RT_TPFLAGS_LONG_SUBCLASS = 1 << 3,
    RT_TPFLAGS_STR_SUBCLASS = 1 << 4,
    RT_TPFLAGS_TUPLE_SUBCLASS = 1 << 5,
    RT_TPFLAGS_LIST_SUBCLASS = 1 << 6,
    RT_TPFLAGS_DICT_SUBCLASS = 1 << 7,
    RT_TPFLAGS_TYPE_SUBCLASS = 1 << 8,
    RT_TPFLAGS_BASE_EXC_SUBCLASS = 1 << 9,
    RT_TPFLAGS_READY = 1 << 10,
    RT_TPFLAGS_SET_SUBCLASS = 1 << 20,
    RT_TPFLAGS_FROZENSET_SUBCLASS = 1 << 21,
    RT_TPFLAGS_DEQUE_SUBCLASS = 1 << 22,
    RT_TPFLAGS_WEAKREF_SUBCLASS = 1 << 24,
    RT_TPFLAGS_INLINE_VALUES = 1 << 11, // attributes behind the instance
    RT_TPFLAGS_HOLDS_UNCOUNTED = 1 << 12,       // generators: as frames do
};

// The classes that name a heap type among their bases, borrowed: each leaves
// the list before it is destroyed. Type lock, or a stopped world.
typedef struct RtTypeList {
    RtTypeObject **items;
    ssize_t count;
    ssize_t capacity;
} RtTypeList;

struct RtTypeObject {
    RtVarObject ob_base;
    const char *tp_name;        // static, or owned by the heap type's name
    ssize_t tp_basicsize;       // bytes, without the items
    ssize_t tp_itemsize;        // bytes for each of ob_size items, or 0
    uint32_t tp_flags;
    ssize_t tp_dictoffset;      // of the instance's RtObject *dict, or 0
    ssize_t tp_weaklistoffset;  // of the instance's list of weak references,
                                // or 0: it cannot have any

    destructor tp_dealloc;      // called with the count at 0; frees the memory
    traverseproc tp_traverse;
    inquiry tp_clear;
    destructor tp_finalize;     // __del__: at most once, may resurrect
    unaryfunc tp_repr;
    unaryfunc tp_str;
    hashfunc tp_hash;           // -1 is the error; RtObject_HashNotImplemented
    richcmpfunc tp_richcompare; // may return NotImplemented
    unaryfunc tp_iter;
    unaryfunc tp_iternext;      // NULL without an exception: exhausted
    vectorcallfunc tp_call;
    getattrofunc tp_getattro;
    setattrofunc tp_setattro;   // value NULL deletes
    newfunc tp_new;             // what calling the type does
    vectorcallkwfunc tp_call_kw;        // NULL: takes no keywords
    newkwfunc tp_new_kw;        // for calls with keywords; NULL: ditto
    descrgetfunc tp_descr_get;
    descrsetfunc tp_descr_set;  // value NULL deletes

    binaryfunc nb_add;
    binaryfunc nb_subtract;
    binaryfunc nb_multiply;
    binaryfunc nb_floor_divide;
    binaryfunc nb_remainder;
    binaryfunc nb_and;
    binaryfunc nb_or;
    binaryfunc nb_xor;
    binaryfunc nb_true_divide;
    binaryfunc nb_power;        // without a modulus
    binaryfunc nb_lshift;
    binaryfunc nb_rshift;
    binaryfunc nb_matrix_multiply;
    binaryfunc nb_divmod;       // no RtBinaryOp
    unaryfunc nb_negative;
    unaryfunc nb_positive;
    unaryfunc nb_invert;
    unaryfunc nb_absolute;
    inquiry nb_bool;
    lenfunc mp_length;
    binaryfunc mp_subscript;
    objobjargproc mp_ass_subscript;     // value NULL deletes
    objobjproc sq_contains;

    RtMethodDef *tp_methods;    // static types; put into tp_dict when readied
    RtMethodDef *tp_class_methods;      // likewise; `self` is the class
    const RtGetSetDef *tp_getset;       // likewise
    RtTypeObject *tp_base;
    RtObject *tp_bases;         // tuple; heap types own it
    RtObject *tp_mro;           // tuple, starting with the type itself
    RtObject *tp_dict;          // static types: never changes once readied
    RtObject *tp_heap_name;     // heap types: __name__, the owner of tp_name
    RtObject *tp_qualname;      // heap types: __qualname__

    // Heap types: of everything that a lookup can find. 0: none. Atomic;
    // written under the type lock or in a stopped world (type_cache.c).
    uint32_t tp_version_tag;
    uint32_t tp_versions_used;  // type lock
    uint32_t tp_audited;        // the audit's: when it last looked at the slots
    RtTypeList tp_subclasses;
    bool tp_judged;             // unlisted by the collector; guarded likewise
    // Heap types: the slots that the class itself names in __slots__: where the
    // first stands in an instance, and how many there are. Fixed.
    ssize_t tp_slots_offset;
    ssize_t tp_nslots;
    struct RtWeakReference *tp_weaklist;        // heap types; its stripe
    // Heap types whose instances have a dict: the names of the attributes,
    // shared by all of them.
    struct RtDictKeysObject *ht_cached_keys;
};

// ---------------------------------------------------------------------------
// Reference counting. The inline halves are in internal/rtcore_object.h; code
// outside the runtime calls these.

void Rt_IncRef(RtObject *op);           // op may be NULL
void Rt_DecRef(RtObject *op);           // op may be NULL; may run destructors
// A snapshot of the counted references: exact only for the owner of an unshared
// object or while the world is stopped.
ssize_t Rt_REFCNT(RtObject *op);

#define Rt_TYPE(op) (((RtObject *)(op))->ob_type)
#define Rt_SIZE(op) (((RtVarObject *)(op))->ob_size)

static inline bool
Rt_IS_TYPE(const RtObject *op, const RtTypeObject *type)
{
    return op->ob_type == type;
}

static inline bool
RtType_HasFeature(const RtTypeObject *type, uint32_t feature)
{
    return (type->tp_flags & feature) != 0;
}

bool RtType_IsSubtype(RtTypeObject *a, RtTypeObject *b);

// ---------------------------------------------------------------------------
// Singletons (immortal) and static types.

extern RtObject rt_none_struct;
extern RtObject rt_not_implemented_struct;
#define Rt_None (&rt_none_struct)
#define Rt_NotImplemented (&rt_not_implemented_struct)
extern RtObject *rt_true_object;        // the bool objects
extern RtObject *rt_false_object;
#define Rt_True rt_true_object
#define Rt_False rt_false_object

extern RtTypeObject RtBaseObject_Type;  // object
extern RtTypeObject RtType_Type;
extern RtTypeObject RtNone_Type;
extern RtTypeObject RtNotImplemented_Type;

// ---------------------------------------------------------------------------
// The object protocol (objects/abstract.c). New references.

RtObject *RtObject_Repr(RtObject *op);
RtObject *RtObject_Str(RtObject *op);
RtObject *RtObject_ASCII(RtObject *op);
// format(value, spec); spec NULL: "".
RtObject *RtObject_Format(RtObject *value, RtObject *spec);
ssize_t RtObject_Hash(RtObject *op);    // -1: exception set
ssize_t RtObject_HashNotImplemented(RtObject *op);
RtObject *RtObject_RichCompare(RtObject *a, RtObject *b, int op);
// 1, 0 or -1; identity counts as equal, as CPython's containers have it.
int RtObject_RichCompareBool(RtObject *a, RtObject *b, int op);
int RtObject_IsTrue(RtObject *op);      // 1, 0, -1
ssize_t RtObject_Length(RtObject *op);  // -1: exception
RtObject *RtObject_GetAttr(RtObject *op, RtObject *name);
int RtObject_SetAttr(RtObject *op, RtObject *name, RtObject *value);
// 1 and *result set (new reference), 0 without an exception if the attribute
// does not exist, -1 with an exception.
int RtObject_GetOptionalAttr(RtObject *op, RtObject *name, RtObject **result);
RtObject *RtObject_GenericGetAttr(RtObject *op, RtObject *name);
int RtObject_GenericSetAttr(RtObject *op, RtObject *name, RtObject *value);
RtObject *RtObject_GetItem(RtObject *op, RtObject *key);
int RtObject_SetItem(RtObject *op, RtObject *key, RtObject *value);
int RtObject_DelItem(RtObject *op, RtObject *key);
int RtSequence_Contains(RtObject *op, RtObject *value);     // 1, 0, -1
// Whether b, no sequence of a's kind, may know how to be added to a.
bool RtSequence_AsksOther(RtObject *b);
// TypeError: a, a sequence, cannot be lengthened by b. NULL.
RtObject *RtSequence_BadConcat(RtObject *a, RtObject *b);
RtObject *RtObject_GetIter(RtObject *op);
// NULL without an exception at the end.
RtObject *RtIter_Next(RtObject *iter);
RtObject *RtObject_Vectorcall(RtObject *callable, RtObject *const *args,
                              ssize_t nargs);
// Values of keywords, a tuple of strs or NULL, follow the nargs others.
RtObject *RtObject_VectorcallKw(RtObject *callable, RtObject *const *args,
                                ssize_t nargs, RtObject *kwnames);
RtObject *RtObject_CallNoArgs(RtObject *callable);
RtObject *RtObject_CallOneArg(RtObject *callable, RtObject *arg);
// obj.name(*args).
RtObject *RtObject_CallMethod(RtObject *op, RtObject *name,
                              RtObject *const *args, ssize_t nargs);

typedef enum RtBinaryOp {
    RT_NB_ADD, RT_NB_SUBTRACT, RT_NB_MULTIPLY, RT_NB_FLOOR_DIVIDE,
    RT_NB_REMAINDER, RT_NB_AND, RT_NB_OR, RT_NB_XOR, RT_NB_TRUE_DIVIDE,
    RT_NB_POWER, RT_NB_LSHIFT, RT_NB_RSHIFT, RT_NB_MATRIX_MULTIPLY,
    RT_NB_COUNT
} RtBinaryOp;
RtObject *RtNumber_BinaryOp(RtObject *a, RtObject *b, RtBinaryOp op);
// a op= b: what a offers for it, else a op b.
RtObject *RtNumber_InPlaceOp(RtObject *a, RtObject *b, RtBinaryOp op);
RtObject *RtNumber_Negative(RtObject *op);
RtObject *RtNumber_Positive(RtObject *op);
RtObject *RtNumber_Invert(RtObject *op);
RtObject *RtNumber_Absolute(RtObject *op);
RtObject *RtNumber_Divmod(RtObject *a, RtObject *b);

#endif  // RT_OBJECT_H
