"""Findings as campaigns write them, and the groups that they are to become."""

import json

REPORT = """{rule}: something is wrong
  {message}
  oracle refcount, seen by thread 0 at step 12
  thread 0:
    #0  {inner} (runtime/include/internal/rtcore_object.h:50) < {f} \
(runtime/objects/list.c:77)
    #1  call (runtime/vm/call.c:9)
  thread 1:
    #0  {g} (runtime/objects/dict.c:8)
build fuzz-ft, schedule seed 0x1
"""


def finding(folder, rule, kind, f, g, inner="Rt_INCREF", **members):
    """A folder as a campaign writes it; what triage reads of it."""
    folder.mkdir(parents=True)
    values = {"format": 1, "rule": rule, "build": "elsewhere",
              "signature": f"{rule}|{kind}|{f}|{g}",
              "message": f'{kind}#1 is <bad> & "odd" – step 12',
              "threads": 4, "steps": 500, "switches": 30}
    values.update(members)
    (folder / "finding.json").write_text(json.dumps(values))
    (folder / "report.txt").write_text(REPORT.format(
        rule=rule, message=values["message"], f=f, g=g, inner=inner))
    (folder / "program.py").write_text("# prelude\n\n\n\ns0 = [1]\n")
    return folder


def together(signature, of, runs, failing, both):
    return [{"signature": signature, "of": of, "runs": runs,
             "failing": failing, "both": both}]


def make_mutual(raw):
    """Small programs of each fail as the other: of what is rare, and of what
    follows only; but not if a third one's do, or if few of the other's do."""
    for name in ("two", "three"):
        rare, often = f"GIL_NOT_HELD|||{name}", f"GIL_UNBALANCED|||{name}_2"
        finding(raw / f"RARE-{name}", "GIL_NOT_HELD", "", "", name,
                aliases=[f"GIL_UNBALANCED|||{name}_1"], tight=True,
                beside=together(rare, 1000, 90, 90, 90))
        for i in range(60):
            for k, shown in ((1, [often]), (2, [rare])):
                finding(raw / f"GIL-{name}-{k}-{i}", "GIL_UNBALANCED", "", "",
                        f"{name}_{k}", tight=True, aliases=shown,
                        kin=shown if k == 1 else [])
    for i in range(60):
        finding(raw / f"THIRD-{i}", "REQUEST_LOST", "", "", "third",
                aliases=["GIL_UNBALANCED|||three_1"])
    for enough in (True, False):
        fatal = f"FATAL||open_{enough}|d.c"
        places = [f"LOCK_HELD_AT_EXIT|||{enough}_{k}"
                  for k in range(3)]
        for i in range(60):
            finding(raw / f"OPEN-{enough}-{i}", "FATAL", "", f"open_{enough}",
                    "d.c", aliases=places[:2], tight=True,
                    cause=f"a{enough}|b.ob_c|d")
            for k in range(3):
                finding(raw / f"HELD-{enough}-{k}-{i}", "LOCK_HELD_AT_EXIT",
                        "", "", f"{enough}_{k}", tight=True, kin=places,
                        aliases=[fatal] if enough or k == 0 else [])
    # A field of one kind, and a function in common.
    for kind, field in (("RLock", "depth"), ("Event", "ob_bits")):
        for i in range(60):
            finding(raw / f"DEEP-{kind}-{i}", "WRITER_OVERTAKEN", "", "", kind,
                    tight=True, cause=f"leave|{kind}.{field}|enter")
            finding(raw / f"NEST-{kind}-{i}", "SECTION_NESTING", "", "", kind,
                    tight=True, cause=f"look|{kind}.{field}|leave",
                    aliases=[f"WRITER_OVERTAKEN|||{kind}"])
    # Preempted at the access that the other tells of, or at another object's.
    for kind, used in (("weakref", "weakref"), ("slice", "module")):
        fatal = f"FATAL||hold_{kind}|e.c"
        for i in range(60):
            finding(raw / f"HOLD-{kind}-{i}", "FATAL", "", f"hold_{kind}",
                    "e.c", tight=True, cause=f"set_{kind}|{kind}|")
            finding(raw / f"GONE-{kind}-{i}", "USE_AFTER_FREE", used, "delete",
                    f"set_{kind}", tight=True, cause=f"ask_{kind}|q.r|hold",
                    aliases=[fatal])
    # Rarely an assertion, in programs that break another one of its file.
    for name, file in (("near", "lot.c"), ("far", "hut.c")):
        for i in range(60):
            finding(raw / f"MARK-{name}-{i}", "FATAL", "", "lot.c",
                    f"mark_{name}", tight=True, cause=f"mark_{name}|{name}.q|r")
        for i in range(5):
            finding(raw / f"SEEK-{name}-{i}", "FATAL", "",
                    *sorted((file, f"seek_{name}")), tight=True,
                    cause=f"seek_{name}|{name}.t|u", aliases=[
                        f"FATAL||lot.c|mark_{name}"])
    # A dead object is used, and its program says no more; of one that says
    # where, it is that place.
    for kind, n in (("cell", 11), ("range", 1), ("frame", 1)):
        for i in range(n):
            folder = finding(raw / f"DEAD-{kind}-{i}", "USE_AFTER_FREE", kind,
                             "take", "free_memory")
        finding(folder / "minimized", "USE_AFTER_FREE", kind, "take",
                "free_memory", minimized=True, active_threads=2, operations=3,
                preemptions=1, tight=kind != "range", cause=f"{kind}|y.z|w")
    # Damage in a program that fails otherwise, too; of the one kind also in
    # one thread and in no other way.
    for kind, threads in (("deque", 1), ("bytes", 2)):
        mechanism, signature = f"PARK_ORDER|||wake_{kind}", \
            f"HEAP_INVALID|{kind}||walk"
        for i in range(60):
            finding(raw / f"PARK-{kind}-{i}", "PARK_ORDER", "", "",
                    f"wake_{kind}")
        for name, n, aliases in (("both", 2, [mechanism, signature]),
                                 ("own", threads, [signature])):
            folder = finding(raw / f"BAD-{kind}-{name}", "HEAP_INVALID", kind,
                             "", "walk")
            finding(folder / "minimized", "HEAP_INVALID", kind, "", "walk",
                    minimized=True, active_threads=n, operations=3,
                    preemptions=0, cause="", aliases=aliases, beside=[
                        {"signature": signature, "of": 1000, "runs": 900,
                         "failing": 900, "both": 900}])
    # Races on a field of one kind of object, in programs that have races on
    # what all objects have.
    everywhere = "DATA_RACE|.ob_type|ask|tell"
    for i in range(60):
        finding(raw / f"RACE-{i}", "DATA_RACE", ".ob_type", "ask", "tell")
    for i in range(2):
        finding(raw / f"OWN-{i}", "DATA_RACE", "list.+0x20", "grow", "shrink",
                inner="load_size", aliases=[everywhere])


