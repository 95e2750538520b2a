// timsort.c: the stable merge sort of lists, over pairs of key and value.
//
// Natural runs, short ones lengthened by binary insertion, are merged in the
// order that a balanced tree over them would have (powersort); a merge gallops
// where one side wins again and again. Which keys are compared, and in which
// order, is seen by a user's __lt__, and where the pairs are left when one
// raises is seen in the list: both are CPython's. At any time the pairs hold
// every item once, but for those in the temporary memory of a merge, which
// fill its gap when it ends or fails.
// Mirrors binarysort, count_run, merge_at, gallop_left, found_new_run in
// Objects/listobject.c (CPython 3.13); departs: pairs instead of two arrays;
// memory is had beforehand; tuples have no comparison of their own.

#include "rtcore_types.h"

#include <string.h>

#include "rtcore_assert.h"
#include "rtcore_type.h"

enum { MAX_MINRUN = 64, MIN_GALLOP = 7, MAX_RUNS = 64 };

typedef RtSortEntry Entry;

typedef struct Run {
    Entry *base;
    ssize_t length;
    int power;                  // of the boundary to the next run
} Run;

typedef struct Timsort {
    Entry *entries;
    ssize_t size;
    Entry *temp;                // half as many
    // tp_richcompare of all keys, if they are of one type.
    richcmpfunc compare;
    ssize_t min_gallop;
    int nruns;
    Run runs[MAX_RUNS];
} Timsort;

// ---------------------------------------------------------------------------
// Comparing.

static int
truth_and_drop(RtObject *answer)
{
    if (answer == NULL) {
        return -1;
    }
    int truth = RtObject_IsTrue(answer);
    Rt_DECREF(answer);
    return truth;
}

// 1, 0, or -1 with an exception. A comparison that is not implemented is asked
// for once more, the long way.
static int
less_than(const Timsort *ts, const Entry *x, const Entry *y)
{
    RtObject *a = x->key;
    RtObject *b = y->key;
    if (RtLong_CheckExact(a) && RtLong_CheckExact(b)) {
        return RtLong_Compare(a, b) < 0;
    }
    if (ts->compare != NULL && Rt_TYPE(a)->tp_richcompare == ts->compare) {
        RtObject *answer = ts->compare(a, b, RT_LT);
        if (answer != Rt_NotImplemented) {
            return truth_and_drop(answer);
        }
    }
    return truth_and_drop(RtObject_RichCompare(a, b, RT_LT));
}

static richcmpfunc
common_compare(const Entry *entries, ssize_t n)
{
    const RtTypeObject *type = Rt_TYPE(entries[0].key);
    for (ssize_t i = 1; i < n; i++) {
        if (Rt_TYPE(entries[i].key) != type) {
            return NULL;
        }
    }
    return type->tp_richcompare;
}

// ---------------------------------------------------------------------------
// Runs.

void
RtSort_Reverse(RtSortEntry *entries, ssize_t n)
{
    for (ssize_t i = 0; i < n / 2; i++) {
        Entry entry = entries[i];
        entries[i] = entries[n - 1 - i];
        entries[n - 1 - i] = entry;
    }
}

// Where a run that ascends up to i ends; -1.
static ssize_t
ascend(const Timsort *ts, const Entry *lo, ssize_t i, ssize_t n)
{
    for (; i < n; i++) {
        int less = less_than(ts, &lo[i], &lo[i - 1]);
        if (less != 0) {
            return less < 0 ? -1 : i;
        }
    }
    return n;
}

// Where a run that descends up to i ends; -1. Equal entries in it are turned
// round where they stand: when the whole run is, they have their order again.
static ssize_t
descend(const Timsort *ts, Entry *lo, ssize_t i, ssize_t n)
{
    ssize_t equals = i - 1;     // the first of the last ones
    for (; i < n; i++) {
        int less = less_than(ts, &lo[i], &lo[i - 1]);
        if (less > 0) {
            RtSort_Reverse(&lo[equals], i - equals);
            equals = i;
            continue;
        }
        int greater = less < 0 ? -1 : less_than(ts, &lo[i - 1], &lo[i]);
        if (greater < 0) {
            return -1;
        }
        if (greater) {
            break;
        }
    }
    RtSort_Reverse(&lo[equals], i - equals);
    return i;
}

