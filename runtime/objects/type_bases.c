// type_bases.c: assigning to __bases__ of a class.
//
// The new MROs of the class and of all that derive from it, each after its own
// bases, are made while the world runs. Then it is stopped: if no other class
// has been made or has got other bases meanwhile, base, bases, MROs, slots and
// lists of subclasses are switched, else all begins anew. Nobody sees some of
// it. In the stopped world no object is made or destroyed and nothing blocks:
// what is replaced is dropped when the world runs again. Threads that make
// classes all the time would keep that from ever succeeding: after some vain
// attempts they have to wait at a gate: never for long at first, twice as long
// after each attempt that was vain all the same, because the classes made until
// the collector comes make every attempt longer.
// Mirrors Objects/typeobject.c, type_set_bases, mro_hierarchy (CPython 3.13);
// departs: the world is stopped (as in 3.15); MROs follow in topological order.

#include "rtcore_type.h"

#include "rt_critical_section.h"
#include "rt_errors.h"
#include "rt_types.h"
#include "rtcore_heap.h"
#include "rtcore_types.h"

typedef struct BasesChange {
    RtTypeObject *type;
    RtObject *bases;            // the new ones; once switched, the old ones
    RtTypeObject *base;         // likewise
    // The type and its subclasses, each behind those that derive from it; they
    // are held. MROs: the new ones; once switched, the old ones.
    RtMroChange *changes;
    size_t count, capacity;
    uint32_t *listed;           // hash table: index in `changes` + 1
    size_t mask;
    uint32_t bases_changes, classes_made;       // when this was prepared
} BasesChange;

// ---------------------------------------------------------------------------
// Whose MROs change. The type lock is held.

// Where the type is in the table, or would be.
static uint32_t *
find_listed(const BasesChange *c, const RtTypeObject *type)
{
    size_t at = (uintptr_t)type >> 4;
    while (c->listed[at & c->mask] != 0 &&
           c->changes[c->listed[at & c->mask] - 1].type != type) {
        at++;
    }
    return &c->listed[at & c->mask];
}

static bool
is_listed(const BasesChange *c, const RtTypeObject *type)
{
    return *find_listed(c, type) != 0;
}

static size_t
count_paths(const RtTypeObject *type)
{
    size_t count = 1;
    for (ssize_t i = 0; i < type->tp_subclasses.count; i++) {
        count += count_paths(type->tp_subclasses.items[i]);
    }
    return count;
}

// Depth first; a type is entered behind all that derive from it. What dies or
// has been cleared by the collector has no MRO that anybody could ask for.
static void
enter_with_subclasses(BasesChange *c, RtTypeObject *type)
{
    if (type->tp_mro == NULL || is_listed(c, type) ||
        !RtObject_TryIncref((RtObject *)type))
    {
        return;
    }
    for (ssize_t i = 0; i < type->tp_subclasses.count; i++) {
        enter_with_subclasses(c, type->tp_subclasses.items[i]);
    }
    rt_assert(c->count < c->capacity);
    uint32_t *place = find_listed(c, type);
    c->changes[c->count++] = (RtMroChange){ type, NULL };
    *place = (uint32_t)c->count;
}

// 0, or -1 without memory. The type lock is held.
static int
list_changes(BasesChange *c)
{
    c->capacity = count_paths(c->type);
    size_t size = 4;
    while (size < 2 * c->capacity) {
        size *= 2;
    }
    c->mask = size - 1;
    c->changes = RtMem_Malloc(c->capacity * sizeof(RtMroChange));
    c->listed = RtMem_Calloc(size, sizeof(uint32_t));
    if (c->changes == NULL || c->listed == NULL) {
        return -1;
    }
    enter_with_subclasses(c, c->type);
    return 0;
}

// 0, or -1 with MemoryError.
static int
find_changes(RtTypesState *types, BasesChange *c)
{
    int result;
    RT_BEGIN_CRITICAL_SECTION_MUT(&types->mutex);
    result = list_changes(c);
    RT_END_CRITICAL_SECTION();
    if (result < 0) {
        RtErr_NoMemory();
    }
    return result;
}