def make_small(raw, name, number, signature, **members):
    rule, kind, f, g = signature.split("|")
    folder = finding(raw / f"{name}-{number}", rule, kind, f, g)
    finding(folder / "minimized", rule, kind, f, g, minimized=True,
            active_threads=2, operations=1, preemptions=1, **members)


def make_companions(raw):
    """Seen ten times less, and in small programs that all show the other, or
    not all of them; and with others that show what is in all programs."""
    for name in ("all", "some"):
        often = f"HANDOFF_BROKEN|||{name}"
        for i in range(100):
            finding(raw / f"OFTEN-{name}-{i}", "HANDOFF_BROKEN", "", "", name)
        for i in range(8):
            own = f"FATAL||go_{name}|f.c"
            shown = [own, often] if name == "all" or i < 7 else [own]
            make_small(raw, f"SELDOM-{name}", i, own, aliases=shown,
                       tight=True, cause=f"go_{name}|s{name}.t|u")
    # Their runs were looked at, and the other was in none of them.
    for i in range(100):
        finding(raw / f"OFTEN-apart-{i}", "HANDOFF_BROKEN", "", "", "apart")
    for i in range(8):
        own = "REF_STATE|x||go_apart"
        make_small(raw, "SELDOM-apart", i, own, tight=True,
                   cause="go_apart|sa.t|u",
                   aliases=[own, "HANDOFF_BROKEN|||apart"],
                   beside=together(own, 1000, 90, 90, 90))
    # What is in all programs is no reason not to look at the rest.
    for i in range(6):
        finding(raw / f"ANY-{i}", "LOCK_ORDER", "", "", "any")
        finding(raw / f"WIDE-{i}", "RESUME_ORDER", "", "", "wide",
                aliases=["LOCK_ORDER|||any"])
    for i in range(100):
        finding(raw / f"MAIN-{i}", "GC_COUNT", "", "", "main")
    finding(raw / "ALSO", "FATAL", "", "also", "g.c",
            aliases=["LOCK_ORDER|||any", "GC_COUNT|||main"])
    # Who freed it is not known any more.
    use = "USE_AFTER_FREE|{0}.+0x18|{1}pop|push"
    for kind in ("queue", "heap"):
        for i in range(7):
            finding(raw / f"USE-{kind}-{i}", "USE_AFTER_FREE", f"{kind}.+0x18",
                    "pop", "push")
        finding(raw / f"COUNT-{kind}", "REF_NEGATIVE", kind, "", "merge_it",
                aliases=["USE_AFTER_FREE|queue.+0x18||push"])


