"""Figures and times as people read them. Each is a Jinja filter of the same name."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from opsroom.core.clock import now

DAY, HOUR, MINUTE = 86_400, 3_600, 60
UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))
SIZES = ("bytes", "kB", "MB", "GB", "TB")
SHAPES = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}


def null(reason: str = "not known") -> Markup:
    """A dash that says on hover why there is nothing; never 0."""
    return Markup('<span class="null" title="{}">–</span>').format(reason)


def duration(value: timedelta | float | None, reason: str = "not known") -> str | Markup:
    """The two largest units: `3 h 20 min`, `45 s`, `0.4 s`. Takes seconds or a timedelta."""
    if value is None:
        return null(reason)
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 1:
        return f"{sign}{seconds:.1f} s"
    parts: list[str] = []
    left = round(seconds)
    for length, unit in UNITS:
        amount, left = divmod(left, length)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
        if len(parts) == 2:
            break
    return sign + " ".join(part for part in parts if part)


def number(value: float | None, digits: int = 0, reason: str = "not known") -> str | Markup:
    """Thousands separated, with so many decimals; None is a dash."""
    return null(reason) if value is None else f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None, digits: int = 2, reason: str = "nothing is known") -> str | Markup:
    """A fraction as a percentage, cut and not rounded, so that 99.999 % never reads as 100 %."""
    if value is None:
        return null(reason)
    cut = int(value * 100 * 10**digits + 1e-9) / 10**digits
    return f"{cut:,.{digits}f} %"


def size(value: int | None, reason: str = "not known") -> str | Markup:
    """Bytes in decimal units: `1.2 MB`."""
    if value is None:
        return null(reason)
    amount, step = float(value), 0
    while amount >= 999.5 and step < len(SIZES) - 1:
        amount, step = amount / 1000, step + 1
    return f"{amount:.0f} {SIZES[step]}" if step == 0 or amount >= 99.5 else f"{amount:.1f} {SIZES[step]}"


def fingerprint(value: str) -> Markup:
    """The first digits of a hash; all of them on hover."""
    return Markup('<code title="{}">{}</code>').format(value, value[:12])


def identifier(value: object) -> Markup:
    return Markup('<code class="id">{}</code>').format(value)


def query_with(query: Mapping[str, str], name: str, value: str) -> str:
    """The query string with one parameter replaced, or removed where `value` is empty; paging starts again."""
    kept = {key: each for key, each in query.items() if key not in {name, "before", "cursor", "page"}}
    return urlencode(kept | ({name: value} if value else {}))


@pass_context
def instant(context: Context, value: datetime | None, shape: str = "minute", reason: str = "not yet") -> Markup:
    """A `<time>` in the viewer's zone; `shape` is day, minute or second. The exact UTC instant shows on hover."""
    return instant_in(value, _zone(context), shape, reason)


def instant_in(value: datetime | None, zone: ZoneInfo, shape: str = "minute", reason: str = "not yet") -> Markup:
    if value is None:
        return null(reason)
    return _time(value, shape, value.astimezone(zone).strftime(SHAPES[shape]))


def ago(value: datetime | None, reason: str = "not yet") -> Markup:
    """A `<time>` told from now: `4 min ago`, `in 2 h`; kept up to date by the page's script."""
    if value is None:
        return null(reason)
    seconds = (now() - value).total_seconds()
    return _time(value, "ago", distance(seconds))


def distance(seconds: float) -> str:
    """`just now`, `4 min ago`, `in 2 h`: the largest unit only, cut down."""
    length = abs(seconds)
    if length < 10:
        return "just now"
    amount, unit = next((int(length // each), name) for each, name in UNITS if length >= each)
    return f"{amount} {unit} ago" if seconds > 0 else f"in {amount} {unit}"


def _time(value: datetime, shape: str, text: str) -> Markup:
    exact = value.astimezone(UTC)
    return Markup('<time datetime="{}" data-as="{}" title="{} UTC">{}</time>').format(
        exact.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        shape,
        exact.strftime(SHAPES["second"]),
        escape(text),
    )


def _zone(context: Context) -> ZoneInfo:
    viewer = context.get("viewer")
    return viewer.zone if viewer else ZoneInfo("UTC")


FILTERS: dict[str, Any] = {
    "duration": duration,
    "number": number,
    "percent": percent,
    "size": size,
    "instant": instant,
    "ago": ago,
}