static void
drop_changes(BasesChange *c)
{
    for (size_t i = 0; i < c->count; i++) {
        Rt_XDECREF(c->changes[i].mro);
        Rt_DECREF(c->changes[i].type);
    }
    RtMem_Free(c->changes);
    RtMem_Free(c->listed);
    c->changes = NULL;
    c->listed = NULL;
    c->count = 0;
}

// ---------------------------------------------------------------------------
// Preparing.

static int
check_cycles(RtTypeObject *type, RtObject *bases)
{
    for (ssize_t i = 0; i < RtTuple_Size(bases); i++) {
        RtObject *base = RtTuple_GetItem(bases, i);
        if (RtType_Check(base) &&
            RtType_IsSubtype((RtTypeObject *)base, type)) {
            RtErr_SetString(&RtExc_TypeError,
                            "a __bases__ item causes an inheritance cycle");
            return -1;
        }
    }
    return 0;
}

static int
check_bases(BasesChange *c)
{
    c->base = RtType_BestBase(c->bases);
    if (c->base == NULL || check_cycles(c->type, c->bases) < 0) {
        return -1;
    }
    const char *error = RtType_Incompatible(c->type->tp_base, c->base);
    if (error != NULL) {
        RtErr_Format(&RtExc_TypeError, error, "__bases__", c->base->tp_name,
                     c->type->tp_base->tp_name);
        return -1;
    }
    return 0;
}

// The MRO of a class is made of those of its bases: from the back of the list.
static int
make_mros(BasesChange *c)
{
    for (size_t i = c->count; i > 0; i--) {
        RtMroChange *change = &c->changes[i - 1];
        RtObject *bases = change->type == c->type ? c->bases
                                                  : change->type->tp_bases;
        change->mro = RtType_MroC3(change->type, bases, change + 1,
                                   c->count - i);
        if (change->mro == NULL) {
            return -1;
        }
    }
    return 0;
}

// 0, or -1 with an exception.
static int
prepare(RtTypesState *types, BasesChange *c)
{
    c->bases_changes = types->bases_changes;
    c->classes_made = types->classes_made;
    if (check_bases(c) < 0 || find_changes(types, c) < 0) {
        return -1;
    }
    if (c->count == 0) {
        RtErr_SetString(&RtExc_TypeError, "the class is being destroyed");
        return -1;
    }
    return make_mros(c);
}

// ---------------------------------------------------------------------------
// Switching. The world is stopped.

#ifdef RT_TINY_LIMITS
enum { VAIN_ATTEMPTS = 1 };
#else
enum { VAIN_ATTEMPTS = 4 };
#endif

enum {
    GATE_WAIT_NS = 5000000,
    GATE_WAIT_MAX_NS = 1000000000,
};

typedef enum SwitchResult { DONE, OUTDATED, NO_MEMORY, FAILED } SwitchResult;

static SwitchResult
switch_bases(RtTypesState *types, BasesChange *c)
{
    RtTypeObject *type = c->type;
    if (types->bases_changes != c->bases_changes ||
        types->classes_made != c->classes_made)
    {
        return OUTDATED;
    }
    if (RtSubclasses_AddLocked(type, c->bases) < 0) {
        return NO_MEMORY;
    }
    RtSubclasses_RemoveLocked(type, type->tp_bases);
    RtType_ModifiedLocked(type);
    for (size_t i = 0; i < c->count; i++) {
        RtMroChange *change = &c->changes[i];
        RtObject *mro = change->type->tp_mro;
        if (mro != NULL) {              // or cleared meanwhile
            change->type->tp_mro = change->mro;
            change->mro = mro;
        }
    }
    RtObject *bases = type->tp_bases;
    RtTypeObject *base = type->tp_base;
    type->tp_bases = Rt_NewRef(c->bases);
    type->tp_base = Rt_NewRef(c->base);
    c->bases = bases;
    c->base = base;
    types->bases_changes++;
    types->class_changes++;
    RtTypeSlots_UpdateWithSubclasses(type);
    RtType_NoteBases(type);
    return DONE;
}