def make_parts(raw):
    """Damage by preemptions before fields of one kind of object, or one member
    of the runtime's state: beside one mistake that says what it is and is seen
    ten times as often, or not as often, or beside two of them."""
    def sure(name, n, field):
        for i in range(n):
            finding(raw / f"SURE-{name}-{i}", "SECTION_ORDER", "", "", name,
                    cause=f"f_{name}|{field}|g")

    def hurt(name, field):
        finding(raw / f"HURT-{name}", "CRASH", "", "", name,
                cause=f"h_{name}|{field}|k")

    sure("array", 10, "array.a")
    hurt("array", "array.b")
    sure("map", 9, "map.a")
    hurt("map", "map.b")
    sure("set_a", 10, "set.a")
    sure("set_b", 10, "set.b")
    hurt("set_c", "set.c")
    hurt("set_d", "set.d")
    sure("gc", 10, "interp.gc")
    hurt("gc", "interp.gc")
    hurt("qsbr", "interp.qsbr")
    for field in ("runtime.head_mutex", "interp.gil", "buckets",
                  "interp.weakref_stripes", "array.ob_flags"):
        sure(f"lock_{field}", 10, field)
        hurt(f"lock_{field}", field)
    for end, other in (("x", "y"), ("y", "x"), ("z", "ob_mutex")):
        finding(raw / f"LITTLE-{end}", "CRASH", "", "", f"at_{end}",
                cause=f"at_{end}|heap.{other}|")
    # Where a thread looks whether it is asked for something.
    for name in ("p", "q"):
        finding(raw / f"ASKED-{name}", "LEAK", name, "", "end", tight=True,
                cause="look|interp.finalizing|")


def make_unanimous(raw):
    """Damage whose small programs are all preempted before one member of the
    runtime's state, or all but one, or which are too few, or say too little;
    and assertions, in one file or another, that hardly ever fail."""
    def hurt(name, *members, rule="CRASH", exact=False):
        for i, member in enumerate(members):
            make_small(raw, f"ALL-{name}", i, f"{rule}|||{name}",
                       cause=f"before|{member}|", tight=exact and i == 1)

    hurt("cache_a", *["runtime.cache"] * 3)
    hurt("cache_b", *["runtime.cache"] * 2, exact=True)
    hurt("cache_c", *["runtime.cache"] * 3, rule="SECTION_ORDER", exact=True)
    hurt("cache_d", "runtime.cache")
    hurt("table_a", *["runtime.table"] * 3, exact=True)
    hurt("table_b", *["runtime.table"] * 3, "runtime.other")
    hurt("pool_a", *["runtime.pool"] * 5)
    hurt("pool_b", *["runtime.pool"] * 5)
    hurt("objects_a", *["cell.value"] * 5, exact=True)
    hurt("objects_b", *["cell.value"] * 5)
    for i in range(101):
        finding(raw / f"FILE-{i}", "FATAL", "", "often", "k.c")
        for name in ("one", "two"):
            finding(raw / f"FILE-{name}-{i}", "FATAL", "", name, "m.c",
                    tight=True, cause=f"{name}|{name}.x|y")
    for name, members in (("seldom", {}), ("exact", {"tight": True})):
        make_small(raw, f"FILE-{name}", 0, f"FATAL||{name}|k.c", **members)
    folder = finding(raw / "FILE-alone", "FATAL", "", "alone", "k.c")
    finding(folder / "minimized", "FATAL", "", "alone", "k.c", minimized=True,
            active_threads=1, operations=1, preemptions=0,
            aliases=["FATAL||alone|k.c"],
            beside=together("FATAL||alone|k.c", 1000, 1000, 1000, 1000))
    finding(raw / "FILE-raw", "FATAL", "", "raw", "k.c")
    make_small(raw, "FILE-other", 0, "FATAL||other|l.c")
    make_small(raw, "FILE-either", 0, "FATAL||either|m.c")


