"""Putting the console together from what the installed apps declare."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import FastAPI
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from opsroom.core.app import App, Page, resolve
from opsroom.core.charts import PATTERNS, draw
from opsroom.core.console import job_rows, report_form, states, words
from opsroom.core.console.assets import Assets
from opsroom.core.console.catalogue import Catalogue, list_path, title_of
from opsroom.core.console.error_pages import error_page
from opsroom.core.console.render import Console
from opsroom.core.resources.declaration import Resource

HERE = "opsroom.core.console"
LOOK = "opsroom.core.look"


def mount_console(app: FastAPI, apps: Sequence[App], *, default_zone: str, is_production: bool) -> None:
    """Give the application its pages' templates, assets, rail and error page; the routes come with the apps."""
    with_pages = [each for each in apps if each.templates]
    app.state.console = Console(
        templates=_environment(with_pages, reload=not is_production),
        assets=Assets([("", HERE), ("look/", LOOK), *((f"{each.name}/", each.templates) for each in with_pages)]),
        rail=_rail(apps),
        catalogue=Catalogue(tuple(resource for each in apps for resource in resources_of(each))),
        default_zone=default_zone,
        shows_components=not is_production,
    )
    app.state.error_page = error_page


def _rail(apps: Sequence[App]) -> tuple[Page, ...]:
    """The domain apps' entries first, then the platform's own, which is the first app."""
    platform, *others = apps
    in_place = sorted(others, key=lambda app: (app.place, app.name))
    return tuple(page for each in (*in_place, platform) for page in _entries(each))


def resources_of(app: App) -> tuple[Resource, ...]:
    return tuple(resolve(app.resources)) if app.resources else ()


def _entries(app: App) -> tuple[Page, ...]:
    """What the app declares; its lists of records stand below the last entry, or below one of their own."""
    lists = tuple(
        Page(title_of(each), list_path(each), f"{each.permission}.read")
        for each in resources_of(app)
        if each.presentation.listed and each.parent is None
    )
    if not lists:
        return app.rail
    *others, last = app.rail or (replace(lists[0], title=app.name.capitalize(), icon="table"),)
    return (*others, replace(last, below=(*last.below, *lists)))


def _environment(with_pages: Sequence[App], *, reload: bool) -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader(HERE),
                PrefixLoader({each.name: PackageLoader(each.templates) for each in with_pages}),
            ]
        ),
        autoescape=True,
        auto_reload=reload,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(words.FILTERS)
    environment.globals.update(
        null=words.null,
        query_with=words.query_with,
        state_of=states.state_of,
        seconds_left=job_rows.seconds_left,
        seconds_spent=job_rows.seconds_spent,
        query_for=report_form.query_for,
        fingerprint=words.fingerprint,
        identifier=words.identifier,
        chart=lambda each: Markup(draw(each)),  # noqa: S704  every text in it is escaped
        patterns=Markup(PATTERNS),  # noqa: S704  our own
    )
    return environment