static int
check_value(RtTypeObject *type, RtObject *value)
{
    if (!RtType_IsHeap(type)) {
        RtErr_Format(&RtExc_TypeError,
                     "cannot set '__bases__' attribute of immutable type "
                     "'%s'", type->tp_name);
        return -1;
    }
    if (value == NULL) {
        RtErr_Format(&RtExc_TypeError, "cannot delete '__bases__' attribute "
                     "of type '%s'", type->tp_name);
        return -1;
    }
    if (!RtTuple_Check(value)) {
        RtErr_Format(&RtExc_TypeError,
                     "can only assign tuple to %s.__bases__, not %s",
                     type->tp_name, Rt_TYPE(value)->tp_name);
        return -1;
    }
    if (RtTuple_Size(value) == 0) {
        RtErr_Format(&RtExc_TypeError,
                     "can only assign non-empty tuple to %s.__bases__, not ()",
                     type->tp_name);
        return -1;
    }
    for (ssize_t i = 0; i < RtTuple_Size(value); i++) {
        RtObject *base = RtTuple_GetItem(value, i);
        if (!RtType_Check(base)) {
            RtErr_Format(&RtExc_TypeError,
                         "%s.__bases__ must be tuple of classes, not '%s'",
                         type->tp_name, Rt_TYPE(base)->tp_name);
            return -1;
        }
    }
    // Again when no class can change any more.
    if (check_cycles(type, value) < 0) {
        return -1;
    }
    return RtType_CheckBases(value);
}

// FAILED: with an exception.
static SwitchResult
attempt(RtInterpreterState *interp, RtTypeObject *type, RtObject *bases)
{
    BasesChange change = { .type = type, .bases = bases };
    SwitchResult result = FAILED;
    if (prepare(&interp->types, &change) == 0) {
        RtEval_StopTheWorld(interp);
        result = switch_bases(&interp->types, &change);
        RtEval_StartTheWorld(interp);
    }
    drop_changes(&change);
    if (result == DONE) {
        Rt_DECREF(change.bases);
        Rt_DECREF(change.base);
    }
    return result;
}

// Bounded, because whoever holds the gate may wait for what this thread holds,
// in code that the collector runs.
void
RtTypes_WaitAtGate(RtTypesState *types)
{
    if (RtMutex_IsLocked(&types->gate) &&
        RtMutex_LockTimed(&types->gate,
                          rt_atomic_load_int(&types->gate_wait_ns),
                          RT_LOCK_DETACH) == RT_LOCK_ACQUIRED)
    {
        RtMutex_Unlock(&types->gate);
    }
}

// Attempts until one is not outdated, behind the gate as soon as it is ours.
static SwitchResult
attempt_behind_gate(RtInterpreterState *interp, RtTypeObject *type,
                    RtObject *bases)
{
    RtTypesState *types = &interp->types;
    SwitchResult result = OUTDATED;
    bool closed = false;
    for (int wait = GATE_WAIT_NS; result == OUTDATED;
         wait = wait < GATE_WAIT_MAX_NS / 2 ? 2 * wait : GATE_WAIT_MAX_NS)
    {
        closed = closed ||
                 RtMutex_LockTimed(&types->gate, wait, RT_LOCK_DETACH) ==
                     RT_LOCK_ACQUIRED;
        if (closed) {
            rt_atomic_store_int(&types->gate_wait_ns, wait);
        }
        result = attempt(interp, type, bases);
        // Only who holds the gate says how long the others wait: else they
        // would not let it get ahead.
        rt_assert(!closed ||
                  rt_atomic_load_int_owned(&types->gate_wait_ns) == wait);
    }
    if (closed) {
        RtMutex_Unlock(&types->gate);
    }
    return result;
}

int
RtType_SetBases(RtTypeObject *type, RtObject *value)
{
    if (check_value(type, value) < 0) {
        return -1;
    }
    RtInterpreterState *interp = RtThreadState_Get()->interp;
    SwitchResult result = OUTDATED;
    for (int i = 0; result == OUTDATED && i < VAIN_ATTEMPTS; i++) {
        result = attempt(interp, type, value);
    }
    if (result == OUTDATED) {
        result = attempt_behind_gate(interp, type, value);
    }
    if (result == FAILED) {
        return -1;
    }
    if (result == NO_MEMORY) {
        RtErr_NoMemory();
        return -1;
    }
    return 0;
}