UNANIMOUS = [
    {"CRASH|||cache_a", "CRASH|||cache_b"}, {"SECTION_ORDER|||cache_c"},
    {"CRASH|||cache_d"}, {"CRASH|||table_a"}, {"CRASH|||table_b"},
    {"CRASH|||pool_a"}, {"CRASH|||pool_b"},
    {"CRASH|||objects_a"}, {"CRASH|||objects_b"},
    {"FATAL||often|k.c", "FATAL||seldom|k.c"}, {"FATAL||exact|k.c"},
    {"FATAL||alone|k.c"}, {"FATAL||raw|k.c"}, {"FATAL||other|l.c"},
    {"FATAL||one|m.c"}, {"FATAL||two|m.c"}, {"FATAL||either|m.c"},
]
def make_exact(raw):
    """Failures that need a preemption at one place, and show one another, or
    are of one kind of object; what rare programs show of frequent ones; what
    is freed by a reference too few."""
    def small(name, count, signature, **members):
        for i in range(count):
            make_small(raw, f"{name}-{i}", i, signature, **members)

    def often(name, count, signature, **members):
        rule, kind, f, g = signature.split("|")
        for i in range(count):
            finding(raw / f"{name}-{i}", rule, kind, f, g, **members)

    # One place, shown by one; at another place; not shown.
    for name, place, shown in (("one", "lock", True), ("two", "door", True),
                               ("three", "lock", False)):
        first = f"WORLD_NOT_STOPPED|||stop_{name}"
        second = f"ATTACH_WHILE_STOPPED|||go_{name}"
        often(f"STOP-{name}", 8, first, tight=True,
              cause=f"ask|runtime.{name}_lock|tell")
        often(f"GO-{name}", 8, second, tight=True,
              cause=f"ask|runtime.{name}_{place}|",
              aliases=[second, first] if shown else [second])
    # The same meeting, for objects of one kind or of another.
    meeting = {"tight": True, "cause": "try|interp.weakref_stripes|try"}
    often("FREED", 10, "FREED_REFERENCED|weakref||free_it", **meeting)
    often("AGAIN", 1, "DEALLOC_TWICE|weakref||end_weakref", **meeting)
    often("OTHER", 6, "CRASH|module||end_module", **meeting)
    # One small program of three, or two, show what is in all.
    for name, shows in (("seldom", 1), ("mostly", 2)):
        rule = f"QUEUE_UNANNOUNCED|||{name}"
        often(f"MANY-{name}", 30, rule)
        for i in range(3):
            own = f"FATAL||{name}|n{name}.c"
            make_small(raw, f"FEW-{name}", i, own,
                       aliases=[own, rule] if i < shows else [own])
    # A mechanism that comes without it in a third of its runs, or in a tenth.
    for name, both, fails, walks in (
            ("third", 396, "GC_ORDER", "WEAKREF_STATE"),
            ("tenth", 540, "GENERATOR_SHARED", "HEAP_INVALID")):
        own, rule = f"{fails}|||{name}", f"{walks}|{name}||walk"
        often(f"WALK-{name}", 40, rule)
        small(f"ORDER-{name}", 3, own, aliases=[rule, own],
              beside=together(own, 1000, 600, 600, 600) +
              together(rule, 1000, 700, 600, both))
    # A race that never meets the others.
    often("RACES", 20, "DATA_RACE|.ob_flags|drop|take")
    own = "DATA_RACE|mem|apart|apart"
    small("RACE", 1, own, aliases=["DATA_RACE|.ob_flags|drop|take", own],
          beside=together(own, 500, 90, 90, 90))
    for report in (raw / "RACE-0-0").rglob("report.txt"):   # called elsewhere
        report.write_text(report.read_text().replace("call (", "send (")
                          .replace("Rt_INCREF", "load_it"))
    for kind, rule in (("range", "REF_NEGATIVE"), ("slice", "LEAK")):
        use = f"USE_AFTER_FREE|{kind}.+0x28|next_{kind}|free_memory"
        own = f"{rule}|{kind}||sum_{kind}"
        small(f"LESS-{kind}", 10, own, tight=True, aliases=[own, use],
              cause=f"step_{kind}|{kind}_iterator.at|k")
        often(f"USES-{kind}", 12, use, tight=True,
              cause=f"next_{kind}|{kind}.size|next_{kind}")


