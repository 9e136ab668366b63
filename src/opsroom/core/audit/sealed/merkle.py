"""The Merkle tree of RFC 6962 / RFC 9162, section 2.1: roots, inclusion paths and consistency paths.

A tree is known by `node(level, index)`, the hash of the full subtree over the leaves index × 2^level up to, not
including, (index + 1) × 2^level. Whatever holds the tree (a list, tiles in a database) answers that one question.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]

EMPTY = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def nodes_of(hashes: Sequence[bytes]) -> Node:
    """The full subtrees over leaf hashes that are at hand, each hashed when it is asked for: a path needs few."""

    def node(level: int, index: int) -> bytes:
        below = hashes[index << level : (index + 1) << level]
        if len(below) != 1 << level:
            raise IndexError(f"no full subtree {index} on level {level} over {len(hashes)} leaves")
        return full_root(below)

    return node


def full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of leaf hashes."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        # `node_hash`, written out: nearly all hashing of a proof is here.
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _range(0, size, node) if size else EMPTY


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """What must be hashed with leaf `index` to arrive at the root of `size` leaves, from the leaf up.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _half(end - start)
        if index < split:
            path.append(_range(split, end, node))
            end = split
        else:
            path.append(_range(start, split, node))
            start = split
    return path[::-1]


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of `new` leaves begins with the tree of `old` leaves.

    Raises:
        ValueError: not 0 < old ≤ new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no tree of {old} leaves is the beginning of one of {new}")
    path: list[bytes] = []
    start, end, is_known = 0, new, True  # whether the verifier knows the subtree: the whole old tree
    while end - start > 1 and end != old:
        split = start + _half(end - start)
        if old <= split:
            path.append(_range(split, end, node))
            end = split
        else:
            path.append(_range(start, split, node))
            start, is_known = split, False
    if not is_known:
        path.append(_range(start, end, node))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2. `leaf` is its hash."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found_new = steps[0]
    for each in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found_new = node_hash(each, found_old), node_hash(each, found_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found_new = node_hash(found_new, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _range(start: int, end: int, node: Node) -> bytes:
    """The hash over the leaves from `start` to `end`, where `start` is where a subtree of that size may begin."""
    length = end - start
    if length & (length - 1) == 0:
        return node(length.bit_length() - 1, start // length)
    split = start + _half(length)
    return node_hash(_range(start, split, node), _range(split, end, node))


def _half(length: int) -> int:
    """The largest power of two below `length`."""
    return 1 << (length - 1).bit_length() - 1
