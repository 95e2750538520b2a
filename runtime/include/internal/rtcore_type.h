// rtcore_type.h: what the files of types share (type*.c, subtype.c) and what
// attribute lookup needs.
//
// A static type never changes once it is ready. Of a heap type the layout never
// changes; its dict changes under the type lock, and with it its slots, which
// are written while the world is stopped. The type lock is a critical section
// on a mutex of the interpreter: who waits for another lock inside releases it.

#ifndef RT_INTERNAL_TYPE_H
#define RT_INTERNAL_TYPE_H

#include "rt_types.h"
#include "rtcore_object.h"

static inline bool
RtType_Check(RtObject *op)
{
    return RtType_HasFeature(Rt_TYPE(op), RT_TPFLAGS_TYPE_SUBCLASS);
}

static inline bool
RtType_IsHeap(const RtTypeObject *type)
{
    return RtType_HasFeature(type, RT_TPFLAGS_HEAPTYPE);
}

// Whether a function found on a type becomes a bound method of the instance.
static inline bool
RtType_IsMethod(RtObject *attribute)
{
    return Rt_IS_TYPE(attribute, &RtFunction_Type) ||
           Rt_IS_TYPE(attribute, &RtMethodDescr_Type) ||
           Rt_IS_TYPE(attribute, &RtSlotWrapper_Type);
}

// attribute.c: what an attribute found on `type` is worth: for a descriptor
// what it gives for op (NULL: asked of the type). Takes the caller's reference.
RtObject *RtDescr_Bind(RtObject *attribute, RtObject *op, RtTypeObject *type);

// The nearest type in the chain of bases that no program made.
static inline RtTypeObject *
RtType_StaticBase(RtTypeObject *type)
{
    while (RtType_IsHeap(type)) {
        type = type->tp_base;
    }
    return type;
}

// Where the instance's dict stands, or NULL if it has none.
static inline RtObject **
RtObject_DictPointer(RtObject *op)
{
    ssize_t offset = Rt_TYPE(op)->tp_dictoffset;
    return offset == 0 ? NULL : (RtObject **)((char *)op + offset);
}

// Whether a class with these bases can be changed by way of a base.
static inline bool
RtType_HasHeapBase(RtObject *bases)
{
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        if (RtType_IsHeap((RtTypeObject *)RtTuple_GetItem(bases, i))) {
            return true;
        }
    }
    return false;
}

// type_cache.c
uint32_t RtType_Version(const RtTypeObject *type);
// For the guards of caches. Acquire: what was found for the version came first.
static inline uint32_t
RtType_LoadVersion(const RtTypeObject *type)
{
#ifdef RT_GIL_DISABLED
    return rt_atomic_load_uint32_acquire(&type->tp_version_tag);
#else
    return type->tp_version_tag;
#endif
}
// As RtType_LookupRef(), of a heap type and a name that is exactly a str, where
// the cache has the answer: nothing blocks.
bool RtType_LookupCached(RtTypeObject *type, RtObject *name,
                         RtObject **result);
// As RtType_LookupRef(), of a heap type that the caller holds. *version: that
// of the type for which the result is true, or 0.
RtObject *RtType_LookupRefAndVersion(RtTypeObject *type, RtObject *name,
                                     uint32_t *version);
// The type lock is held. The version, 0 if there is none to be had.
uint32_t RtType_AssignVersion(RtTypesState *types, RtTypeObject *type);
// The type lock is held, or the world is stopped: takes the versions of the
// type and of its subclasses away. Called before the type changes.
void RtType_ModifiedLocked(RtTypeObject *type);
// That the bases of a type, or the type of an object, have changed.
void RtType_NoteBases(const RtTypeObject *type);
void RtType_NoteClass(const RtObject *op);
// Drops what the cache holds; nothing is cached any more.
void RtTypeCache_Close(RtInterpreterState *interp);
// In a forked child: an entry that a lost thread was writing is empty.
void RtTypeCache_AfterFork(RtInterpreterState *interp);

// type_subclasses.c
// Enters the type into the lists of these bases, or removes it. The world is
// stopped or the type lock held. 0, or -1 without memory and no exception.
int RtSubclasses_AddLocked(RtTypeObject *type, RtObject *bases);
void RtSubclasses_RemoveLocked(RtTypeObject *type, RtObject *bases);
// The collector has judged the type to be garbage: programs do not see it in
// the lists any more, unless it is saved and entered again. The world is
// stopped, or the GIL held.
void RtSubclasses_Hide(RtTypeObject *type);
// The type dies: it leaves its bases' lists.
void RtSubclasses_Forget(RtTypeObject *type);
// A new list of the classes that derive directly from the type.
RtObject *RtType_Subclasses(RtTypeObject *type);
// Of type itself: `C.__subclasses__()`.
extern RtMethodDef rt_type_methods[];

// type_attr.c: attributes of types, the only writer of their dicts.
// Of a class that nobody sees yet: the dict may say it, and then has it no
// more.
int RtType_TakeQualname(RtTypeObject *type);
RtObject *RtType_FullName(RtTypeObject *type);  // with module, for reprs
RtObject *RtType_GetAttro(RtObject *self, RtObject *name);
int RtType_SetAttro(RtObject *self, RtObject *name, RtObject *value);
// Whether the right one's class derives from the left one's and has another
// method of that name: it is asked first.
bool RtType_Overloads(RtObject *right, RtObject *left, RtObject *name);

// type_bases.c: 0, or -1 with an exception and nothing changed.
int RtType_SetBases(RtTypeObject *type, RtObject *value);
// Before a class is made: waits for an assignment of __bases__ that others have
// made vain too often, 5 ms at first, never more than 1 s. Attached; detaches
// while it waits.
void RtTypes_WaitAtGate(RtTypesState *types);