def make_lesser(raw):
    """One rule broken at two places: a quarter as often, or a half."""
    for name, count, rule in (("quarter", 20, "PARK_ORDER"),
                              ("half", 40, "WAIT_QUEUE")):
        for i in range(80):
            finding(raw / f"PLACE-{name}-{i}", rule, "", "", f"main_{name}")
        for i in range(count):
            own = f"{rule}|||also_{name}"
            make_small(raw, f"ALSO-{name}", i, own, tight=True,
                       aliases=[own, f"{rule}|||main_{name}"])


def make_near(raw):
    """What neighbours of a small program show: so many, and so many strangers;
    of what is a race, a mechanism as well, near to a third one, or common, or
    by what is common, or is near to two."""
    def many(signature, count=10, **members):
        for i in range(count):
            make_small(raw, signature.replace("|", "_"), i, signature,
                       **members)

    def near(*counts, of=300):
        return [{"signature": signature, "of": of, "neighbours": neighbours,
                 "strangers": strangers}
                for signature, neighbours, strangers in counts]

    for name, neighbours, strangers in (
            ("some", 5, 0), ("few", 4, 0), ("lift", 30, 3), ("most", 29, 3)):
        target = f"HEAP_INVALID|{name}||walk"
        many(target)
        many(f"CRASH|||by_{name}", near=near((target, neighbours, strangers)))
    many("DATA_RACE|cell.value|get|set")
    many("CRASH|||racy", near=near(("DATA_RACE|cell.value|get|set", 90, 0)))
    many("PARK_ORDER|||one")
    many("WAIT_QUEUE|||two", near=near(("PARK_ORDER|||one", 90, 0)))
    for name, of in (("long", 100), ("short", 99)):
        target = f"HEAP_INVALID|{name}||walk"
        many(target)
        many(f"CRASH|||by_{name}", near=near((target, 90, 0), of=of))
    # A mechanism at two places, each of them hardly ever.
    many("LOCK_UNFAIR|||half_a", 3, kin=["LOCK_UNFAIR|||half_b"], tight=True)
    many("LOCK_UNFAIR|||half_b", 3,
         near=near(("STATE_TRANSITION|||half", 90, 0)))
    many("STATE_TRANSITION|||half")
    # Which of the two is it?
    for end in ("a", "b"):
        many(f"WRITER_OVERTAKEN|||{end}")
    many("CRASH|||both", near=near(("WRITER_OVERTAKEN|||a", 90, 0),
                                   ("WRITER_OVERTAKEN|||b", 90, 0)))
    many("REF_STATE|lone||walk")
    many("QSBR_STATE|||any", near=near(("QSBR_STATE|||any", 90, 90),
                                       ("REF_STATE|lone||walk", 90, 0)))
    # A third group that says what is wrong is near to it as well.
    many("HEAP_INVALID|shared||walk")
    for signature in ("LOCK_ORDER|||third", "CRASH|||asks"):
        many(signature, near=near(("HEAP_INVALID|shared||walk", 90, 0)))
    # Strangers of some program show it, too: it is near to none.
    common = "HEAP_INVALID|common||walk"
    many(common)
    many("GC_COUNT|||strange", near=near((common, 8, 3)))
    many("CRASH|||often", near=near((common, 90, 0)))
    many("CRASH|||seldom", 4, near=near((common, 90, 0)))
    # Small programs of each show the other, as any do, or as no others do.
    for name, strangers in (("any", 40), ("none", 0)):
        one, two = f"FATAL||{name}|p{name}.c", f"LOST_WAKEUP|{name}||"
        many(one, aliases=[one, two], near=near((two, 50, strangers)))
        many(two, aliases=[one, two], near=near((one, 50, strangers)))
    # A program shows one failure of a common group, or two; or both hang.
    for name, rule, shown in (("one", "CRASH", 1), ("two", "CRASH", 2),
                              ("hang", "DEADLOCK", 1)):
        group = [f"LOST_WAKEUP|{name}_{k}||" for k in range(2)]
        for signature in group:
            many(signature, 60, aliases=group)
        many(f"GC_ORDER|||{name}", 40,
             near=near(*((signature, 9, 9) for signature in group)))
        many(f"{rule}|||{name}_rare", 1,
             aliases=[f"{rule}|||{name}_rare", *group[:shown]])


