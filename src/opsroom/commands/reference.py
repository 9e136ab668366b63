"""`opsroom reference`: all there is to know by name of what is installed.

Made from the program itself, so that the page and the program cannot disagree.
"""

import ast
import inspect
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic.fields import FieldInfo

import opsroom
from opsroom.apps import installed_apps
from opsroom.core import errors
from opsroom.core.app import resolve
from opsroom.core.auth.guards import PUBLIC, Allow
from opsroom.core.auth.roles import RANKS
from opsroom.core.db.base import Base
from opsroom.core.db.rules import rules_of
from opsroom.core.errors import Refusal
from opsroom.main import create_app
from opsroom.settings import Settings

HEAD = """# Reference

Made by `opsroom reference > docs/reference.md`; a test compares the two. An installed app from outside is in what the
command prints.
"""
UNKNOWN_PART = "…"  # where a sentence holds a value


command = typer.Typer()


@command.command("reference")
def print_reference() -> None:
    """Print settings, permissions, jobs, reports, errors and rules of what is installed, as Markdown.

    Example: opsroom reference > reference.md
    """
    print(reference(), end="")


def reference() -> str:
    """Markdown. Nothing is read of the machine's own settings or database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({
            "environment": "test",
            "data_dir": folder,
            "database_url": f"sqlite:///{folder}/none.db",
            "secret_key": "of no session at all, for nobody signs in here",
        })  # fmt: skip
        app = create_app(settings, work=False)
        parts = (_settings(), _permissions(app), _jobs(app), _reports(app), _errors(), _rules())
        return "\n".join((HEAD, *parts))


def _settings() -> str:
    fields = sorted(Settings.model_fields.items())
    rows = ((f"`{_variable(name, field)}`", _default(field), str(field.description)) for name, field in fields)
    return _section("Settings", "Variables of the environment, or lines of `.env`.", ("name", "default", "what"), rows)


def _variable(name: str, field: FieldInfo) -> str:
    alias: Any = field.validation_alias
    return str(alias.choices[0]) if alias else f"OPSROOM_{name.upper()}"


def _default(field: FieldInfo) -> str:
    return "" if field.default in {None, ()} else f"`{field.default}`"


def _permissions(app: FastAPI) -> str:
    asked = _operations(app)
    roles = app.state.role_permissions
    rows = []
    for permission in sorted(roles.known | (asked.keys() - {PUBLIC})):
        role = next((role.value for role in RANKS if permission in roles.of(role)), "none")
        rows.append((f"`{permission}`", role, ", ".join(sorted(asked.get(permission, ())))))
    lead = (
        "Each role has those of the ones before: user, manager, admin. A superuser has all. Any may be granted "
        "to a person."
    )
    return _section("Permissions", lead, ("permission", "from the role", "operations of the API"), rows)


def _operations(app: FastAPI) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        for permission in _guards(route.dependant):
            operations = found.setdefault(permission, set())
            if route.include_in_schema:
                operations.add(str(route.name))
    return found


def _guards(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Allow):
        yield dependant.call.permission
    for dependency in dependant.dependencies:
        yield from _guards(dependency)


def _jobs(app: FastAPI) -> str:
    rows = (
        (f"`{name}`", _fields(kind.payload), str(kind.retry.attempts), _duration(kind.every) if kind.every else "")
        for name, kind in sorted(app.state.queue.types.items())
    )
    lead = "Asked for by what needs them; those with a time in the last column come by themselves."
    return _section("Jobs", lead, ("type", "payload", "attempts", "every"), rows)


def _reports(app: FastAPI) -> str:
    rows = (
        (f"`{name}`", kind.title, _fields(kind.parameters), f"`{kind.permission}`")
        for name, kind in sorted(app.state.reports.types.items())
    )
    return _section("Reports", "`POST /api/v1/reports`.", ("type", "title", "parameters", "permission"), rows)


def _fields(shape: Any) -> str:
    return ", ".join(f"`{name}`" for name in shape.model_fields)


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {word}"
    return f"{seconds} s"


def _errors() -> str:
    """By reading the source: a code is the default of its class, or said where the refusal is raised."""
    found = {("internal_error", 500): "Something went wrong here.", ("method_not_allowed", 405): "Method Not Allowed"}
    for name, kind in _refusals().items():
        found[kind.default_code, kind.status.value] = _first_line(name)
    for code, status, sentence in _raised():
        if sentence or (code, status) not in found:
            found.setdefault((code, status), sentence)
    rows = ((f"`{code}`", str(status), sentence) for (code, status), sentence in sorted(found.items()))
    lead = "The `code` of a problem document (`application/problem+json`). A sentence is one of those it comes with."
    return _section("Errors", lead, ("code", "status", "a sentence"), rows)


def _refusals() -> dict[str, type[Refusal]]:
    kinds = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Refusal)}
    return {name: kind for name, kind in kinds.items() if kind is not Refusal}


def _first_line(name: str) -> str:
    """What the tree at the head of `core/errors.py` says of a class."""
    for line in str(errors.__doc__).splitlines():
        words = line.strip("├└─ ").split(maxsplit=2)
        if words[:1] == [name] and len(words) == 3:
            return words[2]
    return ""


def _raised() -> Iterator[tuple[str, int, str]]:
    kinds = _refusals()
    for path in sorted(_sources()):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                kind = kinds[node.func.id]
                yield from ((code, kind.status.value, _sentence(node)) for code in _codes(node))


def _sources() -> Iterator[Path]:
    """Of Opsroom, and of each app from outside."""
    packages: list[ModuleType] = [opsroom]
    packages += [resolve(app.models.partition(".")[0]) for app in installed_apps() if app.migrations]
    for package in packages:
        for folder in package.__path__:
            yield from Path(folder).rglob("*.py")


def _codes(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "code":
            either = (
                [keyword.value.body, keyword.value.orelse] if isinstance(keyword.value, ast.IfExp) else [keyword.value]
            )
            yield from (code for code in map(_text, either) if code)


def _sentence(call: ast.Call) -> str:
    return _text(call.args[0]) if call.args else ""


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else UNKNOWN_PART for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _rules() -> str:
    tables = [table for table in Base.metadata.sorted_tables if rules_of(table)]
    named = {(rule.name, table.name): rule for table in tables for rule in rules_of(table)}
    rows = (
        (f"`{name}`", f"`{table}`", "423" if rule.kind == "lock" else "409", rule.sentence)
        for (name, table), rule in sorted(named.items())
    )
    lead = "What the database itself refuses, whoever writes. The name is the `code`."
    return _section("Rules", lead, ("code", "table", "status", "sentence"), rows)


def _section(title: str, lead: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return f"## {title}\n\n{lead}\n\n" + "\n".join(lines) + "\n"
