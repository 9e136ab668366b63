"""Which apps are installed: the core's own first, then what the entry point group lists."""

from functools import cache
from importlib.metadata import entry_points

from opsroom.core.app import App
from opsroom.core.builtin import core_app

GROUP = "opsroom.apps"


@cache
def installed_apps() -> tuple[App, ...]:
    found: list[App] = [entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)]
    return (core_app, *found)
