# Counting words, longest words, an index of lines.
text = """the quick brown fox
jumps over the lazy dog
the dog sleeps"""

counts = {}
index = {}
for number, line in enumerate(text.splitlines(), 1):
    for word in line.split():
        counts[word] = counts.get(word, 0) + 1
        index.setdefault(word, []).append(number)
for word in sorted(counts, key=lambda w: (-counts[w], w))[:4]:
    print(word.ljust(8), counts[word], index[word])
print(max(counts, key=len), sum(counts.values()), "".join(sorted(set("".join(counts)))))
