// types_init.c: readies the static types, makes the names that types look up.
//
// Runs once per process, with one thread. Afterwards nothing of a static type
// changes: its dict, MRO and bases are immortal and read without atomics.
// Mirrors Objects/object.c, _PyTypes_InitTypes (CPython 3.13); departs: none.

#include "rtcore_type.h"

#include "rt_module.h"
#include "rt_types.h"
#include "rtcore_code.h"        // types of the vm
#include "rtcore_types.h"
#include "rtcore_traceback.h"

RtObject *rt_name_class;
RtObject *rt_name_dict;
RtObject *rt_name_init;
RtObject *rt_name_eq;
RtObject *rt_name_hash;
RtObject *rt_name_name;
RtObject *rt_name_qualname;
RtObject *rt_name_bases;
RtObject *rt_name_mro;
RtObject *rt_name_slots;
RtObject *rt_name_weakref;
RtObject *rt_name_send;
RtObject *rt_name_throw;
RtObject *rt_name_close;
RtObject *rt_name_missing;
RtObject *rt_name_index;
RtObject *rt_name_int;
RtObject *rt_name_float;
RtObject *rt_name_trunc;
RtObject *rt_name_round;
RtObject *rt_name_format;
RtObject *rt_name_reversed;
RtObject *rt_name_length_hint;
RtObject *rt_name_new;
RtObject *rt_name_bytes;
RtObject *rt_name_dir;
RtObject *rt_name_init_subclass;
RtObject *rt_name_set_name;
RtObject *rt_name_module;
RtObject *rt_name_doc;
RtObject *rt_name_call;
RtObject *rt_name_enter;
RtObject *rt_name_exit;
RtObject *rt_name_keys;

// A base that stands below its derived type is readied with it.
static RtTypeObject *const static_types[] = {
    &RtBaseObject_Type, &RtType_Type, &RtNone_Type, &RtNotImplemented_Type,
    &RtLong_Type, &RtBool_Type, &RtFloat_Type, &RtSlice_Type,
    &RtGetSetDescr_Type, &RtSlotWrapper_Type, &RtBytes_Type, &RtByteArray_Type,
    &RtTextStream_Type,
    &RtStr_Type, &RtTuple_Type, &RtList_Type,
    &RtSet_Type, &RtFrozenSet_Type, &RtSetIter_Type,
    &RtDeque_Type, &RtDequeIter_Type, &RtDequeRevIter_Type,
    &RtCallIter_Type, &RtEnumerate_Type, &RtReversed_Type, &RtZip_Type,
    &RtMap_Type, &RtFilter_Type, &RtCount_Type, &RtCycle_Type, &RtChain_Type,
    &RtIslice_Type, &RtTee_Type, &RtTeeData_Type,
    &RtDict_Type, &RtDictKeys_Type, &RtDictValues_Type, &RtDictItems_Type,
    &RtCode_Type, &RtFunction_Type, &RtMethod_Type, &RtCFunction_Type,
    &RtMethodDescr_Type, &RtClassMethodDescr_Type, &RtSeqIter_Type,
    &RtDictKeyIter_Type, &RtDictValueIter_Type, &RtDictItemIter_Type,
    &RtDictRevKeyIter_Type, &RtDictRevValueIter_Type, &RtDictRevItemIter_Type,
    &RtRange_Type,
    &RtRangeIter_Type, &RtWeakref_Type, &RtWeakProxy_Type,
    &RtWeakCallableProxy_Type, &RtLock_Type, &RtThread_Type,
    &RtModule_Type,
    &RtExc_BaseException, &RtTraceback_Type, &RtTracebackFrame_Type,
    &RtRLock_Type, &RtCondition_Type, &RtEvent_Type, &RtSemaphore_Type,
    &RtBarrier_Type, &RtLocal_Type, &RtTwister_Type,
    &RtGen_Type, &RtCoro_Type, &RtCoroWrapper_Type,
    &RtCell_Type, &RtMember_Type, &RtProperty_Type,
    &RtClassMethod_Type, &RtStaticMethod_Type, &RtSuper_Type,
#define STATIC_EXCEPTION(name, base) &RtExc_##name,
    RT_EXCEPTION_ROWS(STATIC_EXCEPTION)
#undef STATIC_EXCEPTION
};

static int
make_names(void)
{
    const struct {
        RtObject **name;
        const char *text;
    } names[] = {
        { &rt_name_class, "__class__" }, { &rt_name_dict, "__dict__" },
        { &rt_name_init, "__init__" }, { &rt_name_missing, "__missing__" },
        { &rt_name_eq, "__eq__" }, { &rt_name_hash, "__hash__" },
        { &rt_name_name, "__name__" }, { &rt_name_bases, "__bases__" },
        { &rt_name_mro, "__mro__" }, { &rt_name_qualname, "__qualname__" },
        { &rt_name_slots, "__slots__" }, { &rt_name_weakref, "__weakref__" },
        { &rt_name_send, "send" }, { &rt_name_throw, "throw" },
        { &rt_name_close, "close" }, { &rt_name_call, "__call__" },
        { &rt_name_index, "__index__" },
        { &rt_name_int, "__int__" },
        { &rt_name_float, "__float__" },
        { &rt_name_trunc, "__trunc__" },
        { &rt_name_round, "__round__" },
        { &rt_name_format, "__format__" },
        { &rt_name_reversed, "__reversed__" },
        { &rt_name_length_hint, "__length_hint__" },
        { &rt_name_new, "__new__" },
        { &rt_name_bytes, "__bytes__" },
        { &rt_name_dir, "__dir__" },
        { &rt_name_init_subclass, "__init_subclass__" },
        { &rt_name_set_name, "__set_name__" },
        { &rt_name_module, "__module__" },
        { &rt_name_doc, "__doc__" },
        { &rt_name_enter, "__enter__" }, { &rt_name_exit, "__exit__" },
        { &rt_name_keys, "keys" },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        *names[i].name = RtStr_InternStatic(names[i].text);
        if (*names[i].name == NULL) {
            return -1;
        }
    }
    return 0;
}

int
RtTypes_Initialize(void)
{
    if (make_names() < 0 || RtTypeSlots_Initialize() < 0) {
        return -1;
    }
    RtExc_AddAttributes();
    size_t count = sizeof(static_types) / sizeof(static_types[0]);
    for (size_t i = 0; i < count; i++) {
        if (RtType_Ready(static_types[i]) < 0) {
            return -1;
        }
    }
    return RtLong_InitSmall() < 0 ? -1 : RtStr_InitChars();
}
