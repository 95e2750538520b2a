// rt_types.h: the built-in types, one group of declarations for each file of
// objects/. New references unless "borrowed"; NULL or -1 with an exception.

#ifndef RT_TYPES_H
#define RT_TYPES_H

#include "rt_object.h"

// ---- int of any size, bool (long*.c, bool.c).
extern RtTypeObject RtLong_Type;
extern RtTypeObject RtBool_Type;
RtObject *RtLong_FromInt64(int64_t value);      // -5..256 are immortal
RtObject *RtLong_FromUInt64(uint64_t value);
// The number in a text; base 0: as its prefix says. ValueError.
RtObject *RtLong_FromString(const char *text, int base);
// -1 and TypeError if no int, OverflowError if it does not fit.
int64_t RtLong_AsInt64(RtObject *op);
RtObject *RtLong_Exact(RtObject *op);   // an int of no subclass
RtObject *RtNumber_Long(RtObject *op);  // int(op)
RtObject *RtBool_FromInt(int truth);
int RtLong_InitSmall(void);     // start-up: makes the small ints

// ---- float (float*.c)
extern RtTypeObject RtFloat_Type;
RtObject *RtFloat_FromDouble(double value);
// By __float__ or __index__ if op is no float. -1.0 and an exception.
double RtFloat_AsDouble(RtObject *op);