// type_class.c
// The nearest type in the chain of bases that adds fields to instances, other
// than a dict.
RtTypeObject *RtType_SolidBase(RtTypeObject *type);
// What keeps instances of one from becoming instances of the other: the format
// of a TypeError (what is assigned, name of `to`, name of `from`), or NULL.
const char *RtType_Incompatible(RtTypeObject *from, RtTypeObject *to);
int RtObject_SetClass(RtObject *op, RtObject *value);
int RtType_SetName(RtTypeObject *type, RtObject *value, bool qualified);

// type.c
// The base whose layout includes those of the others, borrowed. Or TypeError.
RtTypeObject *RtType_BestBase(RtObject *bases);
// Whether a class may have these bases: 0, or -1 with TypeError.
int RtType_CheckBases(RtObject *bases);
// type(*args): the type of one argument, or a new class of three.
RtObject *RtType_FromCall(RtTypeObject *metatype, RtObject *const *args,
                          ssize_t nargs);

// type_hooks.c: __set_name__ of what stands in the dict of a new class, and
// __init_subclass__ of its bases. 0, or -1.
int RtType_TellOthers(RtTypeObject *type);
// Makes __new__ and __init_subclass__ in the dict of a class to be what they
// are without being called so. 0, or -1.
int RtType_WrapImplicit(RtObject *dict);

// type_mro.c
typedef struct RtMroChange {
    RtTypeObject *type;
    RtObject *mro;
} RtMroChange;

// The linearisation of a class with these bases: a tuple that starts with the
// class. The types in `changes` are taken to have the MROs that stand there.
// TypeError if there is none.
RtObject *RtType_MroC3(RtTypeObject *type, RtObject *bases,
                       const RtMroChange *changes, size_t nchanges);

// member.c
typedef struct RtSlotSpec {     // what a class says in __slots__
    RtObject *names;            // tuple, owned; NULL: it says nothing
    ssize_t count;              // without the next two
    bool dict;                  // instances may have a dict
    bool weakref;               // and weak references
} RtSlotSpec;
// 0, or -1 with an exception. The caller drops the names in both cases.
int RtType_FindSlots(RtObject *dict, RtSlotSpec *spec);
// Puts a descriptor for each slot into the dict of a class with its layout.
int RtType_AddMembers(RtTypeObject *type, const RtSlotSpec *spec);
int RtSlots_Traverse(RtObject *self, visitproc visit, void *arg);
void RtSlots_Clear(RtObject *self);

// subtype.c: the life of instances of heap types.
void RtSubtype_Dealloc(RtObject *self);
int RtSubtype_Traverse(RtObject *self, visitproc visit, void *arg);
int RtSubtype_Clear(RtObject *self);

// type_slots.c
// Makes the names of the special methods. Start-up only. 0, or -1.
int RtTypeSlots_Initialize(void);
// Fills the empty slots of a static type from its base.
void RtTypeSlots_Inherit(RtTypeObject *type);
// Sets the slots of a heap type by its MRO. The world is stopped, or no other
// thread can see the type and none of its bases can change.
void RtTypeSlots_Update(RtTypeObject *type);
// Whether they are what they were set to then. The world is stopped.
bool RtTypeSlots_Agree(const RtTypeObject *type);
// a op= b by a method of a's class, which a program has made; NotImplemented
// (borrowed, or from the method) if there is none.
RtObject *RtTypeSlots_CallInPlace(RtObject *a, RtObject *b, RtBinaryOp op);
// Whether the slots depend on the attribute.
bool RtTypeSlots_IsSpecial(RtObject *name);
// Sets anew the slots of the type and of all that derive from it: in a stopped
// world, and in one that it stops, after types.slots_behind was raised.
void RtTypeSlots_UpdateWithSubclasses(RtTypeObject *type);
void RtTypeSlots_UpdateSubtypes(RtTypeObject *type);

// A class with a __new__ of a program's.
bool RtTypeSlots_HasNew(const RtTypeObject *type);

// slot_wrapper.c: special methods of a static type, into its dict. 0, or -1.
int RtSlotWrapper_AddAll(RtTypeObject *type, RtObject *dict);

// object_methods.c
extern RtMethodDef rt_object_methods[];
extern RtMethodDef rt_object_class_methods[];
int RtObject_AddNew(RtObject *dict);    // __new__ of object

// types_init.c: names, immortal.
extern RtObject *rt_name_class;
extern RtObject *rt_name_dict;
extern RtObject *rt_name_init;
extern RtObject *rt_name_eq;
extern RtObject *rt_name_hash;
extern RtObject *rt_name_name;
extern RtObject *rt_name_qualname;
extern RtObject *rt_name_bases;
extern RtObject *rt_name_mro;
extern RtObject *rt_name_slots;
extern RtObject *rt_name_weakref;
extern RtObject *rt_name_send;
extern RtObject *rt_name_throw;
extern RtObject *rt_name_close;
extern RtObject *rt_name_missing;
extern RtObject *rt_name_index;
extern RtObject *rt_name_int;
extern RtObject *rt_name_float;
extern RtObject *rt_name_trunc;
extern RtObject *rt_name_round;
extern RtObject *rt_name_format;
extern RtObject *rt_name_reversed;
extern RtObject *rt_name_length_hint;
extern RtObject *rt_name_new;
extern RtObject *rt_name_bytes;
extern RtObject *rt_name_dir;
extern RtObject *rt_name_init_subclass;
extern RtObject *rt_name_set_name;
extern RtObject *rt_name_module;
extern RtObject *rt_name_doc;
extern RtObject *rt_name_call;
extern RtObject *rt_name_enter;
extern RtObject *rt_name_exit;
extern RtObject *rt_name_keys;

#endif  // RT_INTERNAL_TYPE_H
