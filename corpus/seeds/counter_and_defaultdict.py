# Counter and defaultdict.
from collections import Counter, defaultdict

words = "the cat and the dog and the bird".split()
counts = Counter(words)
print(counts.most_common(2), counts["the"], counts["fish"], len(counts))
counts.update(["cat", "cat"])
print(counts["cat"], sum(counts.values()))
print(Counter("aab") + Counter("abc") == Counter("aaabbc"), Counter("aab") - Counter("ab"))
groups = defaultdict(list)
for word in words:
    groups[len(word)].append(word)
print(dict(groups))
numbers = defaultdict(int)
numbers["x"] += 5
print(numbers["x"], numbers["y"], sorted(numbers))
