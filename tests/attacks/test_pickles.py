"""Data that would run when it is read: nothing of ours reads any."""

import ast
from pathlib import Path

import pytest

import opsroom

PACKAGE = Path(opsroom.__file__).parent
RUNS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
UNSAFE = {"read_pickle", "to_pickle", "unsafe_load", "full_load", "load_module", "eval", "exec", "compile_command"}


def imported(tree: ast.AST) -> set[str]:
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in found}


def called(tree: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {each.id for each in calls if isinstance(each, ast.Name)}
    return names | {
        each.attr for each in calls if isinstance(each, ast.Attribute) and each.attr not in {"eval", "exec"}
    }


@pytest.mark.parametrize("folder", sorted(path.name for path in PACKAGE.iterdir() if path.is_dir()))
def test_nothing_is_read_that_could_run(folder: str) -> None:
    trees = {path: ast.parse(path.read_text()) for path in (PACKAGE / folder).rglob("*.py")}
    assert {path: found for path, tree in trees.items() if (found := imported(tree) & RUNS)} == {}
    assert {path: found for path, tree in trees.items() if (found := called(tree) & UNSAFE)} == {}


def test_arrays_are_loaded_without_objects() -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py")]
    assert not [source for source in sources if "allow_pickle=True" in source]
