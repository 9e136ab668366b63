"""What an app is: a value that names its parts, listed through the entry point group `opsroom.apps`.

Parts are dotted strings (`package.module:name`), resolved when they are needed, so that
`opsroom --help` imports neither a data frame library nor a solver.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """An entry of the console's rail: title, path, the permission it takes to see it, and a name of an icon.

    The icons are drawn in `core/console/templates/ui.html`. `below`: further entries, shown while one of them or
    this one is open; those of the app's resources join the app's last entry by themselves. `glance`: path of a part
    of a page, tiles that say how it stands; the first page loads it.
    """

    title: str
    path: str
    permission: str
    icon: str = "dot"
    below: tuple["Page", ...] = ()
    glance: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """One app. Empty fields are parts it does not have.

    name: short and stable, used in paths and permissions
    models: module whose import registers the tables
    migrations: for an app from outside, the package whose folder `versions` holds its own history
    routers: FastAPI routers of the API
    resources: a sequence of `Resource`
    pages: FastAPI routers of console pages
    jobs: a function Parts → sequence of `JobType`
    reports: a function Parts → sequence of `ReportType`
    permissions: a mapping role → permissions
    gauges: a sequence of `Gauge`, the app's figures at /metrics
    commands: a Typer group
    demo: name of the job type that loads demonstration data
    demo_opens: operations that anyone may call while `opsroom demo` serves on loopback
    templates: package whose `templates` folder holds the app's pages
    rail: its entries in the console
    place: among the apps in the rail and on the first page, smallest first, then by name
    """

    name: str
    title: str
    models: str = ""
    migrations: str = ""
    routers: tuple[str, ...] = ()
    resources: str = ""
    pages: tuple[str, ...] = ()
    jobs: str = ""
    reports: str = ""
    permissions: str = ""
    gauges: str = ""
    commands: str = ""
    demo: str = ""
    demo_opens: tuple[str, ...] = ()
    templates: str = ""
    rail: tuple[Page, ...] = ()
    place: int = 100


def resolve(dotted: str) -> Any:
    """The object that `package.module:name` (or the module that `package.module`) names."""
    module, _, name = dotted.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found
