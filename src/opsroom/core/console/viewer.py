"""How the person who looks wants to see things: light or dark, and in which time zone. Kept in two cookies."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request

THEME_COOKIE = "opsroom_theme"
ZONE_COOKIE = "opsroom_zone"
# Written by the script while nobody chose: the browser's own zone, so that the server's first words are right.
FOUND_BY_BROWSER = "auto:"
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Viewer:
    """theme: `light`, `dark`, or empty to follow the system
    zone_chosen: whether a person chose the zone; otherwise it follows the browser
    """

    theme: str
    zone: ZoneInfo
    zone_chosen: bool

    @property
    def zone_name(self) -> str:
        return self.zone.key


def viewer_of(request: Request) -> Viewer:
    theme = request.cookies.get(THEME_COOKIE, "")
    wanted = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    name = wanted.removeprefix(FOUND_BY_BROWSER)
    known = name in zones()
    return Viewer(
        theme=theme if theme in THEMES else "",
        zone=ZoneInfo(name if known else "UTC"),
        zone_chosen=known and not wanted.startswith(FOUND_BY_BROWSER),
    )


@cache
def zones() -> frozenset[str]:
    """The names that may be opened. Asked first, because a name comes from outside and would be a path."""
    return frozenset(available_timezones())
