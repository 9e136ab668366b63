"""The audit of dependencies says what it found, and what it could not look up."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "audit_dependencies.py"
SOUND: dict[str, Any] = {"name": "anyio", "version": "4.9", "vulns": []}
FLAWED: dict[str, Any] = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN: dict[str, Any] = {"name": "polars", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_dependencies", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_advisory_fails(audit: ModuleType) -> None:
    code, said = audit.verdict("requirements.lock", {"dependencies": [SOUND, FLAWED, UNKNOWN]})
    assert code == 1
    assert "  jinja2 2.0: PYSEC-1, mended in 2.1" in said


def test_sound_versions_pass_and_are_counted(audit: ModuleType) -> None:
    assert audit.verdict("requirements.lock", {"dependencies": [SOUND]}) == (
        0,
        ["requirements.lock: 1 packages audited, 0 advisories."],
    )


def test_what_was_not_looked_up_is_named(audit: ModuleType) -> None:
    code, said = audit.verdict("requirements.lock", {"dependencies": [SOUND, UNKNOWN]})
    assert code == audit.NOT_DONE
    assert said[-1] == "DEPENDENCY AUDIT NOT DONE for 1 packages in requirements.lock: polars."


def test_silence_is_no_pass(audit: ModuleType) -> None:
    code, said = audit.verdict("requirements.lock", None)
    assert code == audit.NOT_DONE
    assert said[0].startswith("DEPENDENCY AUDIT NOT DONE for requirements.lock")


@pytest.mark.parametrize(("required", "code"), [("", 0), ("required", 3)])
def test_silence_fails_only_who_demands_an_answer(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, required: str, code: int
) -> None:
    monkeypatch.setenv("AUDIT", required)
    # A file that names nothing is one of which nothing can be said.
    assert audit.main(["no-such.lock"]) == code
