"""The rail: what this person may open, with the part of it that is open now."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsroom.core.actor import Actor
from opsroom.core.app import Page


@dataclass(frozen=True, slots=True)
class Entry:
    """current: what `aria-current` says of it, empty for a page elsewhere
    below: shown while the entry or one of them is open
    """

    title: str
    path: str
    icon: str
    current: str
    glance: str
    below: Sequence["Entry"] = ()


def rail_of(pages: Sequence[Page], actor: Actor, path: str) -> list[Entry]:
    return [_entry(page, actor, path) for page in pages if actor.may(page.permission)]


def _entry(page: Page, actor: Actor, path: str) -> Entry:
    below = [_entry(each, actor, path) for each in page.below if actor.may(each.permission)]
    if any(each.current for each in below):
        return Entry(page.title, page.path, page.icon, "true", page.glance, below)
    if path == page.path or path.startswith(f"{page.path}/"):
        return Entry(page.title, page.path, page.icon, "page", page.glance, below)
    return Entry(page.title, page.path, page.icon, "", page.glance)
