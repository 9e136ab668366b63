"""The app from outside: it keeps to public names, its page tells its code, and it lives in a place of its own."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "assistants"
PAGE = (ROOT / "docs" / "first-app.md").read_text()
PUBLIC = re.compile(r"^\| `(?P<module>opsroom[\w.]*)` \| (?P<names>.*) \|$", re.MULTILINE)
BLOCK = re.compile(r"^`(?P<file>[\w./-]+)`:\n\n```\w+\n(?P<code>.*?)\n```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(?P<lines>.*?)\n```$", re.MULTILINE | re.DOTALL)


def public_names() -> set[tuple[str, str]]:
    return {
        (found["module"], name) for found in PUBLIC.finditer(PAGE) for name in re.findall(r"`(\w+)`", found["names"])
    }


def imported_from_opsroom() -> Iterator[tuple[str, str]]:
    for path in EXAMPLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "opsroom":
                yield from ((str(node.module), each.name) for each in node.names)
            if isinstance(node, ast.Import):
                assert not any(each.name.partition(".")[0] == "opsroom" for each in node.names), path


def test_the_example_imports_public_names_only() -> None:
    found = set(imported_from_opsroom())
    assert len(found) > 10
    assert found <= public_names()


@pytest.mark.parametrize(("module", "name"), sorted(public_names()))
def test_every_public_name_is_there(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize(
    "found", list(BLOCK.finditer(PAGE)), ids=lambda found: f"{found['file']} {found['code'][:20]!r}"
)
def test_each_piece_of_code_on_the_page_is_a_piece_of_the_example(found: re.Match[str]) -> None:
    assert found["code"] in (EXAMPLE / found["file"]).read_text()


def test_the_page_shows_the_parts_of_the_app() -> None:
    shown = {found["file"] for found in BLOCK.finditer(PAGE)}
    parts = {f"src/assistants/{name}.py" for name in ("app", "models", "schemas", "resources", "permissions")}
    assert parts <= shown


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_lives_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """Both packages as wheels in a fresh environment, every command of the page run there.

    In CI what they stand on is installed from the lock file too; elsewhere it is lent by the environment of the tests.
    """
    python = fresh_environment(tmp_path / "venv")
    wheels = tmp_path / "wheels"
    for project in (ROOT, EXAMPLE):
        run(python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(project))
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", *map(str, wheels.glob("*.whl")))
    opsroom = python.with_name("opsroom")
    data = {"OPSROOM_DATA_DIR": str(tmp_path / "data")}
    assert "assistants" in run(python, "-c", "import assistants; print(assistants.__file__)")
    assert str(tmp_path) in run(python, "-c", "import opsroom; print(opsroom.__file__)")
    for command in verbs_of_the_page():
        run(opsroom, *command, **data)
    assert "383f3933dfa0 (head)" in run(opsroom, "db", "status", "--app", "assistants", **data)
    run(
        opsroom,
        "db",
        "verify",
        "--app",
        "assistants",
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **data,
    )
    passed = run(
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(EXAMPLE / "tests"),
        "-c",
        str(EXAMPLE / "pyproject.toml"),
    )
    assert re.search(r"\b[1-9]\d* passed", passed)


def verbs_of_the_page() -> list[list[str]]:
    """What the page has a reader type of `opsroom db`, except to write the migration that is there already."""
    lines = [line for found in SHELL.finditer(PAGE) for line in found["lines"].splitlines()]
    verbs = [line.split()[1:] for line in lines if line.startswith("opsroom db ") and " create " not in line]
    assert ["db", "migrate"] in verbs
    return verbs


def fresh_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    if os.environ.get("CI"):
        locked = str(ROOT / "requirements-dev.lock")
        run(python, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", locked)
    else:
        place = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        (Path(place) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(program: Path, *arguments: str, **more: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPSROOM_", "PYTHON"))}
    done = subprocess.run(
        [program, *arguments],
        env=clean | more,
        cwd=program.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
