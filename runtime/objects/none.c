// none.c: None and NotImplemented.
//
// Both are immortal and never change: their destructor is an error.
// Mirrors Objects/object.c (CPython 3.13); departs: their hashes are constants,
// not addresses.

#include "rtcore_object.h"

#include "rt_errors.h"
#include "rt_types.h"

static void
singleton_dealloc(RtObject *self)
{
    Rt_FatalError("singleton_dealloc", Rt_TYPE(self)->tp_name);
}

static RtObject *
none_repr(RtObject *self)
{
    (void)self;
    return RtStr_FromString("None");
}

static RtObject *
not_implemented_repr(RtObject *self)
{
    (void)self;
    return RtStr_FromString("NotImplemented");
}

// Constants, because an address would make the order of programs' dicts and
// the decisions behind it differ between processes.
static ssize_t
none_hash(RtObject *self)
{
    (void)self;
    return 0xfca86420;
}

static ssize_t
not_implemented_hash(RtObject *self)
{
    (void)self;
    return 0x1ca86421;
}

static int
none_bool(RtObject *self)
{
    (void)self;
    return 0;
}

RtTypeObject RtNone_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "NoneType",
    .tp_basicsize = sizeof(RtObject),
    .tp_dealloc = singleton_dealloc,
    .tp_repr = none_repr,
    .tp_hash = none_hash,
    .nb_bool = none_bool,
};

RtTypeObject RtNotImplemented_Type = {
    .ob_base = RT_VAROBJECT_HEAD_IMMORTAL(&RtType_Type),
    .tp_name = "NotImplementedType",
    .tp_basicsize = sizeof(RtObject),
    .tp_dealloc = singleton_dealloc,
    .tp_repr = not_implemented_repr,
    .tp_hash = not_implemented_hash,
};

RtObject rt_none_struct = RT_OBJECT_HEAD_IMMORTAL(&RtNone_Type);
RtObject rt_not_implemented_struct =
    RT_OBJECT_HEAD_IMMORTAL(&RtNotImplemented_Type);