def make_apart(raw):
    """What ties two mistakes only seemingly: the functions that count the
    references of any object; that a mechanism is always broken, too, by a
    program, though its own programs break it without; a half that is near."""
    def many(signature, *beside, **members):
        for i in range(6):
            make_small(raw, signature.replace("|", "_"), i, signature,
                       beside=sum(beside, []), **members)

    for field in ("ob_ref_shared", "+0x20"):
        many(f"REF_NEGATIVE|cell||{field}",
             together(f"USE_AFTER_FREE|cell.{field}|drop|take_{field}",
                      1000, 90, 90, 90))
        many(f"USE_AFTER_FREE|frame.{field}|drop|take_{field}")
    for name, runs in (("without", 10), ("with", 900)):
        one, other = f"HEAP_INVALID|{name}||walk", f"QSBR_STATE|||{name}"
        many(one, together(other, 1000, 1000, 1000, 1000))
        many(other, together(other, 1000, 1000, 1000, 1000),
             together(one, 1000, runs, 1000, runs))
    for name, near in (("half", "a"), ("most", "ab")):
        ends = [f"CRASH|||{name}_{k}" for k in "ab"]
        target = f"HEAP_INVALID|{name}||walk"
        many(target)
        for k in "ab":
            many(f"CRASH|||{name}_{k}", aliases=ends,
                 near=[{"signature": target, "of": 300, "neighbours": 90,
                        "strangers": 0}] if k in near else [])


def make_chance(raw):
    """What comes together because threads meet at all: by one preemption in a
    few of the programs, or in most; with a failure that neighbours show, and
    that has a cause of its own, or not; in the same runs as what any program
    shows, or only this."""
    def many(signature, n=6, **members):
        for i in range(n):
            some = {k: v(i) if callable(v) else v for k, v in members.items()}
            make_small(raw, signature.replace("|", "_"), i, signature, **some)

    def near(signature, strangers):
        return [{"signature": signature, "of": 300, "neighbours": 200,
                 "strangers": strangers}]

    for name, kin in (("few", 2), ("most", 5)):
        fatal = f"FATAL||{name}|q{name}.c"
        many(f"WAIT_QUEUE|||{name}", tight=True,
             kin=lambda i, kin=kin, fatal=fatal: [fatal] if i < kin else [])
        many(fatal)
    for name, n in (("own", 60), ("same", 50)):
        lost = f"LOST_WAKEUP|{name}||"
        many(f"PARK_ORDER|||{name}", near=near(lost, 0))
        many(lost, n, beside=together(lost, 1000, 90, 90, 90))
    for name, strangers in (("all", 190), ("none", 0)):
        one, two = f"GIL_RETAKEN|||{name}", f"GIL_TWO_HOLDERS|||{name}"
        many(one, beside=together(two, 1000, 244, 11, 10))
        many(two, near=near(two, strangers))


