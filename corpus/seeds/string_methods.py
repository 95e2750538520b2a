# Methods of str in one place.
s = "  Hello, World  "
print(repr(s.strip()), repr(s.lstrip()), s.strip().lower(), s.upper().strip(), s.strip().swapcase())
print("a,b,,c".split(","), "a b  c".split(), "x=1".partition("="), "a-b-c".rsplit("-", 1), "l1\nl2".splitlines())
print("abc".replace("b", "XX"), "banana".count("an"), "banana".find("n"), "banana".rfind("n"), "abc".index("c"))
print("abc".startswith("ab"), "abc".endswith(("x", "bc")), "42".isdigit(), "a1".isalnum(), "Ab".istitle(), " ".isspace())
print("x".center(5, "*"), "7".zfill(3), "ab".ljust(4) + "|", "-".join(["a", "b"]), "title case".title(), "cap".capitalize())
print("abc"[::-1], "abc" < "abd", "a" * 3, "b" in "abc", ord("a"), chr(98), "tab\t".expandtabs(4) + "|", "AbC".casefold())
for arguments in (("", 1.5), ("", 1), (2, 1.5), (2, 1), (None, "x")):
    try:
        print("a b".rsplit(*arguments))
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)
