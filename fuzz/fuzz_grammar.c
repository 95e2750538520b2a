// fuzz_grammar.c: Python programs from bytes (fuzz_grammar.h). Each byte is
// a choice; when none are left, each choice is the first, which ends what can
// end. Depth and number of statements are bounded.

#include "fuzz_grammar.h"

#include <stdarg.h>

enum { MAX_DEPTH = 4, MAX_STATEMENTS = 60, MAX_NESTING = 4 };

typedef struct Writer {
    const uint8_t *at, *end;
    FzBuf *out;
    int indent;
    int statements;
    bool function;              // inside of one
    bool loop;
} Writer;

static void put(Writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static uint32_t
choose(Writer *w, uint32_t n)
{
    return w->at < w->end ? *w->at++ % n : 0;
}

static void
put(Writer *w, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    FzBuf_Printf(w->out, "%s", text);
}

static void
begin_line(Writer *w)
{
    for (int i = 0; i < w->indent; i++) {
        put(w, "    ");
    }
}

static void write_int(Writer *w, int depth);
static void write_any(Writer *w, int depth);

// ---------------------------------------------------------------------------
// Expressions

static void
write_comparison(Writer *w, int depth)
{
    static const char *const operators[] = {"<", "==", "!=", ">=", "is",
                                            "is not", "<="};
    write_int(w, depth + 1);
    put(w, " %s ", operators[choose(w, 7)]);
    write_int(w, depth + 1);
    if (choose(w, 4) == 1) {
        put(w, " < ");          // a chain
        write_int(w, depth + 1);
    }
}

static void
write_condition(Writer *w, int depth)
{
    switch (depth > MAX_DEPTH ? 0 : choose(w, 7)) {
    case 0:
        put(w, "i%u", choose(w, 3));
        break;
    case 1:
    case 2:
        write_comparison(w, depth);
        break;
    case 3:
        put(w, "not ");
        write_condition(w, depth + 1);
        break;
    case 4:
        put(w, "(");
        write_condition(w, depth + 1);
        put(w, choose(w, 2) ? " and " : " or ");
        write_condition(w, depth + 1);
        put(w, ")");
        break;
    case 5:
        write_any(w, depth + 1);
        put(w, choose(w, 2) ? " not in " : " in ");
        put(w, choose(w, 2) ? "l%u" : "d%u", choose(w, 2));
        break;
    default:
        put(w, "isinstance(");
        write_any(w, depth + 1);
        put(w, ", (int, str)[%u])", choose(w, 2));
        break;
    }
}

static void
write_call(Writer *w, int depth)
{
    put(w, "f%u(", choose(w, 3));
    write_int(w, depth + 1);
    switch (choose(w, 5)) {
    case 1:
        put(w, ", k=");
        write_int(w, depth + 1);
        break;
    case 2:
        put(w, ", *l%u", choose(w, 2));
        break;
    case 3:
        put(w, ", **{'k': i%u}", choose(w, 3));
        break;
    default:
        break;
    }
    put(w, ")");
}

static void
write_arithmetic(Writer *w, int depth)
{
    static const char *const operators[] = {"+", "-", "*", "//", "%", "&", "|",
                                            "^", ">>"};
    put(w, "((");
    write_int(w, depth + 1);
    put(w, " %s ", operators[choose(w, 9)]);
    write_int(w, depth + 1);
    put(w, ") %% 1000)");
}

static void
write_int(Writer *w, int depth)
{
    static const char *const prefixes[] = {"-", "~", "+", "not "};
    switch (depth > MAX_DEPTH ? choose(w, 2) : choose(w, 11)) {
    case 0:
        put(w, "i%u", choose(w, 3));
        break;
    case 1:
        put(w, "%d", (int)choose(w, 256) - 100);
        break;
    case 2:
    case 3:
        write_arithmetic(w, depth);
        break;
    case 4:
        put(w, "(%s", prefixes[choose(w, 4)]);
        write_int(w, depth + 1);
        put(w, ")");
        break;
    case 5:
        put(w, choose(w, 2) ? "len(s%u)" : "len(l%u)", choose(w, 2));
        break;
    case 6:
        put(w, "(");
        write_int(w, depth + 1);
        put(w, " if ");
        write_condition(w, depth + 1);
        put(w, " else ");
        write_int(w, depth + 1);
        put(w, ")");
        break;
    case 7:
        put(w, "(i%u := ", choose(w, 3));
        write_int(w, depth + 1);
        put(w, ")");
        break;
    case 8:
        put(w, "sum(x %% 100 for x in l%u if isinstance(x, int))",
            choose(w, 2));
        break;
    case 9:
        put(w, "(lambda a, b=%u: (a + b) %% 100)(", choose(w, 9));
        write_int(w, depth + 1);
        put(w, ")");
        break;
    default:
        write_call(w, depth);
        break;
    }
}

static void
write_str(Writer *w, int depth)
{
    static const char *const constants[] = {
        "''", "'a'", "\"b\\n\"", "'\\u00e9x'", "r'\\d'", "'k' 'l'",
    };
    switch (depth > MAX_DEPTH ? 0 : choose(w, 6)) {
    case 0:
        put(w, "s%u", choose(w, 2));
        break;
    case 1:
        put(w, "%s", constants[choose(w, 6)]);
        break;
    case 2:
        put(w, "f'{");
        put(w, "i%u", choose(w, 3));
        put(w, choose(w, 2) ? "!r:>4}-{s%u}'" : "}{s%u:.3}'", choose(w, 2));
        break;
    case 3:
        put(w, "s%u[%d:%u]", choose(w, 2), (int)choose(w, 8) - 4,
            choose(w, 6));
        break;
    case 4:
        put(w, "(");
        write_str(w, depth + 1);
        put(w, " + ");
        write_str(w, depth + 1);
        put(w, ")");
        break;
    default:
        put(w, "str(");
        write_int(w, depth + 1);
        put(w, ")");
        break;
    }
}

static void
write_list(Writer *w, int depth)
{
    switch (choose(w, 6)) {
    case 0:
        put(w, "[]");
        break;
    case 1:
        put(w, "[");
        write_int(w, depth + 1);
        put(w, ", ");
        write_str(w, depth + 1);
        put(w, "]");
        break;
    case 2:
        put(w, "[*l%u[:4], i%u]", choose(w, 2), choose(w, 3));
        break;
    case 3:
        put(w, "[x for x in l%u if x != i%u]", choose(w, 2), choose(w, 3));
        break;
    case 4:
        put(w, "[(x + y) %% 100 for x in range(%u) for y in range(%u)]",
            choose(w, 4), choose(w, 4));
        break;
    default:
        put(w, "l%u[%u::%d]", choose(w, 2), choose(w, 3),
            choose(w, 2) ? -1 : 2);
        break;
    }
}

static void
write_dict(Writer *w, int depth)
{
    switch (choose(w, 4)) {
    case 0:
        put(w, "{}");
        break;
    case 1:
        put(w, "{");
        write_int(w, depth + 1);
        put(w, ": ");
        write_str(w, depth + 1);
        put(w, "}");
        break;
    case 2:
        put(w, "{x: i%u for x in range(%u)}", choose(w, 3), choose(w, 6));
        break;
    default:
        put(w, "{**d%u, 'k': i%u}", choose(w, 2), choose(w, 3));
        break;
    }
}

static void
write_any(Writer *w, int depth)
{
    switch (depth > MAX_DEPTH ? 0 : choose(w, 7)) {
    case 0:
        write_int(w, depth);
        break;
    case 1:
        write_str(w, depth);
        break;
    case 2:
        put(w, "l%u[", choose(w, 2));
        write_int(w, depth + 1);
        put(w, "]");
        break;
    case 3:
        put(w, "d%u.get(", choose(w, 2));
        write_int(w, depth + 1);
        put(w, ")");
        break;
    case 4:
        put(w, "(i%u, s%u)", choose(w, 3), choose(w, 2));
        break;
    case 5:
        put(w, "o.a%u", choose(w, 2));
        break;
    default:
        put(w, "{i%u, %u}", choose(w, 3), choose(w, 9));
        break;
    }
}

// ---------------------------------------------------------------------------
// Statements

static void write_block(Writer *w);

static void
write_assignment(Writer *w)
{
    switch (choose(w, 9)) {
    case 0:
        put(w, "i%u = ", choose(w, 3));
        write_int(w, 0);
        break;
    case 1:
        put(w, "s%u = ", choose(w, 2));
        put(w, "(");
        write_str(w, 1);
        put(w, ")[:8]");
        break;
    case 2:
        put(w, "l%u = ", choose(w, 2));
        write_list(w, 0);
        break;
    case 3:
        put(w, "d%u = ", choose(w, 2));
        write_dict(w, 0);
        break;
    case 4:
        put(w, "i%u, (i%u, *l%u) = %u, (i%u, 1, 2)", choose(w, 3),
            choose(w, 3), choose(w, 2), choose(w, 9), choose(w, 3));
        break;
    case 5:
        put(w, "l%u[%d] = ", choose(w, 2), (int)choose(w, 5) - 2);
        write_int(w, 1);
        break;
    case 6:
        put(w, "d%u[", choose(w, 2));
        write_int(w, 1);
        put(w, "] = ");
        write_str(w, 2);
        break;
    case 7:
        put(w, "o.a%u = i%u = ", choose(w, 2), choose(w, 3));
        write_int(w, 1);
        break;
    default:
        put(w, "i%u %s= ", choose(w, 3),
            (const char *const[]){"+", "-", "&", "|", "^"}[choose(w, 5)]);
        put(w, "(");
        write_int(w, 1);
        put(w, ") %% 50");
        break;
    }
    put(w, "\n");
}

static void
write_simple(Writer *w)
{
    switch (choose(w, 11)) {
    case 0:
        put(w, "pass\n");
        break;
    case 1:
        put(w, "l%u.append(i%u)\n", choose(w, 2), choose(w, 3));
        break;
    case 2:
        put(w, "del l%u[%u:]\n", choose(w, 2), choose(w, 5));
        break;
    case 3:
        put(w, "assert ");
        write_condition(w, 1);
        put(w, ", s%u\n", choose(w, 2));
        break;
    case 4:
        put(w, "raise (ValueError, KeyError, TypeError)[%u]", choose(w, 3));
        put(w, choose(w, 2) ? "(i0)\n" : "('x') from None\n");
        break;
    case 5:
        put(w, w->loop ? (choose(w, 2) ? "break\n" : "continue\n")
                       : "i0 = 0\n");
        break;
    case 6:
        if (w->function) {
            put(w, "return ");
            write_int(w, 1);
        }
        else {
            put(w, "print(i0, s0, sep='')");
        }
        put(w, "\n");
        break;
    case 7:
        write_any(w, 0);
        put(w, "\n");
        break;
    case 8:
        put(w, "l%u.sort(key=lambda x: str(x), reverse=i0 > 1)\n",
            choose(w, 2));
        break;
    case 9:
        put(w, "i%u = f%u(i%u) %% 1000\n", choose(w, 3), choose(w, 3),
            choose(w, 3));
        break;
    default:
        put(w, "d%u.pop(i%u, None); i0 = 1\n", choose(w, 2), choose(w, 3));
        break;
    }
}

static void
write_try(Writer *w)
{
    put(w, "try:\n");
    write_block(w);
    if (choose(w, 4) != 3) {
        begin_line(w);
        put(w, choose(w, 2) ? "except (ValueError, KeyError) as e:\n"
                            : "except Exception:\n");
        write_block(w);
        if (choose(w, 3) == 2) {
            begin_line(w);
            put(w, "else:\n");
            write_block(w);
        }
        if (choose(w, 3) != 2) {
            return;
        }
    }
    begin_line(w);
    put(w, "finally:\n");
    write_block(w);
}

static void
write_match(Writer *w)
{
    static const char *const patterns[] = {
        "0 | 1", "int(a)", "str()", "[x, *_]", "{'k': v}", "(1, y) as z",
        "int() if i0 > 3", "None",
    };
    put(w, "match ");
    write_any(w, 1);
    put(w, ":\n");
    w->indent++;
    for (uint32_t n = 1 + choose(w, 3); n > 0; n--) {
        begin_line(w);
        put(w, "case %s:\n", patterns[choose(w, 8)]);
        write_block(w);
    }
    begin_line(w);
    put(w, "case _:\n");
    write_block(w);
    w->indent--;
}

static void
write_function(Writer *w)
{
    static const char *const heads[] = {
        "def f%u(a, k=2, *rest, **more):\n", "def f%u(a, /, *, k=i0):\n",
        "def f%u(a=1, *rest, k=3):\n", "def f%u(a, k=1, *, j=0):\n",
    };
    bool function = w->function, loop = w->loop;
    uint32_t head = choose(w, 4);
    if (choose(w, 6) == 5) {
        put(w, "@(lambda f: f)\n");
        begin_line(w);
    }
    w->function = true;
    w->loop = false;
    put(w, heads[head], choose(w, 3));
    w->indent++;
    begin_line(w);
    put(w, choose(w, 3) == 2 ? "global i0, i1, i2, s0, s1, l0, l1, d0, d1\n"
                             : "i0 = i1 = i2 = a; s0 = s1 = ''; "
                               "l0 = [a]; l1 = []; d0 = {}; d1 = {}\n");
    w->indent--;
    write_block(w);
    if (choose(w, 5) == 4) {
        w->indent++;
        begin_line(w);
        put(w, "def inner():\n");
        begin_line(w);
        put(w, "    nonlocal a\n");
        begin_line(w);
        put(w, "    a += 1; return a\n");
        begin_line(w);
        put(w, "return inner() %% 100\n");
        w->indent--;
    }
    w->function = function;
    w->loop = loop;
}

static void
write_class(Writer *w)
{
    put(w, choose(w, 2) ? "class C(B):\n" : "class C:\n");
    w->indent++;
    begin_line(w);
    put(w, "a0 = i0; a1 = [x for x in (1, 2)]\n");
    begin_line(w);
    put(w, "def __init__(self): super().__init__(); self.b = 1\n");
    if (choose(w, 2) == 1) {
        begin_line(w);
        put(w, "@property\n");
        begin_line(w);
        put(w, "def p(self): return self.b\n");
    }
    w->indent--;
    begin_line(w);
    put(w, "o = C()\n");
}

static void
write_generator(Writer *w)
{
    put(w, "def g():\n");
    begin_line(w);
    put(w, "    x = yield %u\n", choose(w, 9));
    begin_line(w);
    put(w, choose(w, 2) ? "    yield from (1, 2)\n"
                        : "    yield from l0[:3]\n");
    begin_line(w);
    put(w, "l%u = [x for x in g()]\n", choose(w, 2));
}

static void
write_loop(Writer *w)
{
    bool loop = w->loop;
    if (choose(w, 3) == 0) {
        put(w, "for i%u in range(%u):\n", choose(w, 3), choose(w, 4));
    }
    else if (choose(w, 2) == 0) {
        put(w, "for n, x in enumerate(l%u[:3]):\n", choose(w, 2));
    }
    else {
        put(w, "n = %u\n", choose(w, 4));
        begin_line(w);
        put(w, "while (n := n - 1) > 0:\n");
    }
    w->loop = true;
    write_block(w);
    w->loop = loop;
    if (choose(w, 4) == 3) {
        begin_line(w);
        put(w, "else:\n");
        write_block(w);
    }
}

static void
write_statement(Writer *w)
{
    w->statements++;
    begin_line(w);
    bool deep = w->indent >= MAX_NESTING;
    switch (deep ? choose(w, 4) : choose(w, 14)) {
    case 0:
    case 1:
        write_simple(w);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        write_assignment(w);
        break;
    case 6:
    case 7:
        put(w, "if ");
        write_condition(w, 0);
        put(w, ":\n");
        write_block(w);
        if (choose(w, 2) == 1) {
            begin_line(w);
            put(w, "else:\n");
            write_block(w);
        }
        break;
    case 8:
        write_loop(w);
        break;
    case 9:
        write_try(w);
        break;
    case 10:
        write_match(w);
        break;
    case 11:
        write_function(w);
        break;
    case 12:
        put(w, "with B()%s:\n", choose(w, 2) ? " as b" : "");
        write_block(w);
        break;
    default:
        (choose(w, 2) ? write_class : write_generator)(w);
        break;
    }
}

static void
write_block(Writer *w)
{
    w->indent++;
    uint32_t n = 1 + choose(w, 3);
    do {
        write_statement(w);
    } while (--n > 0 && w->statements < MAX_STATEMENTS);
    w->indent--;
}

void
FuzzSource_Write(const uint8_t *data, size_t size, FzBuf *out)
{
    Writer w = {.at = data, .end = data + size, .out = out};
    put(&w, "class B:\n"
            "    def __enter__(self): return self\n"
            "    def __exit__(self, *what): return False\n"
            "def f0(a, *rest, k=1): return a\n"
            "f1 = f2 = f0\n"
            "i0, i1, i2 = 1, 2, 3\n");
    put(&w, "s0, s1 = 'a', 'bc'\n"
            "l0, l1 = [1, 2, 3], ['x']\n"
            "d0, d1 = {1: 2}, {'k': 'v'}\n"
            "o = B(); o.a0 = o.a1 = 0\n");
    while (w.at < w.end && w.statements < MAX_STATEMENTS) {
        write_statement(&w);
    }
}
