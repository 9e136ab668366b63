"""Every line of the checklist is kept by the software or said to be a procedure, and no test is named in vain."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "compliance.md").read_text()
CHECKLIST = (
    *(f"CFR-A{number}" for number in range(1, 13)),
    *(f"CFR-S{number}" for number in range(1, 8)),
    *(f"CFR-C{number}" for number in range(1, 12)),
)
PARTS = dict(re.findall(r"^### (CFR-\w+) · [^\n]+\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
NAMED = re.compile(r"^Test: `(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)`$", re.MULTILINE)


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_the_page_has_every_line_of_the_checklist_and_no_other() -> None:
    assert tuple(PARTS) == CHECKLIST


@pytest.mark.parametrize("line", CHECKLIST)
def test_a_line_names_a_test_or_says_what_people_have_to_do(line: str) -> None:
    part = PARTS[line]
    assert "Source: " in part
    assert NAMED.search(part) or re.search(r"^Procedure: \w", part, re.MULTILINE), f"{line} has neither"


@pytest.mark.parametrize("line", CHECKLIST)
def test_the_tests_a_line_names_exist(line: str) -> None:
    part = PARTS[line]
    assert len(NAMED.findall(part)) == part.count("Test: "), "each is named as `path::name` on a line of its own"
    for path, name in NAMED.findall(part):
        assert (ROOT / path).is_file(), path
        assert name in functions_of(ROOT / path), f"{path} has no {name}"
        assert name.startswith("test_")
