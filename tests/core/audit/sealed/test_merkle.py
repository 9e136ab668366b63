"""The tree against the definition in RFC 9162 written down naively, and against roots that others published."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.audit.sealed.frontier import Frontier
from opsroom.core.audit.sealed.merkle import (
    EMPTY,
    consistency_path,
    inclusion_path,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    nodes_of,
    root_of,
)

# Certificate Transparency's reference test vectors: leaves, and the root of the first n of them.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 40


def defined_root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("count", range(1, len(ROOTS) + 1))
def test_roots_are_those_that_others_published(count: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(each)) for each in LEAVES[:count]]
    assert root_of(count, nodes_of(leaves)).hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of(0, nodes_of([])) == EMPTY == Frontier().root()


def test_every_leaf_of_every_tree_is_included_and_no_other_is() -> None:
    for size in range(1, LARGEST):
        leaves = some_leaves(size)
        node, root = nodes_of(leaves), defined_root(leaves)
        for index, leaf in enumerate(leaves):
            path = inclusion_path(index, size, node)
            assert is_included(leaf, index, size, path, root)
            assert not is_included(leaf_hash(b"other"), index, size, path, root)
            assert not is_included(leaf, index + 1, size, path, root)
            assert not is_included(leaf, index, size, [*path, root], root)


def test_every_tree_is_consistent_with_its_beginnings() -> None:
    leaves = some_leaves(LARGEST)
    node = nodes_of(leaves)
    roots = [EMPTY, *(defined_root(leaves[:size]) for size in range(1, LARGEST + 1))]
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            path = consistency_path(old, new, node)
            assert is_consistent(old, new, path, roots[old], roots[new])
            assert not is_consistent(old, new, path, leaf_hash(b"other"), roots[new])
            assert not is_consistent(old, new, path, roots[old], leaf_hash(b"other"))


@given(st.integers(1, 2000))
def test_a_growing_tree_has_the_root_of_the_whole(size: int) -> None:
    leaves = some_leaves(size)
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    assert frontier.root() == root_of(size, nodes_of(leaves)) == defined_root(leaves)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_there_is_no_path_to_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_path(index, size, nodes_of(some_leaves(size)))