CHANCE = [
    {"WAIT_QUEUE|||few"}, {"FATAL||few|qfew.c"},
    {"WAIT_QUEUE|||most", "FATAL||most|qmost.c"},
    {"PARK_ORDER|||own"}, {"LOST_WAKEUP|own||"},
    {"PARK_ORDER|||same", "LOST_WAKEUP|same||"},
    {"GIL_RETAKEN|||all"}, {"GIL_TWO_HOLDERS|||all"},
    {"GIL_RETAKEN|||none", "GIL_TWO_HOLDERS|||none"},
]
APART = [
    {"REF_NEGATIVE|cell||ob_ref_shared"},
    {"USE_AFTER_FREE|frame.ob_ref_shared|drop|take_ob_ref_shared"},
    {"REF_NEGATIVE|cell||+0x20",
     "USE_AFTER_FREE|frame.+0x20|drop|take_+0x20"},
    {"HEAP_INVALID|without||walk"}, {"QSBR_STATE|||without"},
    {"HEAP_INVALID|with||walk", "QSBR_STATE|||with"},
    {"CRASH|||half_a", "CRASH|||half_b"}, {"HEAP_INVALID|half||walk"},
    {"CRASH|||most_a", "CRASH|||most_b", "HEAP_INVALID|most||walk"},
]
NEAR = [
    {"HEAP_INVALID|some||walk", "CRASH|||by_some"},
    {"HEAP_INVALID|few||walk"}, {"CRASH|||by_few"},
    {"HEAP_INVALID|lift||walk", "CRASH|||by_lift"},
    {"HEAP_INVALID|most||walk"}, {"CRASH|||by_most"},
    {"DATA_RACE|cell.value|get|set"}, {"CRASH|||racy"},
    {"PARK_ORDER|||one"}, {"WAIT_QUEUE|||two"},
    {"HEAP_INVALID|long||walk", "CRASH|||by_long"},
    {"HEAP_INVALID|short||walk"}, {"CRASH|||by_short"},
    {"LOCK_UNFAIR|||half_a", "LOCK_UNFAIR|||half_b"},
    {"STATE_TRANSITION|||half"},
    {"WRITER_OVERTAKEN|||a"}, {"WRITER_OVERTAKEN|||b"}, {"CRASH|||both"},
    {"REF_STATE|lone||walk"}, {"QSBR_STATE|||any"},
    {"CRASH|||asks"},
    {"LOCK_ORDER|||third", "HEAP_INVALID|shared||walk"},
    {"GC_COUNT|||strange"}, {"CRASH|||often"},
    {"HEAP_INVALID|common||walk"}, {"CRASH|||seldom"},
    {"FATAL||any|pany.c"}, {"LOST_WAKEUP|any||"},
    {"FATAL||none|pnone.c", "LOST_WAKEUP|none||"},
    *({f"GC_ORDER|||{name}"} for name in ("one", "two", "hang")),
    {"LOST_WAKEUP|one_0||", "LOST_WAKEUP|one_1||"}, {"CRASH|||one_rare"},
    {"LOST_WAKEUP|two_0||", "LOST_WAKEUP|two_1||", "CRASH|||two_rare"},
    {"LOST_WAKEUP|hang_0||", "LOST_WAKEUP|hang_1||", "DEADLOCK|||hang_rare"},
]
LESSER = [
    {"PARK_ORDER|||main_quarter", "PARK_ORDER|||also_quarter"},
    {"WAIT_QUEUE|||main_half"}, {"WAIT_QUEUE|||also_half"},
]
EXACT = [
    {"WORLD_NOT_STOPPED|||stop_one", "ATTACH_WHILE_STOPPED|||go_one"},
    {"WORLD_NOT_STOPPED|||stop_two"}, {"ATTACH_WHILE_STOPPED|||go_two"},
    {"WORLD_NOT_STOPPED|||stop_three"}, {"ATTACH_WHILE_STOPPED|||go_three"},
    {"FREED_REFERENCED|weakref||free_it",
     "DEALLOC_TWICE|weakref||end_weakref"},
    {"CRASH|module||end_module"},
    {"QUEUE_UNANNOUNCED|||seldom"}, {"FATAL||seldom|nseldom.c"},
    {"QUEUE_UNANNOUNCED|||mostly", "FATAL||mostly|nmostly.c"},
    {"WEAKREF_STATE|third||walk"}, {"GC_ORDER|||third"},
    {"HEAP_INVALID|tenth||walk", "GENERATOR_SHARED|||tenth"},
    {"DATA_RACE|.ob_flags|drop|take"}, {"DATA_RACE|mem|apart|apart"},
    {"USE_AFTER_FREE|range.+0x28|next_range|free_memory",
     "REF_NEGATIVE|range||sum_range"},
    {"USE_AFTER_FREE|slice.+0x28|next_slice|free_memory"},
    {"LEAK|slice||sum_slice"},
]
COMPANIONS = [
    {"HANDOFF_BROKEN|||all", "FATAL||go_all|f.c"},
    {"HANDOFF_BROKEN|||some"}, {"FATAL||go_some|f.c"},
    {"HANDOFF_BROKEN|||apart"}, {"REF_STATE|x||go_apart"},
    {"LOCK_ORDER|||any"}, {"RESUME_ORDER|||wide"},
    {"GC_COUNT|||main", "FATAL||also|g.c"},
    {"USE_AFTER_FREE|queue.+0x18|pop|push", "REF_NEGATIVE|queue||merge_it",
     "REF_NEGATIVE|heap||merge_it"},
    {"USE_AFTER_FREE|heap.+0x18|pop|push"},
]
PARTS = [
    {"SECTION_ORDER|||array", "CRASH|||array"},
    {"SECTION_ORDER|||map"}, {"CRASH|||map"},
    {"SECTION_ORDER|||set_a"}, {"SECTION_ORDER|||set_b"},
    {"CRASH|||set_c"}, {"CRASH|||set_d"},
    {"SECTION_ORDER|||gc", "CRASH|||gc"}, {"CRASH|||qsbr"},
    *({f"{rule}|||lock_{field}"} for rule in ("SECTION_ORDER", "CRASH")
      for field in ("runtime.head_mutex", "interp.gil", "buckets",
                    "interp.weakref_stripes", "array.ob_flags")),
    {"CRASH|||at_x", "CRASH|||at_y"}, {"CRASH|||at_z"},
    {"LEAK|p||end"}, {"LEAK|q||end"},
]


