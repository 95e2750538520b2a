# The operator % of text: flags, widths from the values, mappings, and values that do not fit.
cases = [
    ("%d|%5d|%-5d|%05d|%+d", (1, 2, 3, 4, 5)),
    ("%x %X %#x %o %#o", (255, 255, 255, 8, 8)),
    ("%.3f %e %g %G", (3.14159, 12345.678, 0.00001, 1e20)),
    ("%s %r %a", ("h\u00e9", "h\u00e9", "h\u00e9")),
    ("%*d|%-*d|%.*f", (6, 42, 6, 42, 1, 2.55)),
    ("%(a)s-%(b)03d", {"a": "x", "b": 7}),
    ("%c%c %%", (65, "b")),
    ("%5.1s|", "abc"),
    ("%d", 3.99),
    ("%d", "3"),
    ("%x", 1.5),
    ("%s", ()),
    ("%s %s", (1,)),
    ("%s", (1, 2)),
    ("%(k)s", {}),
    ("%(k)s", 5),
    ("%y", 1),
    ("%", 1),
    ("plain", ()),
    ("%s", [1, 2]),
    ("%i %u", (10 ** 20, -7)),
]
for template, values in cases:
    try:
        print(repr(template % values))
    except (TypeError, ValueError, KeyError) as error:
        print(repr(template), type(error).__name__, error)