// The length of the run at the start, made ascending; -1.
static ssize_t
count_run(const Timsort *ts, Entry *lo, ssize_t n)
{
    ssize_t run = ascend(ts, lo, 1, n);
    if (run < 0 || run == n) {
        return run;
    }
    if (run > 1) {
        // If all of them are equal, they are the beginning of a descent.
        int less = less_than(ts, &lo[0], &lo[run - 1]);
        if (less != 0) {
            return less < 0 ? -1 : run;
        }
        RtSort_Reverse(lo, run);
    }
    run = descend(ts, lo, run + 1, n);
    if (run < 0) {
        return -1;
    }
    RtSort_Reverse(lo, run);
    return ascend(ts, lo, run, n);
}

// Sorts n entries of which the first `sorted` are in order.
static int
insertion_sort(const Timsort *ts, Entry *entries, ssize_t n, ssize_t sorted)
{
    for (; sorted < n; sorted++) {
        Entry pivot = entries[sorted];
        ssize_t low = 0;
        ssize_t high = sorted;
        while (low < high) {
            ssize_t middle = low + (high - low) / 2;
            int less = less_than(ts, &pivot, &entries[middle]);
            if (less < 0) {
                return -1;
            }
            if (less) {
                high = middle;
            }
            else {
                low = middle + 1;
            }
        }
        memmove(&entries[low + 1], &entries[low],
                (size_t)(sorted - low) * sizeof(Entry));
        entries[low] = pivot;
    }
    return 0;
}

// ---------------------------------------------------------------------------
// Galloping: how many of n entries in order go before the key. Of equal ones
// all do if `after_equals`, else none. The search starts at `hint` and doubles
// its steps. -1 with an exception.

static int
goes_before(const Timsort *ts, const Entry *entry, const Entry *key,
            bool after_equals)
{
    if (!after_equals) {
        return less_than(ts, entry, key);
    }
    int less = less_than(ts, key, entry);
    return less < 0 ? -1 : !less;
}