MUTUAL = [
    {"GIL_NOT_HELD|||two", "GIL_UNBALANCED|||two_1", "GIL_UNBALANCED|||two_2"},
    {"GIL_NOT_HELD|||three"}, {"REQUEST_LOST|||third"},
    {"GIL_UNBALANCED|||three_1", "GIL_UNBALANCED|||three_2"},
    {"FATAL||open_True|d.c", *(f"LOCK_HELD_AT_EXIT|||True_{k}"
                               for k in range(3))},
    {"FATAL||open_False|d.c"},
    {f"LOCK_HELD_AT_EXIT|||False_{k}" for k in range(3)},
    {"WRITER_OVERTAKEN|||RLock", "SECTION_NESTING|||RLock"},
    {"WRITER_OVERTAKEN|||Event"}, {"SECTION_NESTING|||Event"},
    {"FATAL||hold_weakref|e.c", "USE_AFTER_FREE|weakref|delete|set_weakref"},
    {"FATAL||hold_slice|e.c"}, {"USE_AFTER_FREE|module|delete|set_slice"},
    {"FATAL||lot.c|mark_near", "FATAL||lot.c|seek_near"},
    {"FATAL||lot.c|mark_far"}, {"FATAL||hut.c|seek_far"},
    {"USE_AFTER_FREE|cell|take|free_memory",
     "USE_AFTER_FREE|range|take|free_memory"},
    {"USE_AFTER_FREE|frame|take|free_memory"},
    {"DATA_RACE|.ob_type|ask|tell"}, {"DATA_RACE|list.+0x20|grow|shrink"},
    {"PARK_ORDER|||wake_deque"}, {"HEAP_INVALID|deque||walk"},
    {"PARK_ORDER|||wake_bytes", "HEAP_INVALID|bytes||walk"},
]


FOLDS = {
    "mutual": (make_mutual, MUTUAL),
    "companions": (make_companions, COMPANIONS),
    "parts": (make_parts, PARTS),
    "unanimous": (make_unanimous, UNANIMOUS),
    "exact": (make_exact, EXACT),
    "lesser": (make_lesser, LESSER),
    "near": (make_near, NEAR),
    "apart": (make_apart, APART),
    "chance": (make_chance, CHANCE),
}
