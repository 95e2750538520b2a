// fused_cases.h: the loop's handlers of sequences of instructions (fused.def).
// Part of RtEvalOp_RunFrame() in ceval.c and of nothing else.
//
// A handler does what its sequence does, without touching the value stack in
// between, or has no effect and leaves the sequence to the handlers of its
// instructions. It raises nothing. Who jumps into the middle of a sequence
// finds the instructions there.

#define RIGHT_LOCAL (locals[ip[1].arg])
#define RIGHT_CONST (ip[1].constant)
// As an int without an object, or NULL (RtEval_TranslateCode()).
#define RIGHT_INT ((RtStackRef){ ip[1].cache })

#define COMPARE_JUMP(name, right, wanted) \
    FUSED(name): { \
        int64_t x; \
        int64_t y; \
        if (!RtFused_GetInt(locals[ip[0].arg], &x) || \
            !RtFused_GetInt((right), &y)) \
        { \
            goto target_LOAD_FAST; \
        } \
        bool truth = RtFused_Compare(x, y, ip[2].arg); \
        ip += 3; \
        if (truth == (wanted)) { \
            JUMP(); \
        } \
        NEXT(); \
    }

    COMPARE_JUMP(LL_COMPARE_IF_FALSE, RIGHT_LOCAL, false)
    COMPARE_JUMP(LC_COMPARE_IF_FALSE, RIGHT_INT, false)
    COMPARE_JUMP(LL_COMPARE_IF_TRUE, RIGHT_LOCAL, true)
    COMPARE_JUMP(LC_COMPARE_IF_TRUE, RIGHT_INT, true)

// The rest of a sequence whose last instruction stores `result`.
#define STORE_RESULT(last) \
    do { \
        RtStackRef *local = &locals[ip[last].arg]; \
        RtStackRef old = *local; \
        if (!RtFused_StoreInt(tstate, local, result)) { \
            goto target_LOAD_FAST; \
        } \
        ip += (last); \
        if (!RtStackRef_IsNull(old)) { \
            RtFused_Close(tstate, old); \
        } \
        NEXT(); \
    } while (0)

#define BINARY_STORE_OF(name, right) \
    FUSED(name): { \
        int64_t result; \
        if (!RtFused_CalculateOf(locals[ip[0].arg], (right), ip[2].arg, \
                                 &result)) \
        { \
            goto target_LOAD_FAST; \
        } \
        STORE_RESULT(3); \
    }

    BINARY_STORE_OF(LL_BINARY_STORE, RIGHT_LOCAL)
    BINARY_STORE_OF(LC_BINARY_STORE, RIGHT_INT)

#define BINARY_BINARY_STORE_OF(name, right) \
    FUSED(name): { \
        int64_t x; \
        int64_t y; \
        int64_t result; \
        if (!RtFused_GetInt(locals[ip[0].arg], &x) || \
            !RtFused_CalculateOf(locals[ip[1].arg], (right), ip[3].arg, \
                                 &y) || \
            !RtFused_Calculate(x, y, ip[4].arg, &result)) \
        { \
            goto target_LOAD_FAST; \
        } \
        STORE_RESULT(5); \
    }

    BINARY_BINARY_STORE_OF(LLL_BINARY_BINARY_STORE, locals[ip[2].arg])
    BINARY_BINARY_STORE_OF(LLC_BINARY_BINARY_STORE,
                           (RtStackRef){ ip[2].cache })

#define BINARY_OF(name, right) \
    FUSED(name): { \
        int64_t result; \
        RtObject *made = NULL; \
        if (RtFused_CalculateOf(locals[ip[0].arg], (right), ip[2].arg, \
                                &result)) \
        { \
            made = RtLong_TryMake(tstate, result); \
        } \
        if (made == NULL) { \
            goto target_LOAD_FAST; \
        } \
        PUSH(RtFused_FromObject(made, result)); \
        ip += 2; \
        NEXT(); \
    }

    BINARY_OF(LL_BINARY, RIGHT_LOCAL)
    BINARY_OF(LC_BINARY, RIGHT_INT)

    FUSED(BINARY_STORE): {
        int64_t result;
        RtStackRef *local = &locals[ip[1].arg];
        RtStackRef old = *local;
        if (!RtFused_CalculateOf(SECOND(), TOP(), ip[0].arg, &result) ||
            !RtFused_StoreInt(tstate, local, result))
        {
            goto target_BINARY_OP;
        }
        sp -= 2;
        ip += 1;
        RtStackRef lower = sp[0];
        RtStackRef upper = sp[1];
        frame->stackpointer = sp;
        if (!RtStackRef_IsNull(old)) {
            RtFused_Close(tstate, old);
        }
        RtFused_Close(tstate, lower);
        RtFused_Close(tstate, upper);
        NEXT();
    }

// A sequence that stores a local: `store` gives the old value, or NULL.
#define STORE_LOCAL(store, last) \
    do { \
        RtObject *old = (store); \
        if (old == NULL) { \
            goto target_LOAD_FAST; \
        } \
        ip += (last); \
        frame->instr_ptr = ip; \
        RtLong_Drop(tstate, old); \
        NEXT(); \
    } while (0)

    FUSED(LLL_STORE_SUBSCR):
        STORE_LOCAL(RtFused_StoreItem(tstate, ip + 3, locals[ip[1].arg],
                                      locals[ip[2].arg], locals[ip[0].arg]),
                    3);

    FUSED(LLC_STORE_SUBSCR):
        STORE_LOCAL(RtFused_StoreItem(tstate, ip + 3, locals[ip[1].arg],
                                      ip[2].constant, locals[ip[0].arg]), 3);

    FUSED(LL_STORE_ATTR):
        STORE_LOCAL(RtFused_StoreAttr(tstate, ip + 2, locals[ip[1].arg],
                                      locals[ip[0].arg]), 2);

#define SUBSCR_OF(name, key) \
    FUSED(name): { \
        RtStackRef item = RtFused_Item(tstate, ip + 2, locals[ip[0].arg], \
                                       (key)); \
        if (RtStackRef_IsNull(item)) { \
            goto target_LOAD_FAST; \
        } \
        PUSH(item); \
        ip += 2; \
        NEXT(); \
    }

    SUBSCR_OF(LL_SUBSCR, RIGHT_LOCAL)
    SUBSCR_OF(LC_SUBSCR, RIGHT_CONST)

    FUSED(L_ATTR): {
        RtStackRef value = RtFused_Attr(tstate, ip + 1, locals[ip[0].arg]);
        if (RtStackRef_IsNull(value)) {
            goto target_LOAD_FAST;
        }
        PUSH(value);
        ip += 1;
        NEXT();
    }

    FUSED(FOR_STORE): {
        int64_t number;
        RtObject *iter = OBJECT(TOP());
        RtStackRef *local = &locals[ip[1].arg];
        RtStackRef old = *local;
        if (!RtFused_PeekRange(iter, &number) ||
            !RtFused_StoreInt(tstate, local, number))
        {
            goto target_FOR_ITER;
        }
        // Before anything is dropped, whose destructor may ask it too.
        RtFused_AdvanceRange(iter);
        if (!RtStackRef_IsNull(old)) {
            RtFused_Close(tstate, old);
        }
        ip += 1;
        NEXT();
    }
