"""Whose migrations there are: those of the core and its apps, and those of each app from outside.

An app from outside has a history and a version table of its own, and its migrations run after ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opsroom.apps import installed_apps
from opsroom.core.app import App, resolve
from opsroom.core.db.base import Base
from opsroom.core.errors import WrongSetting

FOLDER = Path(__file__).parent
OURS = "opsroom"
VERSION_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True)
class History:
    """One line of migrations. `package` is where the models of an app from outside are; ours has none."""

    name: str
    versions: Path
    version_table: str
    package: str = ""

    @property
    def is_ours(self) -> bool:
        return self.name == OURS

    def tables(self) -> frozenset[str]:
        """The tables its migrations make, by the models that are imported."""
        if self.package:
            return frozenset(_tables_of(self.package))
        theirs = {name for other in outside_histories() for name in _tables_of(other.package)}
        return frozenset(Base.metadata.tables) - theirs


def outside_histories() -> tuple[History, ...]:
    return tuple(_history_of(app) for app in installed_apps() if app.migrations)


def our_history() -> History:
    return History(OURS, FOLDER / "versions", VERSION_TABLE)


def all_histories() -> tuple[History, ...]:
    """In the order in which they are migrated."""
    return (our_history(), *outside_histories())


def history_named(name: str) -> History:
    """
    Raises:
        WrongSetting: no installed app of that name has migrations of its own.
    """
    known = {history.name: history for history in all_histories()}
    if name not in known:
        raise WrongSetting(f"--app {name}: no such history; there are {', '.join(known)}")
    return known[name]


def import_models() -> None:
    """So that the metadata has every table of every installed app."""
    for app in installed_apps():
        if app.models:
            resolve(app.models)


def _history_of(app: App) -> History:
    folder = Path(next(iter(resolve(app.migrations).__path__)))
    package = app.models.rpartition(".")[0] or app.models
    return History(app.name, folder / "versions", f"{VERSION_TABLE}_{app.name}", package)


def _tables_of(package: str) -> Iterator[str]:
    for mapper in Base.registry.mappers:
        module = mapper.class_.__module__
        if module == package or module.startswith(f"{package}."):
            yield from (table.name for table in mapper.tables)
