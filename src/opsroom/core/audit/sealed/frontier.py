"""A tree that grows and is asked for its root at some sizes, without being kept."""

from opsroom.core.audit.sealed.merkle import EMPTY, node_hash


class Frontier:
    """The roots of the full subtrees that the leaves so far fall into, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        carried, size = leaf, self.size
        while size & 1:
            carried = node_hash(self._roots.pop(), carried)
            size >>= 1
        self._roots.append(carried)
        self.size += 1

    def root(self) -> bytes:
        if not self._roots:
            return EMPTY
        root = self._roots[-1]
        for each in reversed(self._roots[:-1]):
            root = node_hash(each, root)
        return root
