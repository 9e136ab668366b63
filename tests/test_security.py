"""Every line of the page of attacks names tests that exist, and every attack is named on it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text()
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| point", "| ---"))]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


@cache
def names_in(path: Path) -> frozenset[str]:
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return frozenset(name for name in found if name.rpartition(":")[2].startswith("test_"))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_a_point_names_tests_that_exist(line: str) -> None:
    named = NAMED.findall(line)
    assert named
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in names_in(ROOT / path), f"{path} has no {name}"


def test_every_attack_is_named() -> None:
    named = set(NAMED.findall(PAGE))
    attacks = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "tests" / "attacks").glob("test_*.py")
        for name in names_in(path)
    }
    assert sorted(attacks - named) == []
