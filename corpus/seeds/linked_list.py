# A linked list with iteration, reversal in place and len.
class Link:
    __slots__ = ("value", "next")

    def __init__(self, value, next=None):
        self.value = value
        self.next = next


class LinkedList:
    def __init__(self, items=()):
        self.head = None
        for item in reversed(list(items)):
            self.head = Link(item, self.head)

    def __iter__(self):
        link = self.head
        while link:
            yield link.value
            link = link.next

    def __len__(self):
        return sum(1 for _ in self)

    def reverse(self):
        before, link = None, self.head
        while link:
            link.next, before, link = before, link, link.next
        self.head = before

    def __repr__(self):
        return " -> ".join(map(str, self)) or "empty"


items = LinkedList("abcd")
print(items, len(items))
items.reverse()
print(items, LinkedList())