// ---- str (str*.c): immutable UTF-8 bytes with a cached hash; lone surrogates
// are written as three bytes. Sizes in C are in bytes.
extern RtTypeObject RtStr_Type;
RtObject *RtStr_FromString(const char *utf8);
RtObject *RtStr_FromStringAndSize(const char *utf8, ssize_t size);
RtObject *RtStr_FromFormat(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *RtStr_AsUTF8(RtObject *op);         // borrowed; op must be a str
RtObject *RtStr_Concat(RtObject *a, RtObject *b);
// Of strs.
RtObject *RtStr_JoinArray(RtObject *const *pieces, ssize_t n);
bool RtStr_Equal(RtObject *a, RtObject *b);     // both str; never fails
// The immortal str with this text. Borrowed. Only while one thread exists
// (start-up): the table is read without a lock afterwards.
RtObject *RtStr_InternStatic(const char *utf8);
// The interned str of that text, or NULL. After start-up.
RtObject *RtStr_FindStatic(const char *utf8, ssize_t size);

// ---- bytes, bytearray (bytes*.c, bytearray.c)
extern RtTypeObject RtBytes_Type;
extern RtTypeObject RtByteArray_Type;
RtObject *RtBytes_FromStringAndSize(const char *bytes, ssize_t size);

// ---- slice (slice.c)
extern RtTypeObject RtSlice_Type;
// NULL: None.
RtObject *RtSlice_New(RtObject *start, RtObject *stop, RtObject *step);

// ---- tuple (tuple.c): immutable after its creator has filled it.
extern RtTypeObject RtTuple_Type;
RtObject *RtTuple_New(ssize_t size);            // items NULL
RtObject *RtTuple_FromArray(RtObject *const *items, ssize_t size);  // increfs
RtObject *RtTuple_FromIterable(RtObject *iterable);
ssize_t RtTuple_Size(RtObject *op);
RtObject *RtTuple_GetItem(RtObject *op, ssize_t i);     // borrowed
void RtTuple_SetItem(RtObject *op, ssize_t i, RtObject *value);  // steals

// ---- list (list.c): thread-safe; reads by index take no lock.
extern RtTypeObject RtList_Type;
RtObject *RtList_New(ssize_t size);             // items NULL until set
void RtList_SetItemNew(RtObject *op, ssize_t i, RtObject *value);  // steals;
                                                // only before op is shared
ssize_t RtList_Size(RtObject *op);
RtObject *RtList_GetItemRef(RtObject *op, ssize_t i);   // IndexError
int RtList_SetItem(RtObject *op, ssize_t i, RtObject *value);   // NULL deletes
int RtList_Append(RtObject *op, RtObject *value);
int RtList_Insert(RtObject *op, ssize_t i, RtObject *value);
int RtList_Extend(RtObject *op, RtObject *iterable);
RtObject *RtList_Pop(RtObject *op, ssize_t i);          // IndexError
int RtList_Clear(RtObject *op);
RtObject *RtList_AsTuple(RtObject *op);
// For audits, with the world stopped: takes no lock, makes no point.
bool RtList_IsValid(RtObject *op);

// ---- dict (dict.c): thread-safe, ordered; lookups take no lock.
extern RtTypeObject RtDict_Type;
RtObject *RtDict_New(void);
ssize_t RtDict_Size(RtObject *op);
// 1 and *result (new reference), 0 with *result NULL, -1 with an exception.
int RtDict_GetItemRef(RtObject *op, RtObject *key, RtObject **result);
int RtDict_SetItem(RtObject *op, RtObject *key, RtObject *value);
int RtDict_DelItem(RtObject *op, RtObject *key);        // KeyError
int RtDict_Contains(RtObject *op, RtObject *key);       // 1, 0, -1
int RtDict_Clear(RtObject *op);
// Looks up a str with a known hash in a dict that never changes again (the
// dict of a static type). Borrowed, NULL without an exception; no atomic
// access, no lock.
RtObject *RtDict_GetItemImmutable(RtObject *op, RtObject *key);
RtObject *RtDict_Copy(RtObject *op);
// Stores every item of the dict `other`.
int RtDict_Update(RtObject *op, RtObject *other);
// From a dict, a mapping or pairs (dict_update.c).
int RtDict_UpdateFrom(RtObject *op, RtObject *source);
// For audits, with the world stopped: takes no lock, makes no point.
bool RtDict_IsValid(RtObject *op);
// For the audit: the value of a str key, borrowed, or NULL.
RtObject *RtDict_AuditGet(RtObject *op, RtObject *name);

// ---- set, frozenset (set.c): thread-safe; `in` takes no lock.
extern RtTypeObject RtSet_Type;
extern RtTypeObject RtFrozenSet_Type;
extern RtTypeObject RtSetIter_Type;
RtObject *RtSet_New(RtObject *iterable);        // NULL: empty
RtObject *RtFrozenSet_New(RtObject *iterable);  // NULL: empty
ssize_t RtSet_Size(RtObject *op);
int RtSet_Contains(RtObject *op, RtObject *key);        // 1, 0, -1
int RtSet_Add(RtObject *op, RtObject *key);             // 0, -1
int RtSet_Discard(RtObject *op, RtObject *key);         // 1: found, 0, -1
RtObject *RtSet_Pop(RtObject *op);                      // KeyError
int RtSet_Clear(RtObject *op);
// For audits, with the world stopped: takes no lock, makes no point.
bool RtSet_IsValid(RtObject *op);

// ---- deque (deque.c): thread-safe; all but len() takes its lock. maxlen -1:
// none.
extern RtTypeObject RtDeque_Type;
extern RtTypeObject RtDequeIter_Type;
extern RtTypeObject RtDequeRevIter_Type;
RtObject *RtDeque_New(RtObject *iterable, ssize_t maxlen);     // NULL: empty
ssize_t RtDeque_Size(RtObject *op);
int RtDeque_Append(RtObject *op, RtObject *item);       // 0, -1
int RtDeque_AppendLeft(RtObject *op, RtObject *item);
RtObject *RtDeque_Pop(RtObject *op);                    // IndexError
RtObject *RtDeque_PopLeft(RtObject *op);
int RtDeque_Clear(RtObject *op);
// For audits, with the world stopped: takes no lock, makes no point.
bool RtDeque_IsValid(RtObject *op);

// ---- functions (function.c, method.c, code.c: see vm/).
extern RtTypeObject RtCode_Type;
extern RtTypeObject RtFunction_Type;
extern RtTypeObject RtMethod_Type;              // bound method
extern RtTypeObject RtCFunction_Type;           // C function or bound C method
extern RtTypeObject RtClassMethodDescr_Type;
extern RtTypeObject RtMethodDescr_Type;         // C method in a type's dict
extern RtTypeObject RtMember_Type;              // a slot of a class
extern RtTypeObject RtGetSetDescr_Type;         // getset.c
extern RtTypeObject RtSlotWrapper_Type;         // slot_wrapper.c
extern RtTypeObject RtProperty_Type;            // descriptor.c
extern RtTypeObject RtClassMethod_Type;
extern RtTypeObject RtStaticMethod_Type;
extern RtTypeObject RtSuper_Type;               // super(type, object)
RtObject *RtFunction_New(RtObject *code, RtObject *globals, RtObject *name);
RtObject *RtMethod_New(RtObject *func, RtObject *self);
RtObject *RtCFunction_New(RtMethodDef *def, RtObject *self);
RtObject *RtMethodDescr_New(RtTypeObject *type, RtMethodDef *def);
RtObject *RtGetSetDescr_New(RtTypeObject *type, const RtGetSetDef *def);
// A method of the type itself: `self` is the class that it is asked of.
RtObject *RtClassMethodDescr_New(RtTypeObject *type, RtMethodDef *def);

// ---- classes (type.c).
// type(name, bases, dict); bases is a tuple of types, empty means object.
RtObject *RtType_New(RtObject *name, RtObject *bases, RtObject *dict);
// Looks name up along the MRO. New reference; NULL without an exception.
RtObject *RtType_LookupRef(RtTypeObject *type, RtObject *name);
// Fills slots from the base and tp_dict from tp_methods. Start-up only.
int RtType_Ready(RtTypeObject *type);

// ---- exceptions (exceptions.c): BaseException > Exception > the rest.
// X-macro: name, base.
#define RT_EXCEPTION_ROWS(ROW) \
    ROW(GeneratorExit, BaseException) \
    ROW(KeyboardInterrupt, BaseException) \
    ROW(SystemExit, BaseException) \
    ROW(Exception, BaseException) \
    ROW(ArithmeticError, Exception) \
    ROW(FloatingPointError, ArithmeticError) \
    ROW(OverflowError, ArithmeticError) \
    ROW(ZeroDivisionError, ArithmeticError) \
    ROW(AssertionError, Exception) \
    ROW(AttributeError, Exception) \
    ROW(BufferError, Exception) \
    ROW(EOFError, Exception) \
    ROW(ImportError, Exception) \
    ROW(ModuleNotFoundError, ImportError) \
    ROW(LookupError, Exception) \
    ROW(IndexError, LookupError) \
    ROW(KeyError, LookupError) \
    ROW(MemoryError, Exception) \
    ROW(NameError, Exception) \
    ROW(UnboundLocalError, NameError) \
    ROW(OSError, Exception) \
    ROW(BlockingIOError, OSError) \
    ROW(ChildProcessError, OSError) \
    ROW(ConnectionError, OSError) \
    ROW(BrokenPipeError, ConnectionError) \
    ROW(ConnectionAbortedError, ConnectionError) \
    ROW(ConnectionRefusedError, ConnectionError) \
    ROW(ConnectionResetError, ConnectionError) \
    ROW(FileExistsError, OSError) \
    ROW(FileNotFoundError, OSError) \
    ROW(InterruptedError, OSError) \
    ROW(IsADirectoryError, OSError) \
    ROW(NotADirectoryError, OSError) \
    ROW(PermissionError, OSError) \
    ROW(ProcessLookupError, OSError) \
    ROW(TimeoutError, OSError) \
    ROW(ReferenceError, Exception) \
    ROW(RuntimeError, Exception) \
    ROW(NotImplementedError, RuntimeError) \
    ROW(RecursionError, RuntimeError) \
    ROW(BrokenBarrierError, RuntimeError) \
    ROW(StopAsyncIteration, Exception) \
    ROW(StopIteration, Exception) \
    ROW(SyntaxError, Exception) \
    ROW(SystemError, Exception) \
    ROW(TypeError, Exception) \
    ROW(ValueError, Exception) \
    ROW(UnicodeError, ValueError) \
    ROW(UnicodeDecodeError, UnicodeError) \
    ROW(UnicodeEncodeError, UnicodeError) \
    ROW(UnicodeTranslateError, UnicodeError) \
    ROW(Warning, Exception) \
    ROW(BytesWarning, Warning) \
    ROW(DeprecationWarning, Warning) \
    ROW(EncodingWarning, Warning) \
    ROW(FutureWarning, Warning) \
    ROW(ImportWarning, Warning) \
    ROW(PendingDeprecationWarning, Warning) \
    ROW(ResourceWarning, Warning) \
    ROW(RuntimeWarning, Warning) \
    ROW(SyntaxWarning, Warning) \
    ROW(UnicodeWarning, Warning) \
    ROW(UserWarning, Warning)
extern RtTypeObject RtExc_BaseException;
#define RT_DECLARE_EXCEPTION(name, base) extern RtTypeObject RtExc_##name;
RT_EXCEPTION_ROWS(RT_DECLARE_EXCEPTION)
#undef RT_DECLARE_EXCEPTION
// An exception object holds a tuple: args.
RtObject *RtException_GetArgs(RtObject *exc);
// New references, or NULL if there is none.
RtObject *RtException_GetCause(RtObject *exc);
RtObject *RtException_GetContext(RtObject *exc);
bool RtException_GetSuppressContext(RtObject *exc);
// Borrow the other; None: none. Setting the cause suppresses the context. 0, or
// -1 with TypeError.
int RtException_SetCause(RtObject *exc, RtObject *cause);
void RtException_SetContext(RtObject *exc, RtObject *context);

// ---- iterators (iter.c): over list, tuple, dict (keys, items), str, range.
extern RtTypeObject RtSeqIter_Type;
extern RtTypeObject RtDictKeyIter_Type;
extern RtTypeObject RtDictItemIter_Type;
extern RtTypeObject RtRange_Type;
extern RtTypeObject RtRangeIter_Type;
RtObject *RtSeqIter_New(RtObject *seq);         // of a list, tuple or str

// Iterators over others (iter.c, enum.c, modules/iterators.c, itertools.c,
// tee.c).
extern RtTypeObject RtCallIter_Type;
extern RtTypeObject RtEnumerate_Type;
extern RtTypeObject RtReversed_Type;
extern RtTypeObject RtZip_Type;
extern RtTypeObject RtMap_Type;
extern RtTypeObject RtFilter_Type;
extern RtTypeObject RtCount_Type;
extern RtTypeObject RtCycle_Type;
extern RtTypeObject RtChain_Type;
extern RtTypeObject RtIslice_Type;
extern RtTypeObject RtTee_Type;
extern RtTypeObject RtTeeData_Type;

// ---- dict views and the iterator over values (dict_view.c).
extern RtTypeObject RtDictKeys_Type;
extern RtTypeObject RtDictValues_Type;
extern RtTypeObject RtDictItems_Type;
extern RtTypeObject RtDictValueIter_Type;
extern RtTypeObject RtDictRevKeyIter_Type;
extern RtTypeObject RtDictRevValueIter_Type;
extern RtTypeObject RtDictRevItemIter_Type;

extern RtTypeObject RtTextStream_Type;  // sys.stdout (modules/sys_values.c)

// ---- weak references (weakref.c).
extern RtTypeObject RtWeakref_Type;     // ref(obj[, callback])
extern RtTypeObject RtWeakProxy_Type;
extern RtTypeObject RtWeakCallableProxy_Type;

// ---- threads and locks (modules/).
extern RtTypeObject RtLock_Type;                // Lock(): acquire, release
extern RtTypeObject RtRLock_Type;
extern RtTypeObject RtCondition_Type;
extern RtTypeObject RtEvent_Type;
extern RtTypeObject RtSemaphore_Type;
extern RtTypeObject RtBarrier_Type;
extern RtTypeObject RtTwister_Type;             // random's generator
extern RtTypeObject RtLocal_Type;               // threading.local
extern RtTypeObject RtThread_Type;      // Thread(func, args): start, join

#endif  // RT_TYPES_H
