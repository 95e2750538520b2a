// ops.c: the table of operations and the text of special methods. Everything
// here is constant.

#include "program_internal.h"

#define FZ_G(group) FZ_GROUP_##group
const FzOpInfo fz_op_info[FZ_OP_COUNT] = {
#define FZ_OP(name, a, b, c, flags, python) \
    { #name, { FZ_ARG_##a, FZ_ARG_##b, FZ_ARG_##c }, (flags), (python) },
#include "ops.def"
};

static const FzMethodText eq_text[2][FZ_EQ_COUNT] = {
    {
        [FZ_EQ_TRUE] = { 1, { "return True" } },
        [FZ_EQ_ATTR] = { 1, { "return self.x == other.x" } },
        [FZ_EQ_GROW] = { 3, { "if len({g}) < 8:",
                              "    {g}.append(self.x)",
                              "return self is other" } },
        [FZ_EQ_CLEAR] = { 2, { "{g}.clear()", "return self is other" } },
        [FZ_EQ_YIELD] = { 2, { "sched_yield()",
                               "return self.x == other.x" } },
    },
    {
        [FZ_EQ_TRUE] = { 1, { "return True" } },
        [FZ_EQ_ATTR] = { 1, { "return self.x == other.x" } },
        [FZ_EQ_GROW] = { 3, { "if len({g}) < 8:",
                              "    {g}['g'] = self.x",
                              "return self is other" } },
        [FZ_EQ_CLEAR] = { 2, { "{g}.clear()", "return self is other" } },
        [FZ_EQ_YIELD] = { 2, { "sched_yield()",
                               "return self.x == other.x" } },
    },
};

static const FzMethodText hash_text[FZ_HASH_COUNT] = {
    [FZ_HASH_CONST] = { 1, { "return 1" } },
    [FZ_HASH_ATTR] = { 1, { "return hash(self.x)" } },
    [FZ_HASH_YIELD] = { 2, { "sched_yield()", "return 2" } },
};

static const FzMethodText del_text[2][FZ_DEL_COUNT] = {
    {
        [FZ_DEL_PUBLISH] = { 1, { "{g}.append(self.x)" } },
        [FZ_DEL_RESURRECT] = { 3, { "if not self.r:",
                                    "    self.r = True",
                                    "    {g}.append(self)" } },
        [FZ_DEL_COLLECT] = { 1, { "gc_collect()" } },
        [FZ_DEL_PASS] = { 1, { "pass" } },
        [FZ_DEL_YIELD] = { 1, { "sched_yield()" } },
        [FZ_DEL_PENDING] = { 1, { "pending_call(sched_yield)" } },
    },
    {
        [FZ_DEL_PUBLISH] = { 1, { "{g}['d'] = self.x" } },
        [FZ_DEL_RESURRECT] = { 3, { "if not self.r:",
                                    "    self.r = True",
                                    "    {g}['r'] = self" } },
        [FZ_DEL_COLLECT] = { 1, { "gc_collect()" } },
        [FZ_DEL_PASS] = { 1, { "pass" } },
        [FZ_DEL_YIELD] = { 1, { "sched_yield()" } },
        [FZ_DEL_PENDING] = { 1, { "pending_call(sched_yield)" } },
    },
};

const char *
FzMethod_Head(FzMethodKind kind)
{
    static const char *const heads[FZ_METHOD_KINDS] = {
        "__eq__(self, other)", "__hash__(self)", "__del__(self)",
    };
    return heads[kind];
}

const FzMethodText *
FzMethod_Text(FzMethodKind kind, uint8_t body, bool target_is_dict)
{
    switch (kind) {
    case FZ_METHOD_EQ:
        return &eq_text[target_is_dict][body];
    case FZ_METHOD_HASH:
        return &hash_text[body];
    default:
        return &del_text[target_is_dict][body];
    }
}

uint8_t
FzClass_Method(const FzClass *cls, FzMethodKind kind)
{
    return kind == FZ_METHOD_EQ ? cls->eq :
           kind == FZ_METHOD_HASH ? cls->hash : cls->del;
}

int
FzOp_Callee(const FzOp *op)
{
    switch (op->op) {
    case FZ_OP_INTERP_RUN:
        return op->c;
    case FZ_OP_INTERP_THREADS:
        return 0;               // the prelude's duo() runs f0
    default:
        return fz_op_info[op->op].args[0] == FZ_ARG_FUNC ? op->a : -1;
    }
}
