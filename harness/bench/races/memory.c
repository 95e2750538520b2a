// memory.c: which bytes an access touches, ranges, and the life of blocks.

#include "races.h"

static union {
    uint64_t whole;
    uint32_t half[2];
    uint16_t quarter[4];
    uint8_t byte[16];
} word __attribute__((aligned(16)));

static struct {
    unsigned a : 3, b : 5;
    unsigned : 0;
    unsigned c : 3;
} bits;

static struct __attribute__((packed)) {
    char before;
    uint32_t value;
    uint16_t behind;
} odd;

RACE2(bytes_beside, { word.byte[0] = 1; }, { word.byte[1] = 1; })
RACE2(bytes_same, { word.byte[3] = 1; }, { use(word.byte[3]); })
RACE2(halves, { word.half[0] = 1; }, { word.half[1] = 1; })
RACE2(byte_in_word, { word.whole = 1; }, { use(word.byte[7]); })
RACE2(quarter_in_half, { word.quarter[1] = 1; }, { use(word.half[0]); })
RACE2(quarter_in_other_half, { word.quarter[1] = 1; }, { use(word.half[1]); })
RACE2(bits_one_unit, { bits.a = 1; }, { bits.b = 1; })
RACE2(bits_apart, { bits.a = 1; }, { bits.c = 1; })
RACE2(odd_overlap, { odd.value = 1; }, { use(odd.value); })
RACE2(odd_beside, { odd.value = 1; }, { odd.before = 1; odd.behind = 1; })

// Across a boundary of eight bytes.
static struct __attribute__((packed, aligned(16))) {
    char pad[6];
    uint32_t value;
    char behind;
} across;

RACE2(across_end, { across.value = 1; },
      { use(((uint8_t *)&across.value)[3]); })
RACE2(across_beside, { across.value = 1; }, { across.behind = 1; })

// ---- Ranges.

static struct Large {
    char text[200];
} large, copy_a, copy_b;
static char text[64] = "a text";
static char target[64];

RACE2(struct_copy, { copy_a = large; }, { large.text[100] = 1; })
RACE2(struct_copies, { copy_a = large; }, { copy_b = large; })
RACE2(copy_overlap, { memcpy(large.text, copy_a.text, 100); },
      { memcpy(copy_b.text, large.text + 99, 50); })
RACE2(copy_beside, { memcpy(large.text, copy_a.text, 100); },
      { memcpy(large.text + 100, copy_b.text, 100); })
RACE2(move_overlap, { memmove(large.text, large.text + 10, 50); },
      { large.text[59] = 1; })
RACE2(set_overlap, { memset(large.text, 1, sizeof(large.text)); },
      { use(large.text[199]); })
RACE2(set_beside, { memset(large.text, 1, 199); }, { use(large.text[199]); })
RACE2(string_copy, { strcpy(target, text); }, { use(target[6]); })
RACE2(string_copy_beside, { strcpy(target, text); }, { target[7] = 1; })
RACE2(string_copy_from, { strcpy(target, text); }, { text[2] = 'x'; })
RACE2(string_copy_n, { strncpy(target, text, 20); }, { use(target[19]); })
RACE2(string_length, { use((long)strlen(text)); }, { text[3] = 'x'; })
RACE2(string_compare, { use(strcmp(text, "a tent")); }, { text[0] = 'b'; })
RACE2(string_find, { use_pointer(strchr(text, 't')); }, { text[1] = 'x'; })
RACE2(string_append, { strcat(target, text); }, { use(target[0]); })
RACE2(memory_compare, { use(memcmp(large.text, copy_a.text, 150)); },
      { large.text[120] = 1; })
RACE2(memory_find, { use_pointer(memchr(text, 'q', 30)); }, { text[29] = 1; })
RACE2(string_reads, { use((long)strlen(text)); strcpy(target, text); },
      { use(strcmp(text, "a tent")); })

// ---- Blocks.

static char *block;

static void *
write_block(void *arg)
{
    block[3] = 1;
    return arg;
}

static void *
free_block(void *arg)
{
    free(block);
    return arg;
}

static void *
resize_block(void *arg)
{
    block = realloc(block, 4000);
    return arg;
}

static void *
resize_own(void *arg)
{
    char *mine = block;
    use_pointer(realloc(mine, 4000));
    return arg;
}

static void
on_block(void *(*a)(void *), void *(*b)(void *), bool first_joined)
{
    block = malloc(32);
    memset(block, 0, 32);
    pthread_t thread = spawn(a, NULL);
    if (first_joined) {
        join(thread);
    }
    pthread_t another = spawn(b, NULL);
    join(another);
    if (!first_joined) {
        join(thread);
    }
}

RACE_BODY(free_beside_write)
{
    on_block(write_block, free_block, false);
}

RACE_BODY(free_joined)
{
    on_block(write_block, free_block, true);
}

RACE_BODY(resize_beside_write)
{
    on_block(write_block, resize_own, false);
}

RACE_BODY(resize_joined)
{
    on_block(resize_block, write_block, true);
}

static void *
own_block(void *arg)
{
    for (int i = 0; i < 5; i++) {
        char *mine = malloc(64);
        memset(mine, i, 64);
        use(mine[i]);
        free(mine);
    }
    return arg;
}

// What one has freed the other may get.
RACE_BODY(blocks_reused)
{
    pthread_t a = spawn(own_block, NULL);
    pthread_t b = spawn(own_block, NULL);
    join(a);
    join(b);
}

static char *_Atomic given;

RACE2(given_and_freed,
      { char *mine = malloc(8); mine[0] = 1;
        atomic_store_explicit(&given, mine, memory_order_release); },
      { char *there = atomic_load_explicit(&given, memory_order_acquire);
        if (there != NULL) { use(there[0]); free(there); } })
RACE2(given_and_used,
      { char *mine = malloc(8); mine[0] = 1;
        atomic_store_explicit(&given, mine, memory_order_release);
        use(mine[0]); },
      { char *there = atomic_load_explicit(&given, memory_order_acquire);
        if (there != NULL) { there[0] = 2; } })
RACE2(duplicate_given,
      { char *mine = strdup(text);
        atomic_store_explicit(&given, mine, memory_order_relaxed); },
      { char *there = atomic_load_explicit(&given, memory_order_relaxed);
        if (there != NULL) { use(there[2]); } })
RACE2(zeroed_given_relaxed,
      { char *mine = calloc(1, 8);
        atomic_store_explicit(&given, mine, memory_order_relaxed); },
      { char *there = atomic_load_explicit(&given, memory_order_relaxed);
        if (there != NULL) { use(there[0]); } })
RACE2(zeroed_given,
      { char *mine = calloc(1, 8);
        atomic_store_explicit(&given, mine, memory_order_release); },
      { char *there = atomic_load_explicit(&given, memory_order_acquire);
        if (there != NULL) { there[0]++; } })

// ---- More accesses than a detector of fixed size remembers.

static void
read_it(void)
{
    use(data);
}

static void
read_then_count(void)
{
    use(data);
    atomic_fetch_add(&flag, 1);
}

static void
write_after_four(void)
{
    for (int i = 0; i < 100 && GET(acquire) < 4; i++) {
        nap();
    }
    data = 1;
}

extern const RaceCase race_readers_many;
const RaceCase race_readers_many = {
    .threads = {read_it, read_then_count, read_then_count, read_then_count,
                read_then_count, write_after_four},
};

enum { MANY = 20000 };
static int many[MANY];

RACE2(write_long_ago,
      { data = 1; for (int i = 0; i < MANY; i++) { many[i] = i; } },
      { nap(); nap(); use(data); })