static ssize_t
search(const Timsort *ts, const Entry *key, const Entry *entries, ssize_t low,
       ssize_t high, bool after_equals)
{
    while (low < high) {
        ssize_t middle = low + (high - low) / 2;
        int before = goes_before(ts, &entries[middle], key, after_equals);
        if (before < 0) {
            return -1;
        }
        if (before) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static ssize_t
gallop(const Timsort *ts, const Entry *key, const Entry *entries, ssize_t n,
       ssize_t hint, bool after_equals)
{
    int right = goes_before(ts, &entries[hint], key, after_equals);
    ssize_t most = right ? n - hint : hint + 1;
    ssize_t near = 0;
    ssize_t far = 1;
    int before = right;
    while (before >= 0 && far < most) {
        before = goes_before(ts, &entries[right ? hint + far : hint - far],
                             key, after_equals);
        if (before != right) {
            break;
        }
        near = far;
        far = far * 2 + 1;
    }
    if (before < 0) {
        return -1;
    }
    far = far < most ? far : most;
    return right ? search(ts, key, entries, hint + near + 1, hint + far,
                          after_equals)
                 : search(ts, key, entries, hint - far + 1, hint - near,
                          after_equals);
}

// ---------------------------------------------------------------------------
// Merging two neighbouring runs, a before b. The smaller one lies in temp.

typedef enum Step {
    FAILED, GO_ON,
    ONE_LEFT,                   // in temp: it goes behind all of the others
    ALL_DONE,                   // one side is empty
} Step;

typedef struct Merge {
    Entry *to;                  // of merge_low(); else it follows from a
    Entry *a;
    ssize_t na;
    Entry *b;
    ssize_t nb;
} Merge;

static void
move(Entry *to, const Entry *from, ssize_t n)
{
    memmove(to, from, (size_t)n * sizeof(Entry));
}

// From the left; a is in temp.

static void
low_move_a(Merge *m, ssize_t n)
{
    move(m->to, m->a, n);
    m->to += n;
    m->a += n;
    m->na -= n;
}

static void
low_move_b(Merge *m, ssize_t n)
{
    move(m->to, m->b, n);
    m->to += n;
    m->b += n;
    m->nb -= n;
}

static Step
low_step(const Merge *m)
{
    return m->nb == 0 || m->na == 0 ? ALL_DONE
           : m->na == 1 ? ONE_LEFT : GO_ON;
}

// One by one, until a side has won often enough in a row.
static Step
low_pairs(const Timsort *ts, Merge *m)
{
    ssize_t a_won = 0;
    ssize_t b_won = 0;
    Step step = GO_ON;
    while (step == GO_ON && a_won < ts->min_gallop && b_won < ts->min_gallop) {
        int less = less_than(ts, m->b, m->a);
        if (less < 0) {
            return FAILED;
        }
        if (less) {
            low_move_b(m, 1);
            b_won++;
            a_won = 0;
        }
        else {
            low_move_a(m, 1);
            a_won++;
            b_won = 0;
        }
        step = low_step(m);
    }
    return step;
}

static Step
low_gallop(Timsort *ts, Merge *m)
{
    ssize_t na;
    ssize_t nb;
    Step step;
    ts->min_gallop++;
    do {
        ts->min_gallop -= ts->min_gallop > 1;
        na = gallop(ts, m->b, m->a, m->na, 0, true);
        if (na < 0) {
            return FAILED;
        }
        low_move_a(m, na);
        if (na > 0 && (step = low_step(m)) != GO_ON) {
            return step;
        }
        low_move_b(m, 1);
        if (m->nb == 0) {
            return ALL_DONE;
        }
        nb = gallop(ts, m->a, m->b, m->nb, 0, false);
        if (nb < 0) {
            return FAILED;
        }
        low_move_b(m, nb);
        if (nb > 0 && m->nb == 0) {
            return ALL_DONE;
        }
        low_move_a(m, 1);
        if ((step = low_step(m)) != GO_ON) {
            return step;
        }
    } while (na >= MIN_GALLOP || nb >= MIN_GALLOP);
    ts->min_gallop++;           // the price of having stopped
    return GO_ON;
}

// The first entry of b goes before all of a.
static int
merge_low(Timsort *ts, Entry *a, ssize_t na, Entry *b, ssize_t nb)
{
    move(ts->temp, a, na);
    Merge m = { a, ts->temp, na, b, nb };
    low_move_b(&m, 1);
    Step step = low_step(&m);
    while (step == GO_ON) {
        step = low_pairs(ts, &m);
        if (step == GO_ON) {
            step = low_gallop(ts, &m);
        }
    }
    if (step == ONE_LEFT) {
        low_move_b(&m, m.nb);
    }
    low_move_a(&m, m.na);
    return step == FAILED ? -1 : 0;
}

// From the right; b is in temp. What is next goes to a[na + nb - 1].

static void
high_move_a(Merge *m, ssize_t n)
{
    m->na -= n;
    move(&m->a[m->na + m->nb], &m->a[m->na], n);
}

static void
high_move_b(Merge *m, ssize_t n)
{
    m->nb -= n;
    move(&m->a[m->na + m->nb], &m->b[m->nb], n);
}

static Step
high_step(const Merge *m)
{
    return m->na == 0 || m->nb == 0 ? ALL_DONE
           : m->nb == 1 ? ONE_LEFT : GO_ON;
}

static Step
high_pairs(const Timsort *ts, Merge *m)
{
    ssize_t a_won = 0;
    ssize_t b_won = 0;
    Step step = GO_ON;
    while (step == GO_ON && a_won < ts->min_gallop && b_won < ts->min_gallop) {
        int less = less_than(ts, &m->b[m->nb - 1], &m->a[m->na - 1]);
        if (less < 0) {
            return FAILED;
        }
        if (less) {
            high_move_a(m, 1);
            a_won++;
            b_won = 0;
        }
        else {
            high_move_b(m, 1);
            b_won++;
            a_won = 0;
        }
        step = high_step(m);
    }
    return step;
}

static Step
high_gallop(Timsort *ts, Merge *m)
{
    ssize_t na;
    ssize_t nb;
    Step step;
    ts->min_gallop++;
    do {
        ts->min_gallop -= ts->min_gallop > 1;
        ssize_t at = gallop(ts, &m->b[m->nb - 1], m->a, m->na, m->na - 1,
                            true);
        if (at < 0) {
            return FAILED;
        }
        na = m->na - at;
        high_move_a(m, na);
        if (na > 0 && m->na == 0) {
            return ALL_DONE;
        }
        high_move_b(m, 1);
        if ((step = high_step(m)) != GO_ON) {
            return step;
        }
        at = gallop(ts, &m->a[m->na - 1], m->b, m->nb, m->nb - 1, false);
        if (at < 0) {
            return FAILED;
        }
        nb = m->nb - at;
        high_move_b(m, nb);
        if (nb > 0 && (step = high_step(m)) != GO_ON) {
            return step;
        }
        high_move_a(m, 1);
        if (m->na == 0) {
            return ALL_DONE;
        }
    } while (na >= MIN_GALLOP || nb >= MIN_GALLOP);
    ts->min_gallop++;
    return GO_ON;
}

// The last entry of a goes behind all of b.
static int
merge_high(Timsort *ts, Entry *a, ssize_t na, Entry *b, ssize_t nb)
{
    move(ts->temp, b, nb);
    Merge m = { NULL, a, na, ts->temp, nb };
    high_move_a(&m, 1);
    Step step = high_step(&m);
    while (step == GO_ON) {
        step = high_pairs(ts, &m);
        if (step == GO_ON) {
            step = high_gallop(ts, &m);
        }
    }
    if (step == ONE_LEFT) {
        high_move_a(&m, m.na);
    }
    high_move_b(&m, m.nb);
    return step == FAILED ? -1 : 0;
}

// ---------------------------------------------------------------------------
// Which runs are merged.

// Merges run i with the next one.
static int
merge_at(Timsort *ts, int i)
{
    Run *runs = ts->runs;
    Entry *a = runs[i].base;
    ssize_t na = runs[i].length;
    Entry *b = runs[i + 1].base;
    ssize_t nb = runs[i + 1].length;
    rt_assert(a + na == b);
    runs[i].length = na + nb;
    if (i + 2 < ts->nruns) {
        runs[i + 1] = runs[i + 2];
    }
    ts->nruns--;
    // What is in its place on either end stays there.
    ssize_t skipped = gallop(ts, b, a, na, 0, true);
    if (skipped < 0) {
        return -1;
    }
    a += skipped;
    na -= skipped;
    if (na == 0) {
        return 0;
    }
    nb = gallop(ts, &a[na - 1], b, nb, nb - 1, false);
    if (nb <= 0) {
        return nb < 0 ? -1 : 0;
    }
    return na <= nb ? merge_low(ts, a, na, b, nb)
                    : merge_high(ts, a, na, b, nb);
}

// How deep in a balanced tree over n entries the boundary is between two runs
// of n1 and n2 from `start` on: the first binary digit in which their middles
// differ, as fractions of n.
static int
boundary_power(ssize_t start, ssize_t n1, ssize_t n2, ssize_t n)
{
    ssize_t a = 2 * start + n1;
    ssize_t b = a + n1 + n2;
    int power = 1;
    while ((a >= n) == (b >= n)) {
        ssize_t digit = a >= n ? n : 0;
        a = (a - digit) * 2;
        b = (b - digit) * 2;
        power++;
    }
    return power;
}

static int
push_run(Timsort *ts, Entry *base, ssize_t length)
{
    Run *runs = ts->runs;
    if (ts->nruns > 0) {
        const Run *last = &runs[ts->nruns - 1];
        int power = boundary_power(last->base - ts->entries, last->length,
                                   length, ts->size);
        while (ts->nruns > 1 && runs[ts->nruns - 2].power > power) {
            if (merge_at(ts, ts->nruns - 2) < 0) {
                return -1;
            }
        }
        runs[ts->nruns - 1].power = power;
    }
    rt_assert(ts->nruns < MAX_RUNS);
    runs[ts->nruns++] = (Run){ base, length, 0 };
    return 0;
}

static int
merge_all(Timsort *ts)
{
    while (ts->nruns > 1) {
        int i = ts->nruns - 2;
        if (i > 0 && ts->runs[i - 1].length < ts->runs[i + 1].length) {
            i--;
        }
        if (merge_at(ts, i) < 0) {
            return -1;
        }
    }
    return 0;
}

// So that n over it is a power of two, or a little less.
static ssize_t
least_run(ssize_t n)
{
    ssize_t lost = 0;
    while (n >= MAX_MINRUN) {
        lost |= n & 1;
        n >>= 1;
    }
    return n + lost;
}

int
RtSort_Sort(RtSortEntry *entries, ssize_t n, RtSortEntry *temp)
{
    if (n < 2) {
        return 0;
    }
    Timsort ts = {
        .entries = entries, .size = n, .temp = temp,
        .compare = common_compare(entries, n), .min_gallop = MIN_GALLOP,
    };
    ssize_t least = least_run(n);
    for (ssize_t start = 0, run; start < n; start += run) {
        Entry *lo = &entries[start];
        run = count_run(&ts, lo, n - start);
        if (run < 0) {
            return -1;
        }
        if (run < least) {
            ssize_t sorted = run;
            run = n - start < least ? n - start : least;
            if (insertion_sort(&ts, lo, run, sorted) < 0) {
                return -1;
            }
        }
        if (push_run(&ts, lo, run) < 0) {
            return -1;
        }
    }
    return merge_all(&ts);
}
